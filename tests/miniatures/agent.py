"""A guest agent in miniature: correct, but for the promises that its words say it breaks.

A program of its own that imports nothing of the package; it is handed its socket as descriptor 3.
"""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

_RESETS = b"\xff\x07"
_MEMBERS = {"execute", "arguments", "id"}
_COMMANDS = ("guest-info", "guest-ping", "guest-sync", "guest-sync-delimited")
_DECODER = json.JSONDecoder()


class _Agent:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._buffer = ""

    def serve(self, client: socket.socket) -> None:
        """Answer one client until it leaves."""
        self._client = client
        if "greets" in self._words:
            client.sendall(b'{"QMP": {}}\n')
        while data := client.recv(65536):
            for byte in data:
                for reply in self._read(byte):
                    # What hangs up has nobody to say it to.
                    with contextlib.suppress(BrokenPipeError):
                        client.sendall(reply)

    def _read(self, byte: int) -> Iterator[bytes]:
        if bytes([byte]) in _RESETS:
            if byte == 0xFF and "deaf-to-ff" in self._words:
                return
            if self._buffer.strip():
                yield _line(_error("GenericError"))
            self._buffer = ""
            return
        self._buffer += chr(byte)
        try:
            value, _ = _DECODER.raw_decode(self._buffer.strip())
        except ValueError:
            return
        self._buffer = ""
        yield self._answer(value)

    def _answer(self, value: Any) -> bytes:
        if not isinstance(value, dict):
            return _line(_error("GenericError"))
        reply = self._reply(value)
        if "id" in value and "loses-id" not in self._words:
            reply["id"] = value["id"]
        if value.get("execute") == "guest-sync-delimited":
            self._turn_hostile()
        delimited = value.get("execute") == "guest-sync-delimited" and "return" in reply
        if "delimits-all" in self._words or (delimited and "no-delimiter" not in self._words):
            return b"\xff" + _line(reply)
        return _line(reply)

    def _turn_hostile(self) -> None:
        """Do in place of an answer what the words say of it."""
        while "floods" in self._words:
            self._client.sendall(b"A" * (1 << 20))
        while "falls-silent" in self._words:
            time.sleep(3600)
        if "hangs-up" in self._words:
            self._client.sendall(b'\xff{"ret')
            self._client.shutdown(socket.SHUT_RDWR)
        if "exits" in self._words:
            sys.exit("it is over")

    def _reply(self, value: dict[str, Any]) -> dict[str, Any]:
        name, arguments = value.get("execute"), value.get("arguments", {})
        if "takes-anything" in self._words:
            name = name or value.get("exec-oob")
        known = value.keys() <= _MEMBERS or "takes-anything" in self._words
        if not known or not isinstance(name, str) or not isinstance(arguments, dict):
            return _error("GenericError")
        match name:
            case "guest-ping":
                return {"return": {}}
            case "guest-sync" | "guest-sync-delimited":
                return {"return": arguments["id"]}
            case "guest-info":
                listed = [{"name": each, "enabled": True} for each in _COMMANDS]
                return {"return": {"version": "10.0.1", "supported_commands": listed}}
            case _:
                return _error("CommandNotFound")


def _error(name: str) -> dict[str, Any]:
    return {"error": {"class": name, "desc": "no"}}


def _line(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply).encode() + b"\n"


def main(arguments: list[str]) -> None:
    """Serve clients one after the other; the word behind -D says what is broken."""
    if "--version" in arguments:
        print("QEMU Guest Agent 10.0.1")
        return
    assert os.environ["LISTEN_PID"] == str(os.getpid()), "the socket is for another process"
    words = arguments[arguments.index("-D") + 1].split(",") if "-D" in arguments else []
    listener = socket.socket(fileno=3)
    agent = _Agent(words)
    while True:
        client, _ = listener.accept()
        with client:
            agent.serve(client)


if __name__ == "__main__":
    main(sys.argv)
