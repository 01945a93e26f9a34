"""Playing cases: pipelined, in order, and what is seen when the server fails in the middle."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.observation import Line
from conformance.launch.companions import CompanionMonitor
from conformance.model.case import Case, Emits, Step
from conformance.model.stage import OUT_OF_BAND, SCRATCH, Awaited, Request
from conformance.model.terms import ABSENT
from conformance.play.player import WINDOW
from conformance.wire.framing import Message
from tests.patience import patiently
from tests.play.made import KILLED, LIMIT, FakeMachine, case, step, success

STOP = {"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}
THREE = tuple(case(name, step("one"), step("two")) for name in "abc")


def _values(lines: Sequence[Line | None]) -> list[Any]:
    return [
        line and (line.read.value if isinstance(line.read, Message) else line) for line in lines
    ]


def _ids(lines: Sequence[Line | None]) -> list[int | None]:
    return [value and value["id"] for value in _values(lines)]


def test_cases_are_yielded_in_order_with_their_replies() -> None:
    with FakeMachine(lambda request: [success(request)], None) as server:
        played = list(server.player.play(THREE))

        assert [(c.id, first) for c, first, _ in played] == [
            (THREE[0].id, 0),
            (THREE[1].id, 2),
            (THREE[2].id, 4),
        ]
        assert [_ids(seen.replies) for _, _, seen in played] == [[0, 1], [2, 3], [4, 5]]
        assert all(seen.death is None and not seen.hung for _, _, seen in played)
        assert server.player.healthy


def _beside() -> Case:
    dialogue = case("beside", step("one"), step("there"), step("two"))
    asked = replace(dialogue.steps[1].request, companion=True, awaits=(Awaited(event="STOP"),))
    steps = (dialogue.steps[0], replace(dialogue.steps[1], request=asked), dialogue.steps[2])
    return replace(dialogue, steps=steps)


def test_a_companion_is_asked_in_its_turn_and_its_events_are_its_own() -> None:
    with (
        FakeMachine(lambda request: [success(request)], None) as server,
        FakeMachine(lambda request: [{"return": {"a": 1}}, STOP], None) as other,
    ):
        server.companions.append(CompanionMonitor(other.monitor, SCRATCH))
        ((_, _, seen),) = server.player.play((_beside(),))
        server.companions[0].close()

    assert _ids(seen.replies) == [0, 1, 2]
    assert _values(seen.replies)[1]["return"] == {"a": 1}
    assert [each["execute"] for each in server.requests] == ["one", "two"]
    assert [each["execute"] for each in other.requests] == ["qmp_capabilities", "there"]
    assert not seen.events


def test_a_companion_that_is_not_there_refuses() -> None:
    with FakeMachine(lambda request: [success(request)], None) as server:
        ((_, _, seen),) = server.player.play((_beside(),))

    assert "the companion does not answer" in _values(seen.replies)[1]["error"]["desc"]
    assert _ids(seen.replies) == [0, 1, 2]


def test_later_cases_are_sent_before_the_first_one_is_answered() -> None:
    wanted = 6
    waiting: list[dict[str, Any]] = []
    enough = threading.Event()

    def answer(request: dict[str, Any]) -> list[object]:
        waiting.append(request)
        if len(waiting) < wanted:
            return []
        enough.set()
        return [success(one) for one in waiting]

    with FakeMachine(answer, None) as server:
        played = list(server.player.play(THREE))

    assert enough.is_set()
    assert len(played) == 3


def test_no_more_than_a_window_is_under_way() -> None:
    cases = [case(str(number), step("one")) for number in range(WINDOW + 5)]
    held: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> list[object]:
        held.append(request)
        # Nothing is answered until the window is full: then one by one.
        if len(held) < WINDOW:
            return []
        return [success(held[len(held) - WINDOW])] if len(held) < len(cases) else _rest()

    def _rest() -> list[object]:
        return [success(one) for one in held[len(cases) - WINDOW :]]

    with FakeMachine(answer, None) as server:
        played = list(server.player.play(cases))

    assert [_ids(seen.replies) for _, _, seen in played] == [[n] for n in range(len(cases))]


def test_ids_go_on_from_one_play_to_the_next() -> None:
    with FakeMachine(lambda request: [success(request)], None) as server:
        list(server.player.play(THREE[:1]))
        _, first, _ = next(iter(server.player.play(THREE[1:2])))

    assert first == 2


def test_a_death_ends_the_playing_at_its_case() -> None:
    with FakeMachine(lambda r: [success(r)] if r["id"] < 3 else None, KILLED) as server:
        played = list(server.player.play(THREE))

        assert [c.id for c, _, _ in played] == [THREE[0].id, THREE[1].id]
        seen = played[-1][2]
        assert _ids(seen.replies) == [2, None]
        assert seen.death is not None
        assert (seen.death.status, seen.death.stderr) == (-11, "Assertion")
        assert not server.player.healthy


def test_a_closed_socket_of_a_process_that_lives_is_silence() -> None:
    with FakeMachine(lambda request: None, None) as server:
        ((_, _, seen),) = server.player.play(THREE[:1])

    assert seen.hung
    assert seen.death is None


def test_silence_ends_the_playing_at_its_case() -> None:
    cases = [case(name, step("one"), limit=0.2) for name in "ab"]
    with FakeMachine(lambda request: [], None) as server:
        ((played, _, seen),) = server.player.play(cases)

        assert played is cases[0]
        assert seen.hung
        assert seen.seconds >= 0.2
        assert not server.player.healthy


def test_a_player_that_is_left_early_is_not_used_again() -> None:
    with FakeMachine(lambda request: [success(request)], None) as server:
        next(iter(server.player.play(THREE)))

        assert not server.player.healthy


def test_events_are_told_from_replies_and_belong_to_the_case_in_which_they_came() -> None:
    def answer(request: dict[str, Any]) -> list[object]:
        return [STOP, success(request)] if request["id"] == 2 else [success(request)]

    with FakeMachine(answer, None) as server:
        seen = [seen for _, _, seen in server.player.play(THREE)]

    assert [_values(one.events) for one in seen] == [[], [STOP], []]
    assert [_ids(one.replies) for one in seen] == [[0, 1], [2, 3], [4, 5]]


def test_a_second_answer_is_a_stray_of_the_case_in_which_it_came() -> None:
    def answer(request: dict[str, Any]) -> list[object]:
        return [success(request)] * (2 if request["id"] == 1 else 1)

    with FakeMachine(answer, None) as server:
        seen = [seen for _, _, seen in server.player.play(THREE)]

    assert [_ids(one.strays) for one in seen] == [[], [1], []]
    assert [_ids(one.replies) for one in seen] == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("missing", [0, 1, 2], ids=["first", "last of a case", "next case"])
def test_a_request_that_is_passed_over_leaves_the_others_their_replies(missing: int) -> None:
    with FakeMachine(lambda r: [] if r["id"] == missing else [success(r)], None) as server:
        seen = [seen for _, _, seen in server.player.play(THREE)]

    replies = [number for one in seen for number in _ids(one.replies)]
    assert replies == [number if number != missing else None for number in range(6)]
    assert not any(one.hung for one in seen)


@pytest.mark.parametrize(
    "reply",
    [b'{"return": {}}\r\n', b'{"return": {}, "id": 999}\r\n', b"[1]\r\n", b"nonsense\r\n"],
    ids=["no id", "an id of nobody", "no object", "no JSON"],
)
def test_an_answer_without_a_good_id_answers_the_request_whose_turn_it_is(reply: bytes) -> None:
    with FakeMachine(lambda r: [reply] if r["id"] == 1 else [success(r)], None) as server:
        seen = [seen for _, _, seen in server.player.play(THREE)]

    second = seen[0].replies[1]
    assert second is not None
    assert second.data == reply
    assert _ids(seen[1].replies) == [2, 3]


def test_a_case_without_steps_is_seen_without_replies() -> None:
    cases: tuple[Case, ...] = (case("empty"), THREE[0])
    with FakeMachine(lambda request: [success(request)], None) as server:
        seen = [seen for _, _, seen in server.player.play(cases)]

    assert [_ids(one.replies) for one in seen] == [[], [0, 1]]
    assert seen[0].seconds < LIMIT


def _out_of_band(name: str) -> Case:
    outside = replace(step("fast"), request=Request("fast", ABSENT, OUT_OF_BAND))
    return case(name, step("one"), outside, step("two"))


def test_around_a_request_out_of_band_nothing_is_sent_before_the_answer_came() -> None:
    early: list[bool] = []

    def answer(request: dict[str, Any]) -> list[object]:
        # Whatever is sent without waiting for the answer comes at once.
        early.append(server.pending(0.02))
        return [success(request)]

    server = FakeMachine(answer, None)
    with server:
        played = list(server.player.play((THREE[0], _out_of_band("d"), THREE[1])))

    assert [_ids(seen.replies) for _, _, seen in played] == [[0, 1], [2, 3, 4], [5, 6]]
    assert early == [True, False, False, False, False, True, False]


def test_a_case_that_goes_in_step_ends_where_the_server_does() -> None:
    def answer(request: dict[str, Any]) -> list[object] | None:
        return None if "exec-oob" in request else [success(request)]

    with FakeMachine(answer, KILLED) as server:
        ((_, _, seen),) = server.player.play((_out_of_band("d"),))

    assert _ids(seen.replies) == [0, None, None]
    assert seen.death is not None
    assert len(server.requests) == 2


def _emitting(name: str) -> Step:
    return replace(step(name), emits=(Emits(event="STOP", data={}, rule="X32"),))


def test_the_next_request_waits_for_the_events_of_a_step() -> None:
    late: list[bool] = []

    def answer(request: dict[str, Any]) -> list[object]:
        if request["execute"] == "two":
            return [STOP, success(request)]
        server.machine_says(success(request))
        # Whatever the player sends next, it sends only once the event is out.
        late.append(server.pending(0.05))
        return [STOP]

    with FakeMachine(answer, None) as server:
        ((_, _, seen),) = server.player.play((case("a", _emitting("one"), step("two")),))

    assert late == [False]
    assert [(place.step, place.answered) for place in seen.places] == [(0, True), (1, False)]
    # The second came behind the first answer, and so after the first request was sent.
    assert all(-math.inf < place.since < place.until < math.inf for place in seen.places)
    assert seen.places[0].since <= seen.places[1].since
    assert None not in seen.replies


@pytest.mark.parametrize("refused", [False, True], ids=["accepted", "refused"])
def test_an_event_that_does_not_come_is_waited_for_once_and_only_of_a_success(
    refused: bool,
) -> None:
    def answer(request: dict[str, Any]) -> list[object]:
        return [{"error": {}, "id": request["id"]}] if refused else [success(request)]

    def attempt(limit: float) -> None:
        with FakeMachine(answer, None) as server:
            made = case("a", _emitting("one"), step("two"), limit=limit)
            ((_, _, seen),) = server.player.play((made,))

        assert (seen.seconds >= limit) is not refused
        assert (seen.events, seen.hung) == ((), False)
        assert None not in seen.replies

    patiently(attempt, 0.2)
