"""A command's requests that QEMU must refuse although their types are right.

docs/recipes.md describes the files. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from conformance.knowledge.common import CLEANUP, MACHINE, REASON, SETUP, VERSIONS
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import DOTTED, Key
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ErrorClass, JsonValue

_OF_ARGUMENTS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.COMMAND_NOT_FOUND})
"""The classes with which QEMU may refuse a request before its command looks at anything."""
_DOCUMENTED: Final = Key(
    "the number, from 1, of the condition in the command's error section that this is a case of",
    default="none",
)


class When(enum.StrEnum):
    """The state in which QEMU refuses the request, relative to the recipe's own request."""

    # In its own state; the whole recipe follows.
    APART = "apart"
    # Between the recipe's set-up and its request.
    BEFORE = "before"
    # In the state after the recipe's request.
    AFTER = "after"


PROMISED: Final = (
    "what promises the refusal to those builds: a document and its words, a comment or a test of "
    "the source, or the upstream change that called the opposite a fault"
)
OPEN: Final = Key(
    "instead, why nothing promises it: then the request must be answered, and no more"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request of the right types that QEMU must refuse with one of `classes`.

    Without classes, no class is promised. `item` is the number, from 1, of the condition among the
    command's documented errors, 0 for none. `destructive` means that it changes the machine for
    good.

    A refusal with a `spec` runs on that machine, without the recipe's request. Then `witness` are
    the arguments with which the command succeeds there; if it never does, the classes must show
    that QEMU understood the request.
    """

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    arguments: Annotated[
        Mapping[str, JsonValue],
        Key("its arguments", default='with `when` "before" and "after" those of the recipe'),
    ] = field(default_factory=dict)
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    classes: Annotated[
        frozenset[ErrorClass],
        Key(
            'with `when` "apart" the error classes that are allowed, else those that the '
            "documentation names for it",
            default='`["GenericError"]` with "apart", else none',
        ),
    ] = frozenset()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]
    promise: Annotated[str, Key(PROMISED, default="the documented error")] = ""
    open: Annotated[str, OPEN] = ""
    any_class: Annotated[
        str,
        Key(
            "why any error class will do; needed where none is expected. Then the case "
            "`COMMAND/errors/unchanged/excluded-N` sees that the request changes nothing"
        ),
    ] = ""
    unsettled: Annotated[
        str, Key("why the state does not stand still around it, so that no case compares it")
    ] = ""
    item: Annotated[
        int,
        Key(_DOCUMENTED.text, name="documented", default=_DOCUMENTED.default),
    ] = 0
    when: Annotated[
        When,
        Key(
            "the state in which QEMU refuses it. The recipe's request, which succeeds, shows "
            "that nothing else is wrong. `apart`: its own `setup`, the request and its "
            "`cleanup` come before the whole recipe. `before`: between the recipe's set-up "
            "and its request. `after`: after the recipe's request"
        ),
    ] = When.APART
    destructive: Annotated[
        bool,
        Key(
            "whether it changes the machine for good; always so if the recipe's effect is "
            "destructive",
        ),
    ] = False
    spec: Annotated[MachineSpec | None, MACHINE] = None
    witness: Annotated[
        Mapping[str, JsonValue] | None,
        Key(
            "only with `machine`: the arguments with which the command succeeds there, "
            'before the refusal (`when` "after") or after it',
            default="it never succeeds, and `classes` show that QEMU understood the request",
        ),
    ] = None

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong if it has no machine, or proves nothing on its own.

        The class of any wrong argument proves nothing without a request that succeeds.
        """
        if sum(map(bool, (self.item, self.promise, self.open))) != 1:
            yield FileFault(
                "promise",
                "an error that is documented, or promised elsewhere, or open: just one of these",
                "Say what promises it, in 'documented' or 'promise', or why it is 'open'.",
            )
        if not self.open and self.takes_any_class is not bool(self.any_class):
            yield FileFault(
                "any_class" if self.any_class else "classes",
                "'any_class' says nothing, for a class is expected"
                if self.any_class
                else "any class will do, and 'any_class' does not say why",
                "Take it out." if self.any_class else "Say why, or name the 'classes'.",
            )
        if self.unsettled and not self.any_class:
            yield FileFault("unsettled", "no state is compared around it", "Take it out.")
        if self.spec is None:
            if self.witness is not None:
                yield FileFault(
                    "witness",
                    "'machine' is missing, which 'witness' needs",
                    "Name the machine of this refusal.",
                )
            return
        classes = self.made().classes
        if self.witness is None and (not classes or classes & _OF_ARGUMENTS):
            yield FileFault(
                "machine",
                "'witness' is missing",
                "Give the arguments with which the command succeeds there, or classes of its own.",
            )

    @property
    def takes_any_class(self) -> bool:
        """Whether no class is expected of it."""
        return not self.classes and (self.when is not When.APART or self.witness is not None)

    def made(self) -> Refusal:
        """Return it with the default class."""
        if self.classes or self.when is not When.APART:
            return self
        return replace(self, classes=frozenset({ErrorClass.GENERIC}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A member of a request that names something that must exist.

    `at` is its path in the arguments: names, and element numbers from 0. `to` says what it names,
    `instead` is such a name that does not exist, and `without` are conflicting arguments. `classes`
    are those that the documentation names for this, if any; `item` is as in a Refusal.
    """

    at: Annotated[
        tuple[str, ...],
        Key(
            "its path in the arguments: names, and element numbers from 0. If the request "
            "does not have the argument, it is added",
            form=DOTTED,
            identity=True,
        ),
    ]
    to: Annotated[str, Key("what it names, in a word")]
    instead: Annotated[
        JsonValue, Key("a name that does not exist", default="`no-such-` and the word")
    ] = None
    without: Annotated[
        frozenset[str],
        Key("conflicting arguments: omitted from the refused request"),
    ] = frozenset()
    classes: Annotated[
        frozenset[ErrorClass],
        Key(
            "the error classes that the documentation names for this (rule X19, on builds "
            "whose release has a digest that names them, too)",
            default="any class (rule X34)",
        ),
    ] = frozenset()
    item: Annotated[
        int,
        Key(_DOCUMENTED.text, name="documented", default=_DOCUMENTED.default),
    ] = 0
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()

    def made(self) -> Reference:
        """Return it with a default name that does not exist."""
        if self.instead is not None:
            return self
        return replace(self, instead=f"no-such-{self.to.replace(' ', '-')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovokedError:
    """Why no recipe provokes a documented error: condition number `item`, or class `name`."""

    item: Annotated[
        int,
        Key(
            "the number, from 1, of the condition in the command's error section", name="documented"
        ),
    ] = 0
    name: Annotated[str, Key("or the error class", name="class")] = ""
    reason: Annotated[str, REASON]


REFERENCES: Final = Key(
    "arguments that name something that must exist: with an unknown name QEMU must "
    "refuse the request, in the case `COMMAND/errors/not-there/AT`",
)


def references_for(references: tuple[Reference, ...], version: Version) -> Iterator[Reference]:
    """Yield the references for `version`."""
    return (reference for reference in references if version in reference.versions)
