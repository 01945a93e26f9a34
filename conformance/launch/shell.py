"""Runs shell text in the sandbox, as if it were pasted into a shell where a target's program is.

The shell is that of the target's root where it has one and Python, else the host's, which finds the
programs of the root behind wrappers. Nothing leaves the sandbox, and nothing outlives the text.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
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
from conformance.model.stage import SCRATCH

_SHELL: Final = "/usr/bin/bash"
_NEEDED: Final = (_SHELL, "/usr/bin/python3", "/usr/bin/timeout")
"""What a script needs of the root in which it runs."""
_BESIDE: Final = ("qemu-img",)
"""The programs that scripts name without a path."""
_FRAMES: Final = 24
"""How many frames a debugger tells of: those of signals and checks come before QEMU's own."""
_STACK: Final = f"{SCRATCH}/.stack"
_MARK: Final = "--- stack ---"
_DEBUGGER: Final = """\
#!/bin/sh
exec gdb -q -nx -batch -iex 'set debuginfod enabled off' \\
    -iex 'set auto-load off' -ex 'set print frame-arguments none' \\
    -ex 'set print address off' -ex 'set pagination off' \\
    -ex 'handle SIGUSR1 SIGUSR2 SIGPIPE nostop noprint pass' {entering} -ex run {entered}\\
    -ex 'pipe bt {frames} | cat > {stack}' --args {program} "$@"
"""
"""Runs a program under gdb, which writes the stack where a signal ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellRun:
    """What a text printed, to standard output and then to standard error, and how the shell ended.

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
        self._tools = folder.subfolder("tools")
        self._tools.chmod(0o755)
        for name, program in self._programs() if self._apart else ():
            _write(self._tools / name, _WRAPPER.format(inner=INNER, program=program))
        self._write_debugger()

    def _write_debugger(self) -> None:
        program = self._target.program
        if self._apart:
            # Not the wrapper itself, which is a script: what it runs is debugged in its place.
            program = f"/usr/bin/python3 -IS {TOOLS}/{os.path.basename(program)}"
        # Its program has a path in gdb's root, and names its libraries in its own.
        entered = f"-ex 'set sysroot {INNER}' -ex continue " if self._apart else ""
        text = _DEBUGGER.format(
            program=program,
            entering="-ex 'catch exec'" if self._apart else "",
            entered=entered,
            frames=_FRAMES,
            stack=_STACK,
        )
        _write(self._tools / _DEBUGGED, text)

    @property
    def debugs(self) -> bool:
        """Whether the shell finds gdb."""
        root = None if self._apart or not self._target.place else self._target
        if root is not None:
            return os.access(host_path(root, "/usr/bin/gdb"), os.X_OK)
        return shutil.which("gdb", path=PATH) is not None

    def stack(self, text: str, limit: float, devices: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the functions that called each other when a signal ended QEMU, innermost first.

        Without addresses and arguments, with file and line where QEMU was built so; empty where no
        signal ended it under gdb.  Raises LaunchError.
        """
        debugged = text.replace(self._target.program, f"{TOOLS}/{_DEBUGGED}")
        told = self._ran(f"{debugged}\necho '{_MARK}'; cat {_STACK}", limit, devices).output
        return tuple(frames_in(told.rpartition(f"{_MARK}\n")[2]))

    def run(self, text: str, limit: float, devices: Sequence[str] = ()) -> ShellRun:
        """Run a text for at most `limit` seconds; raises LaunchError."""
        if self._apart:
            name = os.path.basename(self._target.program)
            text = text.replace(self._target.program, f"{TOOLS}/{name}")
        return self._ran(text, limit, devices)

    def _ran(self, text: str, limit: float, devices: Sequence[str]) -> ShellRun:
        with contextlib.ExitStack() as undo:
            room = Room(self._target, self._folder)
            undo.callback(room.close)
            there = [each for each in devices if os.path.exists(each)]
            # A text may be longer than an argument.
            script = os.memfd_create("script")
            undo.callback(os.close, script)
            os.write(script, text.encode())
            argv = self._command(f"/proc/self/fd/{script}", room, there)
            # Apart: a build that complains without end leaves room for what the script prints.
            outputs = open_output("output"), open_output("complaints")
            for each in outputs:
                undo.callback(os.close, each)
            status = self._wait(argv, script, outputs, room.path, limit)
            said = "".join(map(_text, outputs))
        broken = failure(said) if status not in (0, None) else None
        if broken is not None and not self._apart:
            raise broken
        return ShellRun(output=said, status=status)

    def _command(self, script: str, room: Room, devices: Sequence[str]) -> tuple[str, ...]:
        target = self._target
        shell = replace(target, program=_SHELL, kind=Program.SYSTEM)
        if self._apart:
            path = ("PATH", f"{TOOLS}:{PATH}")
            shell = Target(name="shell", program=_SHELL, env=(*target.env, path))
        confined = Confinement(
            scratch=room.source,
            mounts=self._folder.mounts,
            devices=tuple(devices),
            program=None if self._apart else target.program,
            tools=str(self._tools),
            inner=target if self._apart else None,
        )
        return command(shell, [_SHELL, script], confined)

    def _wait(
        self, argv: Sequence[str], script: int, outputs: tuple[int, int], cwd: Path, limit: float
    ) -> int | None:
        """Return the exit status of the shell, None if it had to be killed."""
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=outputs[0],
            stderr=outputs[1],
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


_DEBUGGED: Final = "debugged"
_FRAME: Final = re.compile(r"#\d+\s+(?:0x\w+ in )?(?P<function>\S+) \(.*?\)(?: at (?P<where>\S+))?")
_WRAPPER: Final = """\
#!/usr/bin/python3 -IS
import os, sys
here = os.getcwd()
os.chroot({inner!r})
os.chdir(here if os.path.isdir(here) else "/tmp")
os.execv({program!r}, [{program!r}, *sys.argv[1:]])
"""
"""Runs a program in the inner root, as the process that it is started as."""


def _text(output: int) -> str:
    return os.pread(output, min(written(output), ROOM), 0).decode(errors="replace")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def frames_in(text: str) -> Iterator[str]:
    """Yield the functions of gdb's frames that have a name, and where they are, if it tells."""
    for line in text.splitlines():
        found = _FRAME.match(line)
        if found is not None and not found["function"].startswith(("__", "??", "_start")):
            where = found["where"]
            yield f"{found['function']} ({where})" if where else found["function"]
