"""The exit code of a run, from the outcomes of its cases; knows no run."""

from __future__ import annotations

import time
from collections.abc import Mapping

from conformance.model.terms import BROKEN, ExitCode, Outcome


def exit_code(
    outcomes: Mapping[Outcome, int],
    *,
    found: bool,
    interrupted: bool = False,
    failed: bool = False,
    lost: ExitCode | None = None,
    cut: ExitCode = ExitCode.HARNESS,
) -> ExitCode:
    """Return the exit code of a run with these outcomes; never 0 for a partial run.

    `found`: findings, or news, make the run fail; `failed`: the suite itself failed; `lost`: the
    exit code of the worst target that could not be prepared; `cut`: that of cases without a
    result, if nobody interrupted the run and nothing was found. A target that was not tested at
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
    if outcomes.get(Outcome.NOT_RUN) and cut is not ExitCode.CONFORMS:
        return cut
    judged = any(outcomes.get(outcome) for outcome in (Outcome.PASS, *BROKEN))
    return ExitCode.CONFORMS if judged else ExitCode.USAGE


def skipped(
    code: ExitCode, outcomes: Mapping[Outcome, int], skip: int | None, *, lost: bool
) -> int:
    """Return `skip` where this host alone kept what there was to test from a run, else `code`.

    `lost`: targets are lost; if `code` is none of theirs, it is for what this host lacks.
    """
    lacked = lost or (code is ExitCode.USAGE and outcomes.get(Outcome.UNTESTABLE_HERE))
    harmless = code in (ExitCode.CONFORMS, ExitCode.USAGE)
    return skip if skip is not None and harmless and lacked else code


def cut_code(deadline: float | None, *, spent: bool, partial: bool) -> ExitCode:
    """Return the exit code of cases without a result that nobody kept from running.

    `deadline` is when the budget was used up, by the clock of this host, `spent` whether that of a
    target was; `partial`: a run that it cut may end well.
    """
    if not spent and (deadline is None or time.monotonic() < deadline):
        return ExitCode.HARNESS
    return ExitCode.CONFORMS if partial else ExitCode.INTERRUPTED
