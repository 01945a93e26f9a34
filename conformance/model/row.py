"""A row that a subject keeps in the report, whether or not it has cases."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.case import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A subject with a row in the report; `note` says why it has no cases, None if it has some.

    `blocked` says why no request of a command can succeed here, None if no reason is known. See
    stream.RowPlanned for the other fields of a command's row.
    """

    subject: Subject
    note: str | None = None
    members: int = 0
    left_out: int = 0
    answers: int = 0
    blocked: str | None = None
