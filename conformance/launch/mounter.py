"""Makes mounts in a mount namespace of its own, which only the run's machines enter.

Runs as a process of its own, by path, without importing the package: only a process with a single
thread can create or enter a user namespace. Standard input is a socket that only the run holds;
requests come on it as JSON lines and are answered in order, with "" or with the error. The
namespace and everything in it end with its last process.
"""

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterator

STAGE = "/dev/shm"
"""Where the mounts are: a folder that every host has, that every user reaches, and whose content no
program needs: the sandbox hides it anyway."""

_NEWNS = 0x00020000  # linux/sched.h
_NEWUSER = 0x10000000
_GET_USERNS = 0xB701  # linux/nsfs.h
_NOSUID, _NODEV = 2, 4  # linux/mount.h
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
# System calls without a wrapper in older C libraries; the numbers are those of all architectures
# that QEMU runs on today.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_TREE_CLONE, _MOVE_EMPTY_PATH, _ATTR_IDMAP = 1, 4, 0x00100000
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
# As much as is read at once; a request is a few words.
_ROOM = 65536
_libc = ctypes.CDLL(None, use_errno=True)


def space(name: str, size: int, uid: int, gid: int) -> None:
    """Mount a folder of `size` bytes that belongs to the user and the group."""
    path = os.path.join(STAGE, name)
    os.mkdir(path)
    options = f"size={size},mode=0700,uid={uid},gid={gid}"
    _mount("tmpfs", path, "tmpfs", _NOSUID | _NODEV, options)


def tree(name: str, source: str) -> None:
    """Show a folder or file of the host, with everything mounted below it."""
    _mount(source, _place(name, source), "", _BIND | _REC, "")


def handed_over(name: str, source: str, uid: int) -> None:
    """Show a folder or file of the host as `tree` does, with root's files as the user's."""
    users = _root_as(uid)
    try:
        copy = _syscall(_OPEN_TREE, _AT_FDCWD, source.encode(), _TREE_CLONE | _AT_RECURSIVE)
        try:
            wanted = struct.pack("QQQQ", _ATTR_IDMAP, 0, 0, users)
            _syscall(_MOUNT_SETATTR, copy, b"", _AT_EMPTY_PATH | _AT_RECURSIVE, wanted, len(wanted))
            place = _place(name, source)
            _syscall(_MOVE_MOUNT, copy, b"", _AT_FDCWD, place.encode(), _MOVE_EMPTY_PATH)
        finally:
            os.close(copy)
    finally:
        os.close(users)


def attach(name: str, copy: int) -> None:
    """Show the folder that a descriptor from `copy_of_root` stands for, and close that."""
    try:
        place = _place(name, "/")
        _syscall(_MOVE_MOUNT, copy, b"", _AT_FDCWD, place.encode(), _MOVE_EMPTY_PATH)
    finally:
        os.close(copy)


def copy_of_root(pid: str) -> None:
    """Send a descriptor for the root of another process, without what is mounted below it.

    This process enters the mount namespace of the other for that, and first the user namespace
    that it belongs to.
    """
    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    users = fcntl.ioctl(mounts, _GET_USERNS)
    if os.fstat(users).st_ino != os.stat("/proc/self/ns/user").st_ino:
        _check(_libc.setns(users, _NEWUSER), "setns")
    _check(_libc.setns(mounts, _NEWNS), "setns")
    copy = _syscall(_OPEN_TREE, _AT_FDCWD, b"/", _TREE_CLONE)
    with socket.socket(fileno=os.dup(0)) as channel:
        socket.send_fds(channel, [b"."], [copy])


def _place(name: str, source: str) -> str:
    """Create the place on which `source` is mounted."""
    path = os.path.join(STAGE, name)
    if os.path.isdir(source):
        os.mkdir(path)
    else:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def _root_as(uid: int) -> int:
    """Return a descriptor of a user namespace that maps root to the user, others to themselves."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        # It reports once unshared, and stays until its namespace is held.
        if _libc.unshare(_NEWUSER) == 0:
            theirs.send(b"x")
            theirs.recv(1)
        os._exit(0)
    theirs.close()
    try:
        if not ours.recv(1):
            raise OSError(errno.EPERM, "no user namespace can be made")
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{kind}", "w") as file:
                file.write(f"0 {uid} 1\n1 1 {uid - 1}\n")
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        ours.close()
        os.waitpid(child, 0)


def device(name: str, source: str, uid: int, gid: int) -> None:
    """Create a device equal to `source` that belongs to the user and the group."""
    path = os.path.join(STAGE, name)
    like = os.stat(source)
    os.mknod(path, stat.S_IFMT(like.st_mode) | 0o600, like.st_rdev)
    os.chown(path, uid, gid)


def drop(name: str) -> None:
    """Unmount what is mounted on a folder; files open in it stay open.

    The folder stays: removing it would also unmount it in the sandboxes that are just being made,
    and bubblewrap fails where a mount is gone.
    """
    path = os.path.join(STAGE, name)
    _check(_libc.umount2(path.encode(), _DETACH), path)


def _mount(source: str, path: str, kind: str, flags: int, options: str) -> None:
    words = (source, path, kind)
    done = _libc.mount(*map(os.fsencode, words), ctypes.c_ulong(flags), options.encode())
    _check(done, path)


def _syscall(number: int, *arguments: object) -> int:
    done: int = _libc.syscall(ctypes.c_long(number), *arguments)
    _check(min(done, 0), "mount")
    return done


def _check(done: int, what: str) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _enter(own_user: bool) -> None:
    """Create the namespace; with `own_user`, in a user namespace, which needs no privilege."""
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_NEWNS | (_NEWUSER if own_user else 0)), "unshare")
    if own_user:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    if _mount_at_root() != _mount_at_root(of_namespace=True):
        raise OSError(errno.EPERM, "this is a chroot, which whoever enters a namespace leaves")
    _mount("none", "/", "", _REC | _PRIVATE, "")
    _mount("tmpfs", STAGE, "tmpfs", _NOSUID, "size=1m,mode=0755")


def _mount_at_root(*, of_namespace: bool = False) -> str:
    """Return the mount id of "/" for this process, or for one that enters its namespace."""
    if of_namespace:
        own = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        _check(_libc.setns(own, _NEWNS), "setns")
        os.close(own)
    root = os.open("/", os.O_PATH)
    with open(f"/proc/self/fdinfo/{root}") as told:
        found = next(line for line in told if line.startswith("mnt_id:"))
    os.close(root)
    return found


_REQUESTS: dict[str, Callable[..., None]] = {
    "space": space,
    "tree": tree,
    "handed-over": handed_over,
    "device": device,
    "drop": drop,
    "attach": attach,
}


def main(own_user: bool) -> None:
    """Create the namespace and answer, then serve requests [name, argument...] until their end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    # A run that was killed reads no answer.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _answer(_enter, own_user)
        for line, passed in _requests():
            name, *arguments = json.loads(line)
            _answer(_REQUESTS[name], *arguments, *passed)


def _requests() -> Iterator[tuple[bytes, list[int]]]:
    """Yield each request with the descriptors that come with it; the next follows its answer."""
    line = b""
    passed: list[int] = []
    with socket.socket(fileno=os.dup(0)) as channel:
        while True:
            part, more, _, _ = socket.recv_fds(channel, _ROOM, 1)
            if not part:
                return
            line, passed = line + part, passed + more
            if line.endswith(b"\n"):
                yield line, passed
                line, passed = b"", []


def _answer(action: Callable[..., None], *arguments: object) -> None:
    try:
        action(*arguments)
        said = ""
    except OSError as error:
        said = str(error)
    os.write(0, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    if sys.argv[1] == "root-of":
        copy_of_root(sys.argv[2])
    else:
        main(sys.argv[1] == "own-user")
