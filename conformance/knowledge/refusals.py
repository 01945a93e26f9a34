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
"""The classes that a request can be refused with before its command has looked at anything."""
_DOCUMENTED: Final = Key(
    "the number, from 1, of the condition in the command's error section that this is a case of",
    default="none",
)


class When(enum.StrEnum):
    """In which state a request is refused, beside the recipe's own that succeeds."""

    # In a state of its own; the recipe follows, from its set-up on.
    APART = "apart"
    # Between the recipe's set-up and its request.
    BEFORE = "before"
    # In the state that the recipe's request leaves.
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request of the right types that must be refused with one of `classes`.

    None of them means that no class is promised.  `item` is the number, from 1, of the condition of
    the command's documented errors that it is a case of, 0 where it is none of them.  `destructive`
    tells that the machine is another one from then on.

    A refusal with a `spec` happens on that machine and not on the recipe's, with nothing of the
    recipe around it.  Then `witness` are the arguments with which the command succeeds there; where
    it never does, the classes alone must tell that the request was understood.
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
        """Yield what is wrong where it proves nothing on a machine of its own, or has none.

        The class of which any wrong argument is told shows nothing without a request that succeeds.
        """
        if self.spec is None:
            if self.witness is not None:
                yield FileFault(
                    "witness",
                    "'machine' is missing, which 'witness' goes with",
                    "Name the machine that this refusal has to itself.",
                )
            return
        classes = self.made().classes
        if self.witness is None and (not classes or classes & _OF_ARGUMENTS):
            yield FileFault(
                "machine",
                "'witness' is missing",
                "Give the arguments with which the command succeeds there, or classes of its own.",
            )

    def made(self) -> Refusal:
        """Return it with the class that counts where none is named."""
        if self.classes or self.when is not When.APART:
            return self
        return replace(self, classes=frozenset({ErrorClass.GENERIC}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A member of a request that names something which must stand already.

    `at` leads to it among the arguments: names, and numbers of elements from 0.  `to` says what it
    names, `instead` is a name of that kind that nothing has, and `without` are the arguments that
    do not go along with it.  `classes` are those that the documentation names for just this, none
    where it names none; `item` is as in a Refusal.
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
        """Return it with a name that nothing has, where none is given."""
        if self.instead is not None:
            return self
        return replace(self, instead=f"no-such-{self.to.replace(' ', '-')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovokedError:
    """Why nothing here provokes a documented error: condition number `item`, or class `name`."""

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
    """Yield the references that hold for `version`."""
    return (reference for reference in references if version in reference.versions)
