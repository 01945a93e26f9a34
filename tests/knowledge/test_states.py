"""Files about states: patterns are JSON with known words."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.check import check_cases
from conformance.knowledge.states import load_states
from conformance.model.errors import KnowledgeError
from conformance.model.stage import SCRATCH

STATE = """
[[state]]
name = "named"
args = ["-name", "a"]
reason = "it has a name"

[[state.shows]]
execute = "query-name"
answer = '{answer}'
"""


def a_folder(tmp_path: Path, answer: str) -> Path:
    folder = tmp_path / "states"
    folder.mkdir()
    (folder / "some.toml").write_text(STATE.replace("{answer}", answer), encoding="utf-8")
    return folder


def test_a_state_is_read_with_its_patterns(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, '{"name": "{scratch}/x", "n": [{"a": "{any}"}, "{more}"]}')

    (state,) = load_states(folder).states

    (shown,) = state.shows
    assert (state.name, state.spec.args, shown.request.execute) == (
        *("named", ("-name", "a")),
        "query-name",
    )
    assert shown.answer == {"name": f"{SCRATCH}/x", "n": [{"a": "{any}"}, "{more}"]}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("{", "is no JSON"),
        ('{"name": "{anything}"}', "has '{anything}', which is unknown"),
        ('{"name": ["{like}"]}', "has '{like}', which is unknown"),
    ],
)
def test_a_wrong_pattern_is_told(tmp_path: Path, answer: str, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        load_states(a_folder(tmp_path, answer))


def test_a_member_that_no_release_has_is_told(tmp_path: Path) -> None:
    (problem,) = check_cases([a_folder(tmp_path, '{"nme": "a"}')])

    assert "no release has the member 'query-name.nme'" in problem.what
    assert "Did you mean 'name'?" in problem.remedy


ABOUT = """
[[state]]
name = "with-{each}"
each = ["one", "two"]
reason = "it is on"
about = ["migration"]
leaving = ["mig*"]

[[state.setup]]
execute = "migrate-set-capabilities"
arguments = { capabilities = [{ capability = "{each}", state = true }] }

[[state.shows]]
execute = "query-migrate-capabilities"
proves = true
answer = '[{"capability": "{each}", "state": true}, "{more}"]'
"""


def written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "states"
    folder.mkdir()
    (folder / "some.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_state_is_there_once_for_each_of_its_words(tmp_path: Path) -> None:
    one, two = load_states(written(tmp_path, ABOUT)).states

    assert (one.name, two.name) == ("with-one", "with-two")
    assert one.setup[0].arguments == {"capabilities": [{"capability": "one", "state": True}]}
    assert two.shows[0].answer == [{"capability": "two", "state": True}, "{more}"]
    assert one.leads_out("migrate")
    assert not one.leads_out("quit")


def test_a_state_may_be_for_thorough_runs_alone(tmp_path: Path) -> None:
    states = load_states(written(tmp_path, ABOUT.replace("each =", "thorough = true\neach =")))

    assert not [*states.for_depth(thorough=False)]
    assert len([*states.for_depth(thorough=True)]) == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("proves = true\n", ""), "no answer proves that the state was reached"),
        (('about = ["migration"]\n', ""), "'about' is missing"),
        (
            ("[[state.setup]]", "[[state.setup]]\ncompanion = true"),
            "for a companion, and there is none",
        ),
    ],
)
def test_a_state_in_which_nothing_could_be_asked_is_told(
    tmp_path: Path, change: tuple[str, str], problem: str
) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        load_states(written(tmp_path, ABOUT.replace(*change)))
