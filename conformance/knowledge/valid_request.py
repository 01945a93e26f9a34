"""A request known to succeed, with its set-up, its clean-up and its effect.

Knows neither a schema nor how cases use it.
"""

from __future__ import annotations

import enum
import fnmatch
from collections.abc import Mapping

from conformance.knowledge.observations import Look
from conformance.knowledge.refusals import Reference
from conformance.model.frozen import frozen_value
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue, as_object


class Effect(enum.StrEnum):
    """What success does to the machine, after the clean-up."""

    # Nothing: the machine is as before.
    NONE = "none"
    # It changes the machine for good.
    DESTRUCTIVE = "destructive"
    # It ends the build.
    END = "end"
    # It ends the preconfig phase, in which it runs.
    COMPLETES = "completes-machine"


class Status(enum.StrEnum):
    """How certain it is that the request succeeds."""

    # It succeeds unchanged.
    SUCCEEDS = "succeeds"
    # It succeeds with the argument added that it is meant for.
    INCOMPLETE = "incomplete"
    # It was changed, and may no longer succeed.
    CHANGED = "changed"
    # It comes from no recipe but from the schema, with made-up names.
    GUESSED = "guessed"


@frozen_value(frozen=True, slots=True, kw_only=True)
class ValidRequest:
    """A request of a command with its set-up and clean-up.

    `name` is "" for a recipe's own. `needs` are probes: if one fails, the request cannot succeed;
    `always_fails` says why it never does, and unless `possible` the architecture is the reason.
    `queries` return something else once it has taken effect;
    `looks` say exactly what they return then. `references` are the arguments that name something.
    `paths` are globs of the arguments for which it is preferred over other requests.
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
    possible: bool = True
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
        """The arguments, an empty object without any."""
        return as_object(self.request.arguments)

    @property
    def destructive(self) -> bool:
        """Whether it changes the machine for good."""
        return self.effect is not Effect.NONE

    @property
    def known(self) -> bool:
        """Whether it is known to succeed, perhaps with an argument added."""
        return self.status in (Status.SUCCEEDS, Status.INCOMPLETE)

    def is_for(self, label: str) -> bool:
        """Return whether it is preferred for the argument at `label`."""
        return any(fnmatch.fnmatchcase(label, glob) for glob in self.paths)
