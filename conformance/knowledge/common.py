"""The keys that several kinds of records share; knows none of these kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from conformance.knowledge.keys import FormError, Key, typed, words_form
from conformance.knowledge.model_keys import NEED
from conformance.knowledge.versions import NOT
from conformance.model.stage import Request


def _arch(text: str) -> str:
    if not text.removeprefix(NOT):
        raise FormError("names nothing", 'Write "x86_64", or "!x86_64" for all others.')
    return text


VERSIONS: Final = Key("the builds that it applies to", default="all")
ARCH: Final = Key(
    'the guests\' architecture; `["!x86_64"]` for all others',
    name="arch",
    default="all",
    items=typed(str, "an architecture", "string", _arch),
)
REPLACES: Final = Key("whether it replaces the shipped entry about the same thing on its builds")
REASON: Final = Key("why")
REASON_GIVEN: Final = Key("why", needed=True)
NEEDS: Final = Key("what the host and the build must have (see Probes)", items=NEED)
MACHINE: Final = Key(flat=True)
SETUP: Final = Key("requests that must succeed first")
CLEANUP: Final = Key("requests that undo the set-up and the request")
WITH: Final = Key("members that must be given along with it", name="with")
ISOLATION: Final = Key(
    "`alone`: each case gets its own machine, because it changes the machine for good",
    name="isolation",
    default="shared",
    form=words_form({"shared": False, "alone": True}),
)


@dataclass(frozen=True, kw_only=True)
class NamesPart:
    """The named requests and command lines of a file."""

    requests: Annotated[
        Mapping[str, tuple[Request, ...]],
        Key(
            "named requests: a string in an array of requests stands for all requests of "
            "that name, within this file"
        ),
    ] = field(default_factory=dict)
    args: Annotated[
        Mapping[str, tuple[str, ...]],
        Key("named command lines: `args` in this file may give a name in place of the array"),
    ] = field(default_factory=dict)
