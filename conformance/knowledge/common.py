"""The keys that records of several kinds have in common; knows none of these kinds."""

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


VERSIONS: Final = Key("builds that it is for", default="all")
ARCH: Final = Key(
    'what the guests of the build are; `["!x86_64"]` for all others',
    name="arch",
    default="all",
    items=typed(str, "an architecture", "string", _arch),
)
REPLACES: Final = Key(
    "whether it replaces the entry that ships for the same thing on the builds that it is for"
)
REASON: Final = Key("why")
REASON_GIVEN: Final = Key("why", needed=True)
NEEDS: Final = Key("what host and build must have (see Probes)", items=NEED)
MACHINE: Final = Key(flat=True)
SETUP: Final = Key("requests that must succeed before")
CLEANUP: Final = Key("requests that take away what was made")
WITH: Final = Key("what must be given along with it", name="with")
ISOLATION: Final = Key(
    "`alone`: each case gets a machine of its own, for it leaves that changed",
    name="isolation",
    default="shared",
    form=words_form({"shared": False, "alone": True}),
)


@dataclass(frozen=True, kw_only=True)
class NamesPart:
    """The requests and command lines of a file that have names."""

    requests: Annotated[
        Mapping[str, tuple[Request, ...]],
        Key(
            "requests by a name: a string in an array of requests stands for all that have it; it "
            "is known in this file"
        ),
    ] = field(default_factory=dict)
    args: Annotated[
        Mapping[str, tuple[str, ...]],
        Key("command lines by a name: `args` of this file may give it in place of the array"),
    ] = field(default_factory=dict)
