"""Stands in for docker's command line: takes the words that docker 20.10 to 28 take, and no others.

Run as a program. Its images are the folders below $IMAGES, named as references are; it appends the
words of each call to $IMAGES/calls, and starts containers by bubblewrap. $DOCKER_STAND_IN says how
it misbehaves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

IMAGES = Path(os.environ["IMAGES"])
HOW = os.environ.get("DOCKER_STAND_IN", "")


def main(words: list[str]) -> int:
    """Do what docker does for these words, and return its exit status."""
    with (IMAGES / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    if HOW == "no-daemon":
        return fails("Cannot connect to the Docker daemon. Is the docker daemon running?", 1)
    match words:
        case ["image", "inspect", reference]:
            return image_inspect(reference)
        case ["inspect", "--format", "{{.State.Pid}}", name]:
            print((IMAGES / f"{name}.pid").read_text())
            return 0
        case ["run", *rest]:
            return run(rest)
        case _:
            return fails(f"unknown command: docker {' '.join(words)}", 125)


def fails(said: str, status: int) -> int:
    """Complain as docker does."""
    print(said, file=sys.stderr)
    return status


def number(root: Path) -> str:
    """Return the id of an image."""
    return hashlib.sha256(root.name.encode()).hexdigest()


def image_inspect(reference: str) -> int:
    """Describe an image; a digest names it, too."""
    if HOW == "no-json":
        print("what?")
        return 0
    root = IMAGES / reference
    if not root.is_dir():
        print("[]")
        return fails(f"Error response from daemon: No such image: {reference}", 1)
    digest = f"registry.test/{root.name.partition(':')[0]}@sha256:{'5' * 64}"
    print(json.dumps([{"Id": f"sha256:{number(root)}", "RepoDigests": [digest]}]))
    return 0


def run(words: list[str]) -> int:
    """Start a container in the foreground, as `docker run` does."""
    parser = argparse.ArgumentParser(prog="docker run", allow_abbrev=False)
    for flag in ("--rm", "--interactive", "--read-only", "--no-healthcheck"):
        parser.add_argument(flag, action="store_true", required=True)
    for one in ("name", "pull", "network", "user", "workdir", "log-driver", "entrypoint"):
        parser.add_argument(f"--{one}", required=True)
    for many in ("tmpfs", "cap-drop", "security-opt", "env", "volume"):
        parser.add_argument(f"--{many}", action="append", required=True)
    parser.add_argument("image")
    parser.add_argument("words", nargs="*")
    asked = parser.parse_args(words)
    fixed = (asked.network, asked.cap_drop, asked.pull, asked.tmpfs)
    assert fixed == ("none", ["ALL"], "never", ["/tmp"]), fixed
    assert asked.security_opt == ["no-new-privileges", "label=disable"]
    (root,) = (each for each in IMAGES.iterdir() if each.is_dir() and number(each) == asked.image)
    if HOW == "no-start":
        return fails("docker: Error response from daemon: OCI runtime create failed", 125)
    return contained(root, asked)


def contained(root: Path, asked: argparse.Namespace) -> int:
    """Run the entry point in the root, and note its process; wait until it ends."""
    options = ["--ro-bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for each in asked.volume:
        here, there, how = each.split(":")
        assert how == "ro"
        options += ["--ro-bind", here, there]
    for each in asked.env:
        options += ["--setenv", *each.split("=", 1)]
    told, report = os.pipe()
    # Whoever asks for the number waits until it is known.
    noted = IMAGES / f"{asked.name}.pid"
    os.mkfifo(noted)
    with subprocess.Popen(
        [
            *(
                "bwrap",
                *options,
                "--unshare-user",
                "--unshare-all",
                "--as-pid-1",
                "--chdir",
                asked.workdir,
            ),
            *("--json-status-fd", str(report), "--", asked.entrypoint, *asked.words),
        ],
        pass_fds=(report,),
    ) as process:
        os.close(report)
        with os.fdopen(told) as lines:
            first = json.loads(lines.readline())["child-pid"]
        noted.write_text("1" if HOW == "elsewhere" else f"{first}")
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
