"""Random searches against servers that die of what no single known request does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.target import Target
from conformance.model.terms import BROKEN, Outcome, as_object
from conformance.play.alone import Result
from conformance.play.search_events import searched
from conformance.play.search_time import SearchTime
from tests.miniatures.install import miniature
from tests.play.conftest import Runner, fitting

LIMIT = 5.0
# Long enough for any host: each search ends by itself when it shows nothing new.
SHARE = 20.0


def search(runner: Runner, program: Path, glob: str, *words: str) -> list[Result]:
    """Return what the searches whose ids fit have found in a miniature."""
    given = SearchTime(share=SHARE, given_seed="1")
    target = miniature(program, *words)
    _, results = runner.run(target, lambda made: fitting(made, (glob,), LIMIT), (glob,), given)
    assert results
    return results


def requests_of(result: Result) -> list[str]:
    return [step.request.execute for step in result.case.steps]


def found_in(results: Sequence[Result]) -> list[Result]:
    return [found for each in results for found in each.further]


def test_two_members_that_end_the_build_together_are_found_and_nothing_beside_them(
    runner: Runner, program: Path
) -> None:
    (result,) = search(runner, program, "object-add/toy/fuzz/*", "dies-of-two-members")

    assert result.verdict.outcome is Outcome.CRASH
    (found,) = result.further
    (step,) = found.case.steps
    arguments = as_object(step.request.arguments)
    assert {"flag": True, "mode": "on"}.items() <= arguments.items()
    # The others are those that the type must have.
    assert arguments.keys() == {"qom-type", "id", "label", "flag", "mode"}
    assert result.searched is not None
    assert result.searched.requests < 2000


def test_what_dies_of_an_object_that_is_made_again_is_shrunk_to_three_requests(
    runner: Runner, program: Path
) -> None:
    results = search(runner, program, "object-add/stateful/search", "dies-of-what-is-made-again")

    found = found_in(results)
    assert {each.verdict.outcome for each in found} == {Outcome.CRASH}
    assert requests_of(found[0]) == ["object-add", "object-del", "object-add"]
    assert sum(each.searched.requests for each in results if each.searched) < 4000


def test_what_was_made_while_the_guest_ran_is_found_by_a_history(
    runner: Runner, program: Path
) -> None:
    results = search(
        runner, program, "object-add/stateful/search", "dies-of-what-was-made-while-running"
    )

    found = found_in(results)
    assert requests_of(found[0]) == ["cont", "object-add", "stop"]


def test_what_a_refused_request_leaves_is_found(runner: Runner, program: Path) -> None:
    (result,) = search(runner, program, "object-add/toy/fuzz/*", "refusal-leaves-object")

    rules = {miss.rule for each in result.further for miss in each.verdict.misses}
    assert rules == {"W65"}


@pytest.mark.parametrize(
    "glob", ["object-add/toy/fuzz/*", "object-add/stateful/search", "qom-*/fuzz/*"]
)
def test_a_server_that_keeps_its_promises_has_no_finding(
    runner: Runner, program: Path, glob: str
) -> None:
    results = search(runner, program, glob)

    assert [each.verdict for each in results if each.verdict.outcome in BROKEN] == []
    assert all(each.searched and each.searched.accepted for each in results)


def test_the_same_seed_finds_the_same_with_the_same_requests(runner: Runner, program: Path) -> None:
    one, other = (
        search(runner, program, "object-add/toy/fuzz/*", "dies-of-two-members")[0] for _ in range(2)
    )

    assert [each.case.steps for each in one.further] == [each.case.steps for each in other.further]
    assert one.searched is not None
    assert other.searched is not None
    assert one.searched.requests == other.searched.requests


def test_what_is_found_is_told_as_a_case_that_shows_it_again(
    runner: Runner, program: Path, tmp_path: Path
) -> None:
    results = search(runner, program, "object-add/stateful/search", "dies-of-what-is-made-again")
    (told,) = [text for each in results for event in searched("t", each) for text in event.found]
    (tmp_path / "found.toml").write_text(told.text)
    glob = f"*/stateful/history/{told.fingerprint}"

    def outcome(target: Target) -> Outcome:
        own = replace(target, cases=(str(tmp_path),))
        _, (again,) = runner.run(own, lambda made: fitting(made, (glob,), LIMIT), (glob,))
        return again.verdict.outcome

    assert outcome(miniature(program, "dies-of-what-is-made-again")) is Outcome.CRASH
    assert outcome(miniature(program)) is Outcome.PASS


def test_without_time_nothing_is_drawn(runner: Runner, program: Path) -> None:
    glob = "object-add/toy/fuzz/*"
    target = miniature(program)
    campaign, _ = runner.run(
        target, lambda made: [], (glob,), SearchTime(share=0.0, given_seed="1")
    )
    cases = fitting(campaign, (glob,), LIMIT)

    (result,) = runner.play(campaign, target, cases)

    assert result.verdict.outcome is Outcome.NOT_RUN
