"""Looks in sandboxes for what opens, and tries to take more than it may; prints its finds as JSON.

Also a program of its own, for a user who has nothing but this file and the package.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from conformance.launch import sandbox
from conformance.launch.environment import environment
from conformance.launch.folder import RunFolder
from conformance.launch.sandbox import Confinement, command, masked
from conformance.launch.scratch import Room
from conformance.launch.target import program_target
from tests.patience import PATIENCE

SHELL: Final = program_target("/bin/sh")
# Perl, which every Debian has; not what runs the tests, which the sandbox may not show.
_WALK: Final = r"""
use Fcntl;
my %private = map { $_ => 1 } split /:/, shift;
my @folders = ("/");
while (defined(my $folder = shift @folders)) {
    opendir(my $open, $folder) or next;
    for my $name (readdir $open) {
        next if $name eq "." or $name eq "..";
        my $path = ($folder eq "/" ? "" : $folder) . "/$name";
        next if $private{$path};
        my ($mode, $uid) = (lstat $path)[2, 4];
        next if !defined $mode or -l _;
        if (-d _) {
            push @folders, $path;
            print "write $path\n" if mkdir "$path/leak";
            next;
        }
        next if -S _;
        print "write $path\n" if sysopen(my $file, $path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
        next if $mode & 4 or $uid == $>;
        print "read $path\n" if sysopen(my $file, $path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    }
}
print "end\n";
"""
_SCRIPTS: Final[Mapping[str, str]] = {
    "walk": "perl -e '{walk}' {private}",
    "files": "for name in $(echo {private} | tr : ' ') / /etc /usr /opt /sys /proc/sys; do"
    " echo x > $name/{token}; done 2>/dev/null; echo end",
    "secrets": "cat /etc/shadow /etc/gshadow /proc/kcore 2>/dev/null | head -c 1 | wc -c",
    "settings": "echo leak > /proc/sys/kernel/core_pattern; cat /proc/sys/kernel/core_pattern",
    "forks": "i=0; while [ $i -lt 5000 ]; do sleep 1000 & i=$((i+1)); done; echo $i",
    "space": "i=0; while head -c 50000000 /dev/zero > /tmp/qmp/$i; do i=$((i+1)); done; "
    "cat /tmp/qmp/* | wc -c",
    "memory": f"dd if=/dev/zero of=/dev/null count=1 bs={sandbox.ADDRESS_SPACE}",
}


def look(name: str, token: str = "", *, as_root: str | None = None) -> str:
    """Return what the script of that name says in a sandbox; `as_root` is as Target has it."""
    target = replace(SHELL, as_root=as_root)
    private = ":".join((*masked(target), "/dev/shm"))
    script = _SCRIPTS[name]
    for word, text in (("walk", _WALK), ("private", private), ("token", token)):
        script = script.replace(f"{{{word}}}", text)
    with RunFolder() as folder:
        room = Room(target, folder)
        try:
            done = subprocess.run(
                command(
                    target,
                    ["/bin/sh", "-c", script],
                    Confinement(scratch=room.source, mounts=folder.mounts),
                ),
                env=environment(target, folder.path),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        finally:
            room.close()
    return done.stdout


def main(names: list[str]) -> None:
    """Print what each script says, and who we are."""
    # So that a machine that others use, too, is not filled with processes.
    sandbox.PROCESSES = 64  # type: ignore[misc]
    token, *names = names
    said = {name: look(name, token) for name in names}
    print(json.dumps({"uid": os.geteuid(), **said}))


if __name__ == "__main__":
    main(sys.argv[1:])
