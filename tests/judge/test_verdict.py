"""What became of a case, from what was seen of its steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.expect_answer import Ends, Reject, Understood
from conformance.judge.expect_qom import LinksTo, ListsProperties, ReadsAs
from conformance.judge.observation import Observation
from conformance.judge.verdict import Verdict, death_words, judge, judge_claims
from conformance.model.case import Emits, MayEnd, Role, Step
from conformance.model.ending import Ending, ending_text
from conformance.model.expectation import Kind
from conformance.model.terms import Outcome
from tests.judge.made import case, claim, judge_of_messages, line, refusal, step, success

ABORT = "qemu: ../x.c:12: f: Assertion `size != 0' failed."


def _verdict(*pairs: tuple[Step, Any], **more: Any) -> Verdict:
    """Return the verdict on steps that came to those replies; None is no reply."""
    replies = tuple(None if reply is None else line(reply) for _, reply in pairs)
    seen = Observation(replies=replies, **more)
    return judge(case(*(one for one, _ in pairs)), seen, judge_of_messages(), 0)


def test_a_case_passes_where_every_step_came_to_what_it_expects() -> None:
    verdict = _verdict((step(), success()), (step(Reject()), refusal(number=1)))

    assert verdict == Verdict(outcome=Outcome.PASS)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (step(role=Role.SUBJECT), Outcome.FAIL),
        (step(role=Role.CHECK), Outcome.FAIL),
        (step(role=Role.CLEANUP), Outcome.FAIL),
        (step(role=Role.SETUP), Outcome.UNTRIED),
        (step(role=Role.PASSAGE), Outcome.UNTRIED),
        (step(role=Role.WITNESS), Outcome.VACUOUS),
        (step(Understood()), Outcome.VACUOUS),
        (step(ReadsAs("uint8"), execute="read"), Outcome.NOT_APPLICABLE),
        (step(LinksTo(frozenset()), execute="read"), Outcome.NOT_APPLICABLE),
        (step(ListsProperties(frozenset()), execute="list"), Outcome.NOT_APPLICABLE),
        (step(ListsProperties(frozenset(), {}), execute="list"), Outcome.FAIL),
    ],
    ids=[
        "subject",
        "check",
        "cleanup",
        "setup",
        "passage",
        "witness",
        "open",
        "read",
        "link",
        "type",
        "object",
    ],
)
def test_what_a_refusal_means_depends_on_the_step(one: Step, outcome: Outcome) -> None:
    verdict = _verdict((one, refusal()))

    assert verdict.outcome is outcome
    assert bool(verdict.misses) is (outcome is Outcome.FAIL)
    assert verdict.reason


def test_of_the_missed_expectations_the_first_counts() -> None:
    verdict = _verdict((step(Reject()), success()), (step(), refusal(number=1)))

    assert [miss.kind for miss in verdict.misses] == ["accepted"]


def test_what_is_wrong_with_a_message_counts_beside_what_it_says() -> None:
    verdict = _verdict((step(Reject()), success(number=5)))

    assert [miss.rule for miss in verdict.misses] == ["W25", "X20"]


@pytest.mark.parametrize(
    ("execute", "message", "rule"),
    [
        ("list", success([{"called": "a"}]), "W38"),
        ("do", refusal("NoSuchClass"), "W41"),
        ("do", {**success(), **refusal()}, "W35"),
    ],
)
def test_what_a_malformed_reply_says_is_not_weighed(execute: str, message: Any, rule: str) -> None:
    expect = ListsProperties(frozenset()) if execute == "list" else Reject()

    verdict = _verdict((step(expect, execute=execute), message), (step(), refusal(number=1)))

    assert [miss.rule for miss in verdict.misses] == [rule]
    assert verdict.outcome is Outcome.FAIL


def test_a_setup_that_fails_hides_no_broken_message() -> None:
    stray = line(success(number=7))

    verdict = _verdict((step(role=Role.SETUP), refusal()), strays=(stray,))

    assert verdict.outcome is Outcome.FAIL
    assert [miss.rule for miss in verdict.misses] == ["W35"]


def test_events_are_judged_with_the_case_in_which_they_came() -> None:
    event = line({"event": "NOSUCH", "timestamp": {"seconds": 1, "microseconds": 1}})

    assert [m.rule for m in _verdict((step(), success()), events=(event,)).misses] == ["W49"]


def test_a_death_is_a_crash_that_its_last_words_fold() -> None:
    deaths = [Ending(status=-6, stderr=f"{ABORT}\nat {address}") for address in ("0x12", "0x34")]
    first, second = (_verdict((step(), None), death=death) for death in deaths)

    assert first.outcome is Outcome.CRASH
    assert "SIGABRT" in first.reason
    assert "size != 0" in first.reason
    assert first.misses[0].fold == second.misses[0].fold
    assert first.misses[0].rule == "W35"


def test_silence_is_a_timeout() -> None:
    verdict = _verdict((step(), success()), (step(), None), (step(), None), hung=True)

    assert verdict.outcome is Outcome.TIMEOUT
    assert "no answer within 10 s" in verdict.reason


def test_a_request_that_was_passed_over_is_no_timeout() -> None:
    verdict = _verdict((step(), None), (step(), success(number=1)), (step(), None), hung=True)

    assert verdict.outcome is Outcome.FAIL
    assert [miss.rule for miss in verdict.misses] == ["W35"]
    assert "later request was answered" in verdict.reason


@pytest.mark.parametrize(
    ("status", "text"),
    [(0, "exit status 0"), (1, "exit status 1"), (-11, "SIGSEGV"), (-250, "signal 250")],
)
def test_an_ending_is_told_as_a_person_would(status: int, text: str) -> None:
    assert ending_text(status) == text


def test_last_words_are_what_the_build_died_of_less_what_differs_by_run() -> None:
    said = "warning: x\nUnexpected error in f() at ../y.c:12345:\nbye"

    assert death_words(Ending(status=-6, stderr=said)) == "Unexpected error in f() at ../y.c:*:"
    assert death_words(Ending(status=1, stderr="warning: x\nbye\n")) == "bye"
    assert death_words(Ending(status=-11, stderr="warning: x\n")) == ""


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(refusal(number=1), Outcome.VACUOUS), (success(number=1), Outcome.FAIL)],
    ids=["refused there too", "accepted there"],
)
def test_a_refusal_says_nothing_where_the_witness_is_refused_too(
    reply: dict[str, Any], outcome: Outcome
) -> None:
    verdict = _verdict((step(), refusal()), (step(role=Role.WITNESS), reply))

    assert verdict.outcome is outcome
    assert bool(verdict.misses) is (outcome is Outcome.FAIL)


@pytest.mark.parametrize(
    ("status", "outcome"), [(0, Outcome.PASS), (1, Outcome.CRASH), (-6, Outcome.CRASH)]
)
def test_the_answer_of_what_ends_the_build_may_be_lost_and_its_status_not(
    status: int, outcome: Outcome
) -> None:
    verdict = _verdict((step(Ends()), None), death=Ending(status=status, stderr=""))

    assert verdict.outcome is outcome


def test_a_death_behind_the_last_answer_is_a_crash_of_its_request() -> None:
    emitting = replace(step(), emits=(Emits(event="STOP", data={}, rule="X32"),))
    death = Ending(status=-6, stderr=ABORT)

    verdict = _verdict((step(), success()), (emitting, success(number=1)), death=death, broke_off=1)

    assert (verdict.outcome, verdict.misses[0].kind) == (Outcome.CRASH, Kind.CRASH)
    assert verdict.reason.startswith("do: QEMU died (SIGABRT)")


def test_the_end_takes_no_answer_along_but_its_own() -> None:
    pairs = ((step(), None), (step(Ends()), None))

    assert _verdict(*pairs, death=Ending(status=0, stderr="")).outcome is Outcome.CRASH


@pytest.mark.parametrize(
    ("ending", "answered", "outcome"),
    [
        (Ending(status=1, stderr="warning: old\nmini: load failed: no\n"), 1, Outcome.PASS),
        (Ending(status=1, stderr="mini: something else\n"), 1, Outcome.CRASH),
        (Ending(status=0, stderr="mini: load failed: no\n"), 1, Outcome.CRASH),
        (Ending(status=-6, stderr="mini: load failed: no\n"), 1, Outcome.CRASH),
        (Ending(status=1, stderr="mini: load failed: no\n"), 0, Outcome.CRASH),
    ],
    ids=["as it may", "other words", "other status", "a signal", "too soon"],
)
def test_what_may_end_the_build_ends_it_with_the_words_for_that(
    ending: Ending, answered: int, outcome: Outcome
) -> None:
    pairs = [(step(), success() if number < answered else None) for number in range(3)]
    made = replace(
        case(*(each for each, _ in pairs)), may_end=MayEnd(step=0, words=("*: load failed*",))
    )
    replies = tuple(None if reply is None else line(reply) for _, reply in pairs)
    seen = Observation(replies=replies, events=(), strays=(), death=ending)

    assert judge(made, seen, judge_of_messages(), 0).outcome is outcome


def test_claims_are_kept_where_what_is_found_is_what_was_promised() -> None:
    kept = claim("mandatory", "mandatory")
    broken = claim("uint8", "str", where="qapi/made.json:3")
    both = replace(case(), claims=(kept, broken))

    assert judge_claims(replace(both, claims=(kept,))) == Verdict(outcome=Outcome.PASS)
    verdict = judge_claims(both)
    assert verdict.outcome is Outcome.FAIL
    assert [(miss.rule, miss.summary, miss.expected, miss.fold) for miss in verdict.misses] == [
        ("Q30", "member a: str", "uint8, says qapi/made.json:3", "uint8")
    ]


@pytest.mark.parametrize(
    ("role", "desc", "outcome"),
    [
        (Role.WITNESS, "Unknown driver 'x'", Outcome.NOT_APPLICABLE),
        (Role.WITNESS, "the driver has no time", Outcome.VACUOUS),
        (Role.SUBJECT, "Unknown driver 'x'", Outcome.NOT_APPLICABLE),
        (Role.SUBJECT, "the driver has no time", Outcome.FAIL),
        (Role.WITNESS, "invalid object type: x", Outcome.NOT_APPLICABLE),
        (Role.SUBJECT, "invalid object type: x", Outcome.FAIL),
    ],
    ids=[
        *("made without", "otherwise refused", "what must succeed", "for another reason"),
        *("listed", "listed and must succeed"),
    ],
)
def test_a_refusal_may_tell_what_the_build_was_made_without(
    role: Role, desc: str, outcome: Outcome
) -> None:
    refused = {"error": {"class": "GenericError", "desc": desc}, "id": 0}
    unlisted = ("Unknown driver '*'",)
    absences = (*unlisted, "invalid object type: *")
    about = replace(case(step(role=role)), absences=absences, unlisted=unlisted)

    verdict = judge(about, Observation(replies=(line(refused),)), judge_of_messages(), 0)

    assert verdict.outcome is outcome
    assert bool(verdict.misses) is (outcome is Outcome.FAIL)
