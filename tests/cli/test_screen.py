"""What is written to a terminal, to a log, and to a reader who has gone."""

from __future__ import annotations

import contextlib
import io
import os
import pty
from pathlib import Path

import pytest

from conformance.cli.screen import Screen
from conformance.report.paint import Style


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_log_has_lines_and_nothing_else() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    screen.show("now")
    screen.say("one", Style.BAD)
    screen.clear()

    assert stream.getvalue() == "one\n"
    assert not screen.is_live


def test_lines_stand_above_the_one_that_changes() -> None:
    stream = Terminal()
    screen = Screen(stream)
    screen.show("now")
    screen.say("one")
    screen.clear()

    assert stream.getvalue() == "\r\x1b[Know\r\x1b[Kone\nnow\r\x1b[K"


def test_the_line_that_changes_is_never_wider_than_the_terminal() -> None:
    stream = Terminal()
    Screen(stream).show("x" * 30)

    assert stream.getvalue() == f"\r\x1b[K{'x' * 18}…"


def test_a_terminal_that_cannot_move_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    screen = Screen(stream)
    screen.show("now")
    screen.say("one", Style.BAD)

    assert stream.getvalue() == "one\n"


def test_colour_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Screen(Terminal()).colour
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Screen(Terminal()).colour


def test_a_reader_who_has_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:
        screen = Screen(stream)
        screen.say("one")
        assert screen.gone
        screen.say("two")
        # What is left in the buffer is written when the stream is closed.


def test_a_full_disk_is_no_error() -> None:
    with open("/dev/full", "w") as stream:
        screen = Screen(stream)
        screen.say("one")
        assert screen.gone


def test_the_line_that_changes_goes_whatever_happens() -> None:
    stream = Terminal()
    with contextlib.suppress(KeyboardInterrupt), Screen(stream) as screen:
        screen.show("now")
        raise KeyboardInterrupt
    assert stream.getvalue().endswith("now\r\x1b[K")


def test_what_an_encoding_lacks_is_spelt_out() -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="ascii")
    Screen(stream).say("a…b")

    assert data.getvalue() == b"a\\u2026b\n"


def test_a_real_terminal_is_known(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with open(theirs, "w") as stream, open(ours, "rb", buffering=0) as reading:
        Screen(stream).show("now")
        assert b"now" in reading.read(64)
    with (tmp_path / "log").open("w") as file:
        assert not Screen(file).is_terminal
