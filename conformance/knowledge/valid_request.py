"""A request known to succeed, with its set-up, its clean-up and its effect.

Knows neither a schema nor how cases use it.
"""

from __future__ import annotations

import enum
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.knowledge.observations import Look
from conformance.knowledge.refusals import Reference
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue, as_object


class Effect(enum.StrEnum):
    """What a command that succeeds does to the machine, its clean-up done."""

    # Nothing: the machine is as it was before.
    NONE = "none"
    # It is another machine from then on.
    DESTRUCTIVE = "destructive"
    # It ends the build.
    END = "end"
    # It ends the phase before the machine is complete, the one in which it can be run.
    COMPLETES = "completes-machine"


class Status(enum.StrEnum):
    """How much is known of whether the request succeeds."""

    # It succeeds as it stands.
    SUCCEEDS = "succeeds"
    # It succeeds once the argument that it is meant for is in it.
    INCOMPLETE = "incomplete"
    # It was changed, and nobody knows whether it still succeeds.
    CHANGED = "changed"
    # It is nobody's, but made from the schema, with names that mean nothing.
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidRequest:
    """A request of a command with what must stand before it and be undone after it.

    `name` is "" for the first of a recipe.  `needs` are probes: where one fails the request cannot
    succeed; `always_fails` is why it never does.  `queries` return something else once it has taken
    effect, `looks` say just what they return then.  `references` name the arguments that name
    something.  `paths` are globs of the arguments that it is meant for, before any other request.
    """

    name: str = ""
    request: Request
    spec: MachineSpec = MachineSpec()
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()
    effect: Effect = Effect.NONE
    status: Status = Status.SUCCEEDS
    needs: tuple[str, ...] = ()
    always_fails: str = ""
    queries: tuple[Request, ...] = ()
    looks: tuple[Look, ...] = ()
    references: tuple[Reference, ...] = ()
    paths: tuple[str, ...] = ()
    reason: str = ""

    @property
    def command(self) -> str:
        """The command's name."""
        return self.request.execute

    @property
    def arguments(self) -> Mapping[str, JsonValue]:
        """The arguments, an empty object where there are none."""
        return as_object(self.request.arguments)

    @property
    def destructive(self) -> bool:
        """Whether the machine is another one from then on."""
        return self.effect is not Effect.NONE

    @property
    def known(self) -> bool:
        """Whether somebody knows that it succeeds, perhaps with an argument that is added."""
        return self.status in (Status.SUCCEEDS, Status.INCOMPLETE)

    def is_for(self, label: str) -> bool:
        """Return whether it is meant for the argument at `label`."""
        return any(fnmatch.fnmatchcase(label, glob) for glob in self.paths)
