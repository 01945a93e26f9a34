"""The lines of a dialogue."""

from __future__ import annotations

from conformance.wire.transcript import Transcript


def test_lines_are_kept_in_order_with_their_direction() -> None:
    transcript = Transcript()
    transcript.received(b'{"QMP": {}}\r\n')
    transcript.sent(b'{"execute":"stop"}')
    transcript.received(b'{"return": {}}\r\n')
    assert transcript.lines() == (
        '<- {"QMP": {}}',
        '-> {"execute":"stop"}',
        '<- {"return": {}}',
    )


def test_the_last_lines_are_given_on_request() -> None:
    transcript = Transcript()
    for number in range(5):
        transcript.sent(b"%d\n" % number)
    assert transcript.lines(2) == ("-> 3", "-> 4")
    assert transcript.lines(0) == ()
    assert len(transcript.lines(9)) == 5


def test_old_lines_are_forgotten_and_counted() -> None:
    transcript = Transcript(capacity=3)
    for number in range(5):
        transcript.sent(b"%d" % number)
    assert transcript.lines() == ("-> 2", "-> 3", "-> 4")
    assert transcript.forgotten == 2


def test_a_long_line_is_cut_in_its_middle() -> None:
    transcript = Transcript(width=10)
    transcript.sent(b"abcde" + b"x" * 1000 + b"vwxyz\r\n")
    assert transcript.lines() == ("-> abcde[1000 bytes cut]vwxyz",)


def test_a_line_end_does_not_count_to_the_width() -> None:
    transcript = Transcript(width=10)
    transcript.received(b"0123456789\r\n")
    transcript.received(b"01234567890\r\n")
    assert transcript.lines() == ("<- 0123456789", "<- 01234[1 bytes cut]67890")


def test_bytes_that_are_no_text_are_shown_by_number() -> None:
    transcript = Transcript()
    transcript.sent(b"\x07\xff\r{}\n")
    assert transcript.lines() == ("-> \\x07\\xff\\x0d{}",)
