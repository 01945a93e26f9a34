"""Runs shell text in the sandbox, as if it were pasted into a shell where a target's program is.

The shell is that of the target's root where it has one and Python, else the host's, which finds the
programs of the root behind wrappers. Nothing leaves the sandbox, and nothing outlives the text.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.launch.environment import PATH, environment
from conformance.launch.folder import RunFolder
from conformance.launch.output import ROOM, open_output, written
from conformance.launch.sandbox import INNER, TOOLS, Confinement, command, failure
from conformance.launch.scratch import Room
from conformance.launch.target import Target, host_path
from conformance.launch.waiting import readable
from conformance.model.errors import LaunchError
from conformance.model.flavour import Program

_SHELL: Final = "/usr/bin/bash"
_NEEDED: Final = (_SHELL, "/usr/bin/python3", "/usr/bin/timeout")
"""What a script needs of the root in which it runs."""
_BESIDE: Final = ("qemu-img", "gdb")
"""The programs that scripts name without a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellRun:
    """What a text printed, to standard output and error alike, and how the shell ended.

    `status` is None if its time was up.
    """

    output: str
    status: int | None


class Shell:
    """Where texts for one target are run, each in a sandbox and a scratch folder of its own."""

    def __init__(self, target: Target, folder: RunFolder) -> None:
        """Raises LaunchError where texts cannot be run."""
        if not target.sandbox:
            raise LaunchError(
                "reproducers are tried only in the sandbox", "Leave out --no-sandbox."
            )
        self._target, self._folder = target, folder
        own = all(os.access(host_path(target, name), os.X_OK) for name in _NEEDED)
        self._apart = bool(target.place) and not own
        self._tools = folder.subfolder("tools") if self._apart else None
        if self._tools is not None:
            self._tools.chmod(0o755)
            for name, program in self._programs():
                _wrap(self._tools / name, program)

    def run(self, text: str, limit: float, devices: Sequence[str] = ()) -> ShellRun:
        """Run a text for at most `limit` seconds; raises LaunchError."""
        if self._apart:
            name = os.path.basename(self._target.program)
            text = text.replace(self._target.program, f"{TOOLS}/{name}")
        with contextlib.ExitStack() as undo:
            room = Room(self._target, self._folder)
            undo.callback(room.close)
            there = [each for each in devices if os.path.exists(each)]
            # A text may be longer than an argument.
            script = os.memfd_create("script")
            undo.callback(os.close, script)
            os.write(script, text.encode())
            argv = self._command(f"/proc/self/fd/{script}", room, there)
            output = open_output("output")
            undo.callback(os.close, output)
            status = self._wait(argv, script, output, room.path, limit)
            said = os.pread(output, min(written(output), ROOM), 0).decode(errors="replace")
        broken = failure(said) if status not in (0, None) else None
        if broken is not None and not self._apart:
            raise broken
        return ShellRun(output=said, status=status)

    def _command(self, script: str, room: Room, devices: Sequence[str]) -> tuple[str, ...]:
        target = self._target
        shell = replace(target, program=_SHELL, kind=Program.SYSTEM)
        if self._apart:
            path = f"{TOOLS}:{PATH}"
            shell = Target(name="shell", program=_SHELL, env=(("PATH", path),))
        elif not target.place:
            # So that a program outside the system's folders is there, too.
            shell = replace(shell, env=(*target.env, ("PROGRAM", target.program)))
        confined = Confinement(
            scratch=room.source,
            mounts=self._folder.mounts,
            devices=tuple(devices),
            tools=None if self._tools is None else str(self._tools),
            inner=target if self._apart else None,
        )
        return command(shell, [_SHELL, script], confined)

    def _wait(
        self, argv: Sequence[str], script: int, output: int, cwd: Path, limit: float
    ) -> int | None:
        """Return the exit status of the shell, None if it had to be killed."""
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(script,),
            env=environment(self._target, self._folder.path),
            cwd=cwd,
            start_new_session=True,
            restore_signals=False,
        )
        pidfd = os.pidfd_open(process.pid)
        ended = False
        try:
            ended = readable(pidfd, limit)
        finally:
            if not ended:
                # Everything in the sandbox ends with the sandbox.
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
            os.close(pidfd)
        return status if ended else None

    def _programs(self) -> Iterator[tuple[str, str]]:
        """Yield the programs of the target's root that scripts name."""
        yield os.path.basename(self._target.program), self._target.program
        for name in _BESIDE:
            if host_path(self._target, f"/usr/bin/{name}").exists():
                yield name, f"/usr/bin/{name}"


_WRAPPER: Final = """\
#!/usr/bin/python3 -IS
import os, sys
os.chroot({inner!r})
os.chdir("/tmp")
os.execv({program!r}, [{program!r}, *sys.argv[1:]])
"""
"""Runs a program in the inner root, as the process that it is started as."""


def _wrap(path: Path, program: str) -> None:
    path.write_text(_WRAPPER.format(inner=INNER, program=program), encoding="utf-8")
    path.chmod(0o755)
