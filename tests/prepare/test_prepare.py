"""A build is asked once, and its cases are derived once, as long as nothing has changed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, program_target
from conformance.model.errors import UsageError
from conformance.prepare import planning
from conformance.prepare import prepare as module
from conformance.prepare.cache import NO_CACHE, Cache
from conformance.prepare.campaign import Campaign, find_case
from conformance.prepare.prepare import prepare
from conformance.prepare.selection import Selection
from tests.conftest import QEMU
from tests.miniatures.install import miniature

pytestmark = pytest.mark.qemu
SMALL = Selection(globs=("object-add/iothread/*",))


class Prepared:
    """Makes QEMU ready with the cache `kept`, and notes what was done."""

    def __init__(self, folder: RunFolder, kept: Path) -> None:
        self._folder = folder
        self.kept = kept
        self.cache = Cache(kept)
        self.told: list[str] = []

    def __call__(
        self, selection: Selection = SMALL, target: Target | None = None, *, cached: bool = True
    ) -> Campaign:
        self.told.clear()
        return prepare(
            target or program_target(QEMU),
            self._folder,
            self.cache if cached else NO_CACHE,
            selection=selection,
            tell=self.told.append,
        )

    @property
    def introspected(self) -> bool:
        return "introspecting it" in self.told


@pytest.fixture(scope="module")
def filled(run_folder: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with what QEMU answers, and the plan of a few cases: to ask takes seconds."""
    kept = tmp_path_factory.mktemp("filled") / "cache"
    Prepared(run_folder, kept)()
    return kept


@pytest.fixture
def prepared(run_folder: RunFolder, filled: Path, tmp_path: Path) -> Prepared:
    """Makes QEMU ready with a cache of its own that is filled already."""
    kept = tmp_path / "cache"
    shutil.copytree(filled, kept)
    return Prepared(run_folder, kept)


def test_a_build_is_asked_once(run_folder: RunFolder, tmp_path: Path) -> None:
    prepared = Prepared(run_folder, tmp_path / "cache")
    first = prepared()
    assert prepared.introspected

    second = prepared()

    assert not prepared.introspected
    assert second.plan.cases == first.plan.cases
    assert second.plan.head == first.plan.head
    assert second.target == first.target
    assert list(second.entries()) == list(first.entries())
    assert second.started(0) == first.started(0)


@pytest.mark.parametrize(
    "changed",
    [
        lambda target: replace(target, args=("-m", "64")),
        lambda target: replace(target, env=(("A", "b"),)),
        lambda target: replace(target, accel="tcg"),
    ],
)
def test_a_target_that_is_started_in_another_way_is_asked_anew(
    prepared: Prepared, changed: object
) -> None:
    assert callable(changed)

    prepared(target=changed(program_target(QEMU)))

    assert prepared.introspected


def test_a_program_whose_name_says_nothing_says_its_architecture(
    prepared: Prepared, tmp_path: Path
) -> None:
    program = tmp_path / "qemu-kvm"
    program.write_text(f'#!/bin/sh\nexec {QEMU} "$@"\n')
    program.chmod(0o755)
    named, unnamed = prepared(), prepared(target=program_target(str(program)))

    assert unnamed.plan.head.arch == named.plan.head.arch == "x86_64"
    assert list(unnamed.plan.ids) == list(named.plan.ids)


def test_words_for_people_change_no_answer(prepared: Prepared) -> None:
    other = prepared(target=replace(program_target(QEMU), name="other", spelling="other"))

    assert not prepared.introspected
    assert other.target.name == "other"


def test_without_a_cache_a_build_is_asked_each_time(prepared: Prepared) -> None:
    prepared(cached=False)

    assert prepared.introspected


def test_what_is_damaged_is_asked_and_derived_anew(
    prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    first = prepared()
    for path in prepared.kept.iterdir():
        path.write_bytes(path.read_bytes()[:-1])

    second = prepared()

    assert prepared.introspected
    assert second.plan.cases == first.plan.cases
    assert "is damaged, and is ignored" in capsys.readouterr().err


def test_a_script_is_never_taken_from_the_cache(prepared: Prepared, program: Path) -> None:
    prepared(target=miniature(program))

    prepared(target=miniature(program))

    assert prepared.introspected


def test_the_plan_of_a_script_that_answers_as_before_is_kept(
    prepared: Prepared, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = program_target(str(program))
    first = prepared(target=target)
    monkeypatch.setattr(planning, "planned", lambda *given: pytest.fail("it is derived anew"))

    second = prepared(target=target)

    assert prepared.introspected
    assert second.plan.data == first.plan.data


def test_what_is_selected_is_derived_alone_and_as_in_the_whole(
    prepared: Prepared, program: Path
) -> None:
    target = program_target(str(program))
    part = prepared(SMALL, target)
    whole = prepared(Selection(), target)

    wanted = list(whole.selected(SMALL))
    assert 0 < len(part.plan) == len(wanted) < len(whole.plan)
    assert part.plan.cases == tuple(whole.plan.read(wanted))
    assert part.plan.rows == whole.plan.rows
    # The whole plan is kept, and serves whoever wants a part.
    assert len(prepared(SMALL, target).plan) == len(whole.plan)


def test_a_part_is_derived_once_and_serves_no_other_selection(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepared(SMALL)
    derived: list[Sequence[str]] = []

    def counted(*given: Any) -> bytes:
        derived.append(given[4])
        return plan(*given)

    plan = planning.planned
    monkeypatch.setattr(planning, "planned", counted)

    assert prepared(SMALL).plan.data == first.plan.data
    other = Selection(globs=("object-add/secret/*",))
    assert {case.subject.name for case in prepared(other).plan.cases} == {"secret"}
    assert derived == [other.globs]


def test_a_case_that_is_not_there_is_looked_for_in_the_whole(
    prepared: Prepared, program: Path
) -> None:
    wrong = "object-add/iothread/valid/poll-max-nx"
    campaign = prepared(Selection(globs=(wrong,)), program_target(str(program)))

    with pytest.raises(UsageError, match=r"Nearest: .*object-add/iothread/valid/poll-max-ns"):
        find_case(campaign, wrong)


def test_what_the_host_lacks_is_looked_up_each_time(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    glob = Selection(globs=("object-add/can-host-socketcan/valid/*",))
    before = prepared(glob).plan.cases
    monkeypatch.setattr(module, "probe", lambda need, target: f"{need} is gone")

    after = prepared(glob).plan.cases

    assert not prepared.introspected
    assert [case.id for case in after] == [case.id for case in before]
    reasons = {case.blocked.reason for case in after if case.blocked is not None}
    assert "interface:can0 is gone" in " ".join(reasons)


def test_a_target_chooses_its_cases(prepared: Prepared) -> None:
    target = replace(program_target(QEMU), select=("object-add/iothread/valid/*", "nothing/*"))

    campaign = prepared(Selection(), target)
    ids = [campaign.plan.ids[number] for number in campaign.selected(Selection())]

    assert not prepared.introspected
    assert ids
    assert all(each.startswith("object-add/iothread/valid/") for each in ids)
    assert campaign.started(len(ids)).launcher.endswith(
        "; only the cases object-add/iothread/valid/*, nothing/*"
    )
    # What the command line chooses, too, is what both choose.
    both = prepared(SMALL, target)
    assert [both.plan.ids[number] for number in both.selected(SMALL)] == ids
    other = Selection(globs=("object-add/iothread/errors/*",))
    assert [*prepared(other, target).selected(other)] == []


def test_a_choice_that_fits_no_case_is_a_mistake(prepared: Prepared) -> None:
    target = replace(program_target(QEMU), select=("object-add/iothred/*",), spelling="t.toml:x")

    with pytest.raises(UsageError, match=r"t.toml:x: no case fits 'object-add/iothred/\*'") as told:
        prepared(Selection(), target)

    assert "iothread" in told.value.remedy
