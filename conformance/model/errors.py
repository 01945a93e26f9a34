"""Every exception that the suite raises on purpose.

    ConformanceError
      UsageError          an option, a selection or a folder that cannot be used      exit 2
        TargetFileError   a target file that cannot be read or understood             exit 2
        KnowledgeError    a file under cases/ or fixtures/ that contradicts itself    exit 2
      LaunchError         a target that cannot be started, or is no QEMU              exit 3
        HostError         what this host lacks for a target: a program, the sandbox   exit 3
      HarnessError        the suite cannot do its own part                            exit 4

Each message says what happened, where, and what to do.  A broken promise of a build is never an
exception: that is a finding, a value.
"""

from __future__ import annotations

from conformance.model.terms import ExitCode


class ConformanceError(Exception):
    """The user or the suite is wrong: `what` happened, and the `remedy`."""

    exit_code: int = ExitCode.HARNESS

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def ending(self, exit_code: int | None) -> ConformanceError:
        """Return the error, which ends the run with this exit code; None is its own."""
        if exit_code is not None:
            self.exit_code = exit_code
        return self

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class UsageError(ConformanceError):
    """An option, a selection or a folder that cannot be used."""

    exit_code = ExitCode.USAGE


class TargetFileError(UsageError):
    """A target file that cannot be read or understood."""


class KnowledgeError(UsageError):
    """A file under cases/ or fixtures/ that cannot be read or contradicts itself."""


class LaunchError(ConformanceError):
    """A target that cannot be started, or is no QEMU."""

    exit_code = ExitCode.LAUNCH


class HostError(LaunchError):
    """What this host lacks for a target: its program, its image, a tool, user namespaces."""


class HarnessError(ConformanceError):
    """The suite cannot do its own part."""

    exit_code = ExitCode.HARNESS
