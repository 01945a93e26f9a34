"""Blocks the cases that could reach the host, for runs without a sandbox.

Looks at the requests of a case and at what is known of commands; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from conformance.knowledge.dangers import Danger, Dangers, HostReach, Way
from conformance.model.blocked import untried
from conformance.model.canonical import canonical
from conformance.model.case import Case
from conformance.model.stage import SCRATCH, Request


def unconfined(case: Case, dangers: Dangers) -> Case:
    """Block the case if one of its requests could reach the host.

    A command that was not reviewed counts as one that does.
    """
    if not case.plays:
        return case
    for request in (*case.stage.setup, *(step.request for step in case.steps)):
        reason = escape(request, dangers)
        if reason:
            return replace(case, blocked=untried(reason))
    return case


def escape(request: Request, dangers: Dangers) -> str | None:
    """Return how a request reaches the host if no sandbox stops it, None if it does not."""
    if request.execute not in dangers.known:
        return (
            f"without a sandbox {request.execute} is not run: nobody has looked at what it reaches"
        )
    for danger in dangers.dangers.get(request.execute, ()):
        if dangers.needs_sandbox(danger) and _leads_out(request, danger):
            words = ", ".join(danger.reaches)
            return (
                f"without a sandbox {request.execute} reaches the host ({words}): {danger.reason}"
            )
    return None


def _leads_out(request: Request, danger: Danger) -> bool:
    if not danger.through:
        return True
    program = HostReach.PROGRAM in danger.reaches
    return any(
        _fits(names, _text(value), way)
        for names, value in _leaves(request.arguments, ())
        # A path in the machine's own folder leads nowhere else, unless it is executed.
        if program or not _in_scratch(value)
        for way in danger.through
    )


def _leaves(value: object, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield each leaf value of the arguments, with the names on its path.

    An element of an array has the names of the array; "a.b" counts as the two names that it means
    in options.
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, (*names, *name.split(".")))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _leaves(item, names)
    elif names:
        yield names, value


def _fits(names: tuple[str, ...], text: str, way: Way) -> bool:
    last = names[-len(way.names) :]
    return len(last) == len(way.names) and all(
        map(fnmatchcase, (*last, text), (*way.names, way.value))
    )


def _in_scratch(value: object) -> bool:
    return (
        isinstance(value, str) and value.startswith(f"{SCRATCH}/") and ".." not in value.split("/")
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)
