"""Leads a run from its options to its report, for both doors.

Whatever ends a run that has taken its folder, a report says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from conformance.model.errors import ConformanceError
from conformance.model.terms import ExitCode
from conformance.play.interruption import undisturbed
from conformance.play.options import Options
from conformance.play.run import Run
from conformance.report.result import Summary
from conformance.report.write import publish


@contextlib.contextmanager
def leading(
    options: Options,
    *,
    record: bool = True,
    tell: Callable[[str, str], None] = lambda target, doing: None,
) -> Iterator[Run]:
    """Yield a run whose targets are ready; raises what `Run` raises, and takes its arguments.

    If the run is left without an end, the report says that the exception has ended it.
    """
    with Run(options, record=record, tell=tell) as run:
        try:
            run.prepare()
            yield run
        except BaseException as error:
            if run.claimed and not run.ended:
                with undisturbed():
                    publish(run.abandon(_code(error)), options.formats)
                    run.held.forget()
            raise


def warnings(run: Run) -> Iterator[str]:
    """Yield what the options of a run name and nothing fits."""
    yield from (f"no case fits {glob!r}" for glob in run.unfit)
    if unknown := run.worths.unknown:
        yield f"nothing is known of what {', '.join(unknown)} may change"


def report(run: Run, *, interrupted: bool, failed: bool) -> Summary:
    """Write the report of a run that is over, and return its summary; raises UsageError."""
    with undisturbed():
        summary = publish(run.finish(interrupted=interrupted, failed=failed), run.options.formats)
        run.held.forget()
    return summary


def _code(error: BaseException) -> int:
    if isinstance(error, ConformanceError):
        return error.exit_code
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.HARNESS
