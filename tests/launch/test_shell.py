"""A text is run as if it were pasted, in the sandbox: nothing leaves it, and nothing is left."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.shell import Shell, frames_in
from conformance.launch.target import Target, program_target
from conformance.model.errors import LaunchError
from conformance.model.stage import SCRATCH
from tests.conftest import QEMU
from tests.patience import PATIENCE, patiently

pytestmark = pytest.mark.qemu

STACK = """\
#0  __pthread_kill_implementation (threadid=...) at ./nptl/pthread_kill.c:44
#1  ?? () from /lib/libc.so.6
#2  0x00007f01 in abort ()
#3  made_here (opaque=...) at ../hw/made.c:12
#4  main (argc=...)
"""


@pytest.fixture
def shell(host_target: Target, folder: RunFolder) -> Shell:
    return Shell(host_target, folder)


def test_a_text_has_a_shell_python_the_program_and_a_scratch_folder(shell: Shell) -> None:
    text = f"echo x > {SCRATCH}/made; cat {SCRATCH}/made; {QEMU} --version; python3 -c 'print(6)'"

    done = shell.run(text, PATIENCE)

    assert done.status == 0
    assert done.output.splitlines()[0] == "x"
    assert "QEMU emulator version" in done.output
    assert done.output.splitlines()[-1] == "6"


def test_a_program_of_another_root_has_the_same_scratch_folder(
    any_target: Target, folder: RunFolder
) -> None:
    text = (
        f"{any_target.program} -machine none -display none -qmp unix:{SCRATCH}/q,server=on,wait=off"
        f" & until [ -S {SCRATCH}/q ]; do sleep 0.1; done; ls -l /proc/$!/fd/0; kill $!; wait $!"
    )

    done = Shell(any_target, folder).run(text, PATIENCE)

    assert "/dev/null" in done.output


def test_nothing_leaves_the_sandbox(shell: Shell, tmp_path: Path) -> None:
    text = f"touch {tmp_path}/made /usr/made; ls -A /home /root; exec 3<>/dev/tcp/192.0.2.1/80"

    done = shell.run(text, PATIENCE)

    assert done.status != 0
    assert not list(tmp_path.iterdir())
    assert not os.path.exists("/usr/made")
    assert "unreachable" in done.output


def test_what_does_not_end_is_ended(shell: Shell, tmp_path: Path) -> None:
    def attempt(limit: float) -> None:
        done = shell.run("echo begun; sleep 1000 & wait", limit)
        assert (done.output, done.status) == ("begun\n", None)

    patiently(attempt, 2.0)


def test_a_text_may_be_longer_than_an_argument(shell: Shell) -> None:
    assert shell.run(f"x={'y' * 300_000}\necho ${{#x}}", PATIENCE).output == "300000\n"


def test_without_the_sandbox_nothing_is_tried(host_target: Target, folder: RunFolder) -> None:
    with pytest.raises(LaunchError, match="only in the sandbox"):
        Shell(replace(host_target, sandbox=False), folder)


def test_a_stack_is_told_by_its_functions() -> None:
    assert list(frames_in(STACK)) == ["abort", "made_here (../hw/made.c:12)", "main"]


def test_a_debugger_tells_where_a_signal_ended_a_program(folder: RunFolder, tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    made = Shell(program_target(python), folder)
    if not made.debugs:
        pytest.skip("gdb is not on this host")

    stack = made.stack(f"{python} -c 'import os; os.abort()'", PATIENCE)

    assert "Py_RunMain" in stack
    assert made.stack(f"{python} -c pass", PATIENCE) == ()
