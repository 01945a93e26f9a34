"""Tidies up behind a run that was killed: ends what it left running, removes its folder.

Runs as a process of its own, by path and with nothing of the package imported.  Standard input is
a pipe that only the run writes to: "+PID START" for the leader of a process group (START is field
22 of /proc/PID/stat, which tells it from a later process of that number), "-PID" when that is
over.  The end of the pipe is the end of the run.
"""

import os
import select
import shutil
import signal
import sys
import time

# How long killed processes may take to go; a dying QEMU gives back its memory first.
GRACE = 10.0


def start_time(pid: int) -> str:
    """Return when process `pid` started, in clock ticks since boot; "" if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            # The name, in brackets, may hold blanks; field 22 is the 20th behind it.
            return stream.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def remove(folder: str) -> None:
    """Remove `folder` and all in it, also where permissions were taken away from it."""
    for path, _, _ in os.walk(folder):
        if not os.path.islink(path):
            os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def end(leaders: dict[int, str]) -> None:
    """Kill the process groups of `leaders` (pid to start time), and wait until the leaders go."""
    poll = select.poll()
    waiting = 0
    for pid, start in leaders.items():
        # A leader that is gone may have left its group behind; another's number is not ours.
        if start_time(pid) not in ("", start):
            continue
        try:
            pidfd = os.pidfd_open(pid)
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            poll.register(pidfd, select.POLLIN)
            waiting += 1
        except OSError:
            pass
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
    deadline = time.monotonic() + GRACE
    while waiting:
        ended = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ended:
            return
        for descriptor, _ in ended:
            poll.unregister(descriptor)
            waiting -= 1


def main(folder: str) -> None:
    """Read what the run tells until it is over, then tidy up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    leaders: dict[int, str] = {}
    for line in sys.stdin:
        if not line.endswith("\n"):
            break
        pid, _, start = line[1:-1].partition(" ")
        if line[0] == "+":
            leaders[int(pid)] = start
        else:
            leaders.pop(int(pid), None)
    end(leaders)
    remove(folder)


if __name__ == "__main__":
    main(sys.argv[1])
