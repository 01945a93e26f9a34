"""A row that a subject keeps in the report, whether or not it has cases."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.case import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A subject that keeps a row in the report; `note` says why it has no cases, None if it has.

    `blocked` is why no request of a command can succeed here, None where no reason is known.  See
    stream.RowPlanned for what else a command's row tells of it.
    """

    subject: Subject
    note: str | None = None
    members: int = 0
    left_out: int = 0
    blocked: str | None = None
