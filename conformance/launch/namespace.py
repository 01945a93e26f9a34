"""Opens a TCP socket in the network namespace of another process.

The module is also the program that does so, run as a process of its own: only a process with a
single thread can enter a user namespace. That run imports nothing of the package at its top.
"""

import array
import ctypes
import fcntl
import os
import socket
import subprocess
import sys

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_CLONE_NEWNET = 0x40000000
_NS_GET_USERNS = 0xB701  # linux/nsfs.h: the user namespace that owns a namespace
_LIMIT = 30.0
_LISTEN = "listen"
_CONNECT = "connect"


def listen_in(pid: int, port: int) -> socket.socket:
    """Return a socket that listens on 127.0.0.1:`port` in the network namespace of `pid`.

    Raises LaunchError if the namespace cannot be entered or the port is taken.
    """
    return _made_in(pid, port, _LISTEN)


def connect_in(pid: int, port: int) -> socket.socket:
    """Return a socket that is connected to 127.0.0.1:`port` in the network namespace of `pid`.

    Raises LaunchError if the namespace cannot be entered or nobody listens there.
    """
    return _made_in(pid, port, _CONNECT)


def _made_in(pid: int, port: int, how: str) -> socket.socket:
    from conformance.model.errors import LaunchError

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(_LIMIT)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(pid), str(port), how],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        try:
            said, descriptors, _, _ = socket.recv_fds(ours, 4096, 1)
        except TimeoutError:
            said, descriptors = b"no answer in time", []
        finally:
            process.kill()
            process.wait()
    if not descriptors:
        raise LaunchError(
            f"port {port} of the machine: cannot {how}: {said.decode()}",
            "Leave out what needs it, or free the port.",
        )
    return socket.socket(fileno=descriptors[0])


def _enter(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    net = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if os.fstat(net).st_ino == os.stat("/proc/self/ns/net").st_ino:
        return
    if libc.setns(net, _CLONE_NEWNET) == 0:
        return
    # Only in the user namespace that owns it, an ordinary user may do so.
    owner = fcntl.ioctl(net, _NS_GET_USERNS)
    for descriptor, kind in ((owner, _CLONE_NEWUSER), (net, _CLONE_NEWNET)):
        if libc.setns(descriptor, kind) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _main(pid: int, port: int, how: str) -> None:
    channel = socket.socket(fileno=0)
    try:
        _enter(pid)
        sock = socket.socket()
        if how == _CONNECT:
            sock.connect(("127.0.0.1", port))
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            sock.listen()
    except OSError as error:
        channel.sendall(str(error).encode())
        return
    right = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sock.fileno()]))
    channel.sendmsg([b"here it is"], [right])


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
