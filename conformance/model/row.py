"""A row that a subject keeps in the report, whether or not it has cases."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.case import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A subject with a row in the report; `note` says why it has no cases, else "".

    See stream.RowPlanned for the fields of a command's row.
    """

    subject: Subject
    note: str = ""
    members: int = 0
    left_out: int = 0
    blocked: str = ""
