"""The exit code of a run, from the outcomes of its cases; knows no run."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.model.terms import BROKEN, ExitCode, Outcome


def exit_code(
    outcomes: Mapping[Outcome, int],
    *,
    found: bool,
    interrupted: bool = False,
    failed: bool = False,
    lost: ExitCode | None = None,
) -> ExitCode:
    """Return the exit code of a run with these outcomes; never 0 for a partial run.

    `found`: something makes the run fail: findings, or news; `failed`: the suite itself failed; `lost`:
    the exit code of the worst target that could not be prepared. A target that was not tested at
    all outweighs what the others show.
    """
    if interrupted:
        return ExitCode.INTERRUPTED
    if failed or outcomes.get(Outcome.HARNESS_ERROR):
        return ExitCode.HARNESS
    if lost is not None:
        return lost
    if found:
        return ExitCode.FINDINGS
    # Nobody ended the run, and yet cases have no result: part of the suite failed.
    if outcomes.get(Outcome.NOT_RUN):
        return ExitCode.HARNESS
    judged = any(outcomes.get(outcome) for outcome in (Outcome.PASS, *BROKEN))
    return ExitCode.CONFORMS if judged else ExitCode.USAGE
