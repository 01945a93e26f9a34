"""The keys of machines, their files and their requests: the values of model/stage.

Their keys are here because those values know nothing of files.
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
    PEER_CALLERS,
    PEER_SERVERS,
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
"""The table that defines named command lines."""
_NEED_KINDS: Final = dict.fromkeys(sorted(BUILD_NEEDS | HOST_NEEDS))


def _need(text: str) -> str:
    kind, _, argument = text.partition(":")
    if kind not in _NEED_KINDS:
        problem = unknown_word(kind, _NEED_KINDS)
        raise FormError(f"is {text!r}, which is no probe", problem.remedy)
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
        "args": Key("more command-line arguments", named=NAMED_ARGS),
        "files": Key("files in the scratch folder; `{scratch}` in a string is its path"),
        "peers": Key("servers for the machine to talk to, and clients of its own"),
        "descriptors": Key("file descriptors passed to the machine"),
        "devices": Key("host device nodes that the sandbox lets in"),
        "companions": Key(
            "other machines of the same build, started first, with the same scratch folder"
        ),
    },
    ScratchFile: {
        "path": Key("relative to the scratch folder; a path that ends in `/` is an empty folder"),
        "make": Key(
            "what fills the folder `path`: `psk`, `dh`, `x509` (an authority, a server, a "
            "client), `x509-encrypted` (their keys encrypted with `password`), `images` "
            "(empty images of 64 KiB: over.qcow2 with the backing file top.qcow2, that with "
            "middle.qcow2, and that with base.qcow2; and overlapping.qcow2, whose first clusters "
            "lie in its tables); `fifo` makes `path` itself a named pipe",
            form=words_form({word: word for word in FILE_MAKERS}),
        ),
        "text": Key("the content"),
        "hex": Key("the content as bytes", form=HEX, excludes=("text",)),
        "at": Key("the number of zero bytes before the content"),
        "size": Key("the size of the file, filled up with zero bytes"),
    },
    Peer: {
        "serve": Key(
            "what it serves, or which client it is",
            form=words_form({word: word for word in sorted(PEER_SERVERS + PEER_CALLERS)}),
        ),
        "address": Key("a socket's path in the scratch folder, or a TCP port"),
        "calls": Key(
            "the address of the machine's server that a client calls when the machine connects "
            "to its own `address`; both lines end together. A `forwarder` calls when the line to "
            "its own address has ended, and says what came on it",
            default="a server calls nobody",
        ),
        "password": Key("the client's password", default="none"),
    },
    Descriptor: {
        "name": Key("its name on the machine"),
        "source": Key("where it comes from", form=_SOURCE),
    },
    Companion: {
        "spec": Key(flat=True),
        "setup": Key("requests that it has answered before the case begins"),
    },
    Request: {
        "execute": Key("the command"),
        "arguments": Key(
            "its arguments; `{scratch}` in a string is the scratch folder", form=TABLE
        ),
        "descriptor": Key("the source of a file descriptor to pass along", form=_SOURCE),
        "awaits": Key(
            "events that must arrive before the next request is sent; if they do not, the "
            "case is untried"
        ),
        "companion": Key(
            "whether the first of the machine's `companions` is asked in its place, and tells the "
            "events of `awaits`"
        ),
    },
    Awaited: {
        "event": Key("the event"),
        "data": Key("members that its data must have, in nested objects, too"),
    },
}
