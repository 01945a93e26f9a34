"""The exit code of a run, from the outcomes of its cases; knows no run."""

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
    """Return the exit code of a run with these outcomes; never 0 for a partial run.

    `failed`: the suite itself failed; `lost`: the exit code of the worst target that could not be
    prepared; `unsettled`: a case had different outcomes when repeated. A target that was not tested
    at all outweighs what the others show.
    """
    if interrupted:
        return ExitCode.INTERRUPTED
    if failed or outcomes.get(Outcome.HARNESS_ERROR):
        return ExitCode.HARNESS
    if lost is not None:
        return lost
    # A case with another outcome when repeated is no finding, and no conformance either.
    if unsettled or any(outcomes.get(outcome) for outcome in (*BROKEN, Outcome.FLAKY)):
        return ExitCode.FINDINGS
    # Nobody ended the run, and yet cases have no result: part of the suite failed.
    if outcomes.get(Outcome.NOT_RUN):
        return ExitCode.HARNESS
    return ExitCode.CONFORMS if outcomes.get(Outcome.PASS) else ExitCode.USAGE
