"""How machines, their files and their requests are written: the keys of values of model/stage.

Those values know nothing of files, so that their keys stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.knowledge.keys import (
    TABLE,
    TEXT,
    Form,
    FormError,
    Key,
    typed,
    unknown_word,
    words_form,
)
from conformance.model.stage import (
    BUILD_NEEDS,
    FILE_MAKERS,
    HOST_NEEDS,
    PEERS,
    WHOLE_NEEDS,
    Awaited,
    Companion,
    Descriptor,
    MachineSpec,
    Peer,
    Request,
    ScratchFile,
)

NAMED_ARGS: Final = "args"
"""The table of a file that gives command lines names."""
_NEED_KINDS: Final = dict.fromkeys(sorted(BUILD_NEEDS | HOST_NEEDS))


def _need(text: str) -> str:
    kind, _, argument = text.partition(":")
    if kind not in _NEED_KINDS:
        problem = unknown_word(kind, _NEED_KINDS)
        raise FormError(f"is {text!r}, which no probe answers", problem.remedy)
    if bool(argument) is (kind in WHOLE_NEEDS):
        raise FormError(
            f"is {text!r}, which names {'too much' if argument else 'nothing'}",
            f"Write {kind if argument else kind + ':WHAT'}.",
        )
    if kind == "property" and "." not in argument:
        raise FormError(f"is {text!r}, which names no property", "Write property:TYPE.NAME.")
    return text


def _hex(text: str) -> str:
    try:
        return bytes.fromhex(text).hex()
    except ValueError as error:
        raise FormError(f"is {text!r}, not bytes in hexadecimal") from error


NEED: Final = typed(str, "a probe, KIND or KIND:WHAT", "string", _need)
HEX: Final = typed(str, "bytes in hexadecimal", "string", _hex)
_SOURCE: Final = Form('"socketpair", "memfd" or the path of a device', TEXT.schema, TEXT.read)

MODEL_KEYS: Final[Mapping[type, Mapping[str, Key]]] = {
    MachineSpec: {
        "machine": Key("`-machine`", default="none"),
        "accel": Key("`-accel`", default="not given"),
        "args": Key("further command line", named=NAMED_ARGS),
        "files": Key("files in the scratch folder, which `{scratch}` in a string stands for"),
        "peers": Key("servers that the machine talks to"),
        "descriptors": Key("file descriptors that are passed to the machine"),
        "devices": Key("device nodes of the host that the sandbox lets in"),
        "companions": Key(
            "second machines of the same build, with the same scratch folder, that stand before"
        ),
    },
    ScratchFile: {
        "path": Key("relative to the scratch folder; one that ends in `/` is an empty folder"),
        "make": Key(
            "what makes the content of the folder `path`: `psk`, `dh`, `x509` (an authority, a "
            "server, a client), `x509-encrypted` (their keys locked by `password`), `images` "
            "(top.qcow2, behind it middle.qcow2, behind that base.qcow2, of 64 KiB each, that hold "
            "nothing); `fifo` makes `path` itself a named pipe",
            form=words_form({word: word for word in FILE_MAKERS}),
        ),
        "text": Key("the content"),
        "hex": Key("the content as bytes", form=HEX, excludes=("text",)),
        "at": Key("how many zero bytes come before the content"),
        "size": Key("the size to which zero bytes fill the file"),
    },
    Peer: {
        "serve": Key("what it serves", form=words_form({word: word for word in PEERS})),
        "address": Key("a socket's path in the scratch folder, or a TCP port"),
    },
    Descriptor: {
        "name": Key("the name under which the machine knows it"),
        "source": Key("what it is", form=_SOURCE),
    },
    Companion: {
        "spec": Key(flat=True),
        "setup": Key("requests that it has answered by then"),
    },
    Request: {
        "execute": Key("the command"),
        "arguments": Key(
            "its arguments; `{scratch}` in a string is the scratch folder", form=TABLE
        ),
        "descriptor": Key("the source of a file descriptor that goes along", form=_SOURCE),
        "awaits": Key(
            "events that must have come of it before the next request is sent; where they do not, "
            "the case is untried"
        ),
    },
    Awaited: {
        "event": Key("the event"),
        "data": Key("members that its data must have, of objects likewise"),
    },
}
