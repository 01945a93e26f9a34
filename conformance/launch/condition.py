"""Whether what the suite starts programs with works on this host; says why where it does not."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from typing import Final

from conformance.launch.container import ENGINES
from conformance.launch.environment import environment
from conformance.launch.folder import RunFolder
from conformance.launch.sandbox import Confinement, caveats, command, failure
from conformance.launch.target import Target
from conformance.model.errors import LaunchError

_LIMIT: Final = 30.0


def sandbox_trouble(folder: RunFolder) -> LaunchError | None:
    """Return why no program runs in the sandbox here, None if one does."""
    target = Target(name="python", program=sys.executable)
    try:
        argv = command(
            target, [target.program, "-I", "-S", "-c", ""], Confinement(mounts=folder.mounts)
        )
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT,
            env=environment(target, folder.path),
            cwd="/",
            check=False,
        )
    except LaunchError as error:
        return error
    except (OSError, subprocess.SubprocessError) as error:
        return LaunchError(f"a program does not run in the sandbox: {error}")
    return failure(done.stderr)


def sandbox_caveats(folder: RunFolder) -> tuple[str, ...]:
    """Return what the sandbox does not protect here, in sentences about a program."""
    return caveats(Target(name="python", program=sys.executable), folder.mounts)


def engine_condition(engine: str) -> str | None:
    """Return why a container engine starts no containers, "" if it works, None if it is not here.

    It is asked about itself, which docker answers only with its daemon; no container is started.
    """
    words = shlex.split(engine)
    if shutil.which(words[0]) is None:
        return None
    try:
        done = subprocess.run(
            [*words, "info"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"it ends with status {done.returncode}"


def engine_conditions() -> dict[str, str | None]:
    """Return the condition of each engine that is looked for."""
    return {engine: engine_condition(engine) for engine in ENGINES}
