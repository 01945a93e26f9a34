"""What a run returns to the shell, told by what became of its cases; knows no run."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.model.terms import BROKEN, ExitCode, Outcome


def exit_code(
    outcomes: Mapping[Outcome, int],
    *,
    interrupted: bool = False,
    failed: bool = False,
    lost: ExitCode | None = None,
    unsettled: bool = False,
) -> ExitCode:
    """Return what a run with these outcomes returns to the shell; a partial run never 0.

    `failed`: the suite itself gave way; `lost`: what the worst of the targets that could not be
    prepared makes of it; `unsettled`: a case has come to different ends.  That a target was not
    tested at all weighs more than what the others have shown.
    """
    if interrupted:
        return ExitCode.INTERRUPTED
    if failed or outcomes.get(Outcome.HARNESS_ERROR):
        return ExitCode.HARNESS
    if lost is not None:
        return lost
    # A case that came out otherwise when tried again is no finding, and no conformance either.
    if unsettled or any(outcomes.get(outcome) for outcome in (*BROKEN, Outcome.FLAKY)):
        return ExitCode.FINDINGS
    # Nobody ended the run, and yet cases have no result: something of the suite gave way.
    if outcomes.get(Outcome.NOT_RUN):
        return ExitCode.HARNESS
    return ExitCode.CONFORMS if outcomes.get(Outcome.PASS) else ExitCode.USAGE
