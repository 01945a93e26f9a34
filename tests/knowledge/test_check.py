"""What is found wrong with files of cases: every fault, with line and the nearest right word."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.check import check_cases
from conformance.knowledge.decoder import CaseSource, decoded, files_in
from conformance.knowledge.known_names import KnownNames, shipped_releases
from conformance.knowledge.name_check import name_problems
from conformance.knowledge.store import cases_folder
from conformance.launch import scratch
from conformance.launch.callers import CALLERS, FORWARDERS
from conformance.launch.host import answers
from conformance.launch.mock_servers import MOCK_SERVERS
from conformance.model.stage import FILE_MAKERS, HOST_NEEDS, PEER_CALLERS, PEER_SERVERS

COMMAND = '[[command]]\nname = "x-query-rdma"\nversions = "==5.2.9"\nreason = "r"\n'
"""A command that ships no recipe for that version."""
OBJECT = '[[object]]\ntype = "iothread"\nreplaces = true\n'
RANGE = '[[range]]\ncommand = "block_resize"\npaths = ["size"]\nversions = "==5.2.9"\n'
EVENT = '[[event]]\nevent = "STOP"\nname = "mine"\nreason = "r"\n'
VERIFY = 'verify = [{{ execute = "{} }}]\n'
STEPS = 'steps = [{ execute = "stop", emits = [{ event = "STOP" }] }]\n'


def found(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "mine.toml").write_text(text)
    return [str(problem) for problem in check_cases([tmp_path / "mine.toml"])]


def test_nothing_is_wrong_with_what_ships() -> None:
    assert [str(problem) for problem in check_cases([cases_folder()])] == []


def test_sound_entries_beside_what_ships_are_not_complained_of(tmp_path: Path) -> None:
    assert found(tmp_path, COMMAND + OBJECT + EVENT + STEPS) == []


FAULTS = {
    "key": (COMMAND + "argments = {}\n", 5, "Did you mean 'arguments'?"),
    "top": ("[[comand]]\n", 1, "Did you mean 'command'?"),
    "word": (COMMAND + 'effect = "destructiv"\n', 5, "Did you mean 'destructive'?"),
    "type of a value": (COMMAND + "args = 1\n", 5, "'args' is the number 1, not an array"),
    "missing": ("[[command]]\n", 1, "'name' is missing"),
    "contradiction": (
        COMMAND + 'not_observable = "r"\nverify = [{ execute = "query-status", value = 1 }]\n',
        5,
        "'not_observable' and 'verify' contradict each other",
    ),
    "versions": ('[[command]]\nname = "stop"\nversions = "7"\n', 3, "'7' is no bound"),
    "arch": (COMMAND + 'arch = ["x86-64"]\n', 5, "Did you mean 'x86_64'?"),
    "command": ('[[command]]\nname = "blockdev-ad"\n', 2, "Did you mean 'blockdev-add'?"),
    "command of a request": (
        COMMAND + 'setup = [\n    { execute = "stopp" },\n]\n',
        6,
        "Did you mean 'stop'?",
    ),
    "argument": (
        COMMAND + 'setup = [{ execute = "blockdev-add", arguments = { nod-name = "n" } }]\n',
        5,
        "Did you mean 'node-name'?",
    ),
    "value": (
        COMMAND + 'setup = [{ execute = "blockdev-add", arguments = { driver = "nul-co" } }]\n',
        5,
        "Did you mean 'null-co'?",
    ),
    "created object": (
        COMMAND + 'setup = [{ execute = "object-add", arguments = { qom-type = "iothred" } }]\n',
        5,
        "Did you mean 'iothread'?",
    ),
    "reference": (
        '[[command]]\nname = "stop"\nreplaces = true\nreferences = [{ at = "a", to = "b" }]\n',
        4,
        "no release has the member 'stop.a'",
    ),
    "object type": ('[[object]]\ntype = "iothred"\n', 2, "Did you mean 'iothread'?"),
    "property": (OBJECT + "[object.members.poll-mx-ns]\n", 4, "Did you mean 'poll-max-ns'?"),
    "property of a value": (
        OBJECT + "[object.members.poll-max-ns]\nwith = { poll-grov = 1 }\n",
        5,
        "Did you mean 'poll-grow'?",
    ),
    "range": ('[[range]]\ncommand = "block_resise"\n', 2, "Did you mean 'block_resize'?"),
    "path of a range": (RANGE + 'accepted = ["sise=*"]\n', 5, "Did you mean 'size'?"),
    "limit": (RANGE + '[range.limits.sise]\nopen = "o"\n', 5, "Did you mean 'size'?"),
    "event": ('[[unprovoked]]\nevent = "STOPP"\nreason = "r"\n', 2, "Did you mean 'STOP'?"),
    "emitted": (EVENT + STEPS.replace('"STOP"', '"STOP" }, { event = "RESUM"'), 5, "'RESUME'?"),
    "data": (
        '[[limited]]\nevent = "QUORUM_REPORT_BAD"\nversions = "<1"\nby = ["node-nam"]\n'
        'reason = "r"\n',
        4,
        "Did you mean 'node-name'?",
    ),
    "device": (
        COMMAND
        + 'setup = [{ execute = "device_add", arguments = { driver = "virtio-rgn-pci" } }]\n',
        5,
        "no release has the QOM type 'virtio-rgn-pci', which 'driver' names\n"
        "  Did you mean 'virtio-rng-pci'?",
    ),
    "type that is asked for": (
        COMMAND
        + VERIFY.format(
            'qom-list-properties", arguments = { typename = "iothred" }, differs = true'
        ),
        5,
        "no release has the QOM type 'iothred', which 'typename' names\n",
    ),
    "device of a recipe": (
        '[[command]]\nname = "device_add"\nreplaces = true\narguments = { driver = "e10000" }\n',
        4,
        "Did you mean 'e1000'?",
    ),
    "device of another request": (
        '[[command]]\nname = "device_add"\nreplaces = true\n[[command.further]]\nname = "n"\n'
        'reason = "r"\narguments = { driver = "e10000" }\n',
        7,
        "further n, arguments: no release has the QOM type 'e10000', which 'driver' names",
    ),
    "device on a command line": (
        COMMAND + 'args = [\n    "-m", "64",\n    "-device", "ide-cdd,id=cd",\n]\n',
        7,
        "Did you mean 'ide-cd'?",
    ),
    "device on a command line, as JSON": (
        COMMAND + """args = ["-device", '{"id": "a", "driver": "ide-cdd"}']\n""",
        5,
        "Did you mean 'ide-cd'?",
    ),
    "device on a command line, with its key": (
        COMMAND + 'args = ["-device", "driver=ide-cdd"]\n',
        5,
        "Did you mean 'ide-cd'?",
    ),
    "device on a command line with a name": (
        '[args]\na = ["-device", "ide-cdd"]\n' + COMMAND + 'args = "a"\n',
        2,
        "args: no release has the QOM type 'ide-cdd'",
    ),
    "device of a second machine": (
        COMMAND + 'companions = [{ args = ["-device", "ide-cdd"] }]\n',
        5,
        "Did you mean 'ide-cd'?",
    ),
    "object on a command line": (
        COMMAND + 'args = ["-object", "iothred,id=a"]\n',
        5,
        "Did you mean 'iothread'?",
    ),
    "device that stands in": (
        '[[stand_in]]\narch = ["arm"]\ndevice = "rocker"\nby = "roker"\nreason = "r"\n',
        4,
        "Did you mean 'rocker'?",
    ),
    "machine": (COMMAND + 'machine = "q53,cxl=on"\n', 5, "Did you mean 'q35'?"),
    "machine of a second machine": (
        COMMAND + 'machine = "q35"\ncompanions = [{ machine = "micrvm" }]\n',
        6,
        "no release has the machine 'micrvm', which 'machine' names\n  Did you mean 'microvm'?",
    ),
    "machine that stands in": (
        '[[stand_in]]\narch = ["arm"]\nmachine = "q35"\nby = "vrit"\nreason = "r"\n',
        4,
        "Did you mean 'virt'?",
    ),
    "type that is needed": (COMMAND + 'needs = ["type:rokcer"]\n', 5, "Did you mean 'rocker'?"),
    "type whose property is needed": (
        COMMAND + 'needs = ["kvm", "property:iothred.poll-grow"]\n',
        5,
        "no release has the QOM type 'iothred', which 'needs' names\n  Did you mean 'iothread'?",
    ),
    "property that is needed": (
        COMMAND + 'needs = ["property:iothread.poll-grov"]\n',
        5,
        "no release has the property 'iothread.poll-grov', which 'needs' names\n"
        "  Did you mean 'poll-grow'?",
    ),
    "place in an answer": (
        COMMAND + VERIFY.format('query-jobs", at = [{ id = "j" }, "staus"], there = true'),
        5,
        "no release has the member 'query-jobs.staus', which 'at' names\n  Did you mean 'status'?",
    ),
    "place in the branch of a union": (
        COMMAND
        + VERIFY.format('query-memory-devices", at = [0, "data", "hotplugable"], there = true'),
        5,
        "no release has the member 'query-memory-devices.data.hotplugable', which 'at' names\n"
        "  Did you mean 'hotpluggable'?",
    ),
    "place in what is no array": (
        COMMAND + VERIFY.format('query-status", at = [0], there = true'),
        5,
        "no release has the member 'query-status.0'",
    ),
    "member of an element": (
        COMMAND + VERIFY.format('query-jobs", at = [{ idd = "j" }], absent = true'),
        5,
        "no release has the member 'query-jobs.idd', which 'at' names\n  Did you mean 'id'?",
    ),
    "value of an element": (
        COMMAND
        + VERIFY.format(
            'query-migrate-capabilities", at = [{ capability = "xbzlre" }, "state"], value = true'
        ),
        5,
        "Did you mean 'xbzrle'?",
    ),
    "value in an answer": (
        COMMAND + VERIFY.format('query-status", at = ["status"], value = "pausd"'),
        5,
        "no release has the value 'query-status.status=pausd', which 'value' names\n"
        "  Did you mean 'paused'?",
    ),
    "place to ignore": (
        COMMAND + VERIFY.format('query-jobs", differs = true, ignore = ["*.current-progres"]'),
        5,
        "Did you mean 'current-progress'?",
    ),
    "place in the answer of a release": (
        '[[command]]\nname = "x-query-rdma"\nversions = "<6"\nreason = "r"\n'
        + VERIFY.format('query-migrate-parameters", at = ["zero-page-detection"], there = true'),
        5,
        "no release has the member 'query-migrate-parameters.zero-page-detection'",
    ),
    "place in a further answer": (
        COMMAND
        + '[[command.further]]\nname = "more"\nreason = "r"\n'
        + VERIFY.format('query-status", at = ["runing"], value = true'),
        8,
        "Did you mean 'running'?",
    ),
    "where a value shows": (
        '[[readback]]\ncommands = ["block_resize"]\nexecute = "query-named-block-nodes"\n'
        'at = [0, "imag", "virtual-size"]\n',
        4,
        "Did you mean 'image'?",
    ),
    "where a default shows": (
        '[[default]]\ncommand = "block_resize"\nname = "n"\nread = { execute = "query-status" }\n'
        'reason = "r"\nshows = { node-name = "runing" }\n',
        6,
        "Did you mean 'running'?",
    ),
    "stage": (EVENT + 'stage = "nowhere"\n' + STEPS, 5, "'stage' is 'nowhere'"),
    "maker": (COMMAND + 'files = [{ path = "a", make = "x508" }]\n', 5, "Did you mean 'x509'?"),
    "peer": (
        COMMAND + 'peers = [{ serve = "barier", address = "1" }]\n',
        5,
        "Did you mean 'barrier'?",
    ),
    "probe": (COMMAND + 'needs = ["kwm"]\n', 5, "Did you mean 'kvm'?"),
    "probe of nothing": (COMMAND + 'needs = ["path"]\n', 5, "Write path:WHAT."),
    "stand-in": (
        '[[stand_in]]\narch = ["arm"]\nmachine = "microwm"\nby = "virt"\nreason = "r"\n',
        3,
        "Did you mean 'microvm'?",
    ),
    "rule": (
        '[[exchange]]\nname = "n"\nrules = ["W999"]\nreason = "r"\nturns = [{ sync = "" }]\n',
        3,
        "no release has the rule 'W999'",
    ),
    "danger": (
        '[[danger]]\ncommands = ["stopp"]\nreaches = ["program"]\nreason = "r"\n',
        2,
        "Did you mean 'stop'?",
    ),
    "harmless danger": (
        '[[danger]]\ncommands = ["stop"]\nreaches = ["program"]\nreason = "r"\n',
        2,
        "stop stands under",
    ),
    "twice": (COMMAND + COMMAND, 5, "x-query-rdma stands there twice, first in line 1"),
    "twice at one place": (
        COMMAND + 'references = [{ at = "a", to = "b" }, { at = "a", to = "c" }]\n',
        5,
        "a stands there twice",
    ),
    "also what ships": ('[[object]]\ntype = "iothread"\n', 1, "iothread.toml:"),
    "nothing to replace": (COMMAND + "replaces = true\n", 1, "'replaces' is true, and nothing"),
    "part of the suite": (
        '[rules.W01]\npromise = "p"\nsource = "s"\nseverity = "must"\n',
        1,
        "own",
    ),
    "undeclared": (
        '[[undigested]]\nkind = "command"\nnames = ["stopp"]\nreason = "r"\n',
        3,
        "no entry uses the undigested command 'stopp'",
    ),
    "syntax": ("[[command]\n", 1, "not TOML"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_line_and_what_is_meant(tmp_path: Path, fault: str) -> None:
    text, line, words = FAULTS[fault]

    told = [each for each in found(tmp_path, text) if f"mine.toml:{line}: " in each]

    assert any(words in each for each in told), found(tmp_path, text)


@pytest.mark.parametrize(
    "look",
    [
        'query-jobs", at = [{ id = "{unique}-j" }, "status"], value = "running"',
        'query-block", at = [0, "inserted", "{member}"], there = true',
        'query-memory-devices", at = [0, "data", "hotpluggable"], there = true',
        'qom-get", arguments = { path = "a", property = "b" }, at = ["any", "where"], there = true',
        'query-named-block-nodes", differs = true, ignore = ["*.image.actual-size"]',
        'query-migrate-parameters", at = ["zero-page-detection"], value = "legacy"',
    ],
)
def test_a_place_in_an_answer_may_be_one_of_any_release_that_is_meant(
    tmp_path: Path, look: str
) -> None:
    # No digest is of 12.
    text = COMMAND.replace("==5.2.9", ">=12") + VERIFY.format(look)

    assert found(tmp_path, text) == []


def test_types_of_builds_and_aliases_of_devices_are_not_complained_of(tmp_path: Path) -> None:
    text = COMMAND + (
        'machine = "pc-q35-6.2,smm=off"\n'
        'needs = ["type:s390x-cpu", "type:tls-creds-x509", "property:iothread.poll-max-ns"]\n'
        'args = ["-device", "virtio-blk,id=a", "-device", "{scratch}", "-device", "id=b"]\n'
        'setup = [{ execute = "device_add", arguments = { driver = "{value}" } }]\n'
    )
    declared = '[[undigested]]\nkind = "QOM type"\nnames = ["our-nic"]\nreason = "of our own"\n'
    ours = COMMAND.replace("5.2.9", "5.2.8") + 'args = ["-device", "our-nic"]\n'

    assert found(tmp_path, text + ours + declared) == []
    (told,) = found(tmp_path, text + ours)
    assert "'our-nic'" in told


STAGE = '[[stage]]\nname = "my-clock"\nreason = "r"\n'


@pytest.mark.parametrize(
    "stage",
    [STAGE, STAGE + "size = 1\n", STAGE + '[[command]]\nname = "stopp"\n'],
    ids=["sound", "a fault in the stage", "a fault beside the stage"],
)
@pytest.mark.parametrize("beside", [True, False], ids=["in another file", "in the same file"])
def test_a_stage_may_stand_in_any_file_of_the_folder(
    tmp_path: Path, stage: str, beside: bool
) -> None:
    (tmp_path / "other.toml").write_text(stage)
    text = EVENT + 'stage = "my-clock"\n' + STEPS

    told = found(tmp_path, text if beside else text + stage)

    assert [each for each in told if "'stage'" in each] == []
    if beside:
        assert told == []


def test_a_stage_may_be_one_that_ships(tmp_path: Path) -> None:
    assert found(tmp_path, EVENT + 'stage = "pokes"\n' + STEPS) == []


@pytest.mark.parametrize(
    ("name", "meant"), [("my-clok", "my-clock"), ("poke", "pokes")], ids=["own", "shipped"]
)
def test_a_misspelt_stage_is_told_with_the_nearest_one(
    tmp_path: Path, name: str, meant: str
) -> None:
    (tmp_path / "other.toml").write_text(STAGE)

    (told,) = found(tmp_path, EVENT + f'stage = "{name}"\n' + STEPS)

    assert told == (
        f"{tmp_path}/mine.toml:5: event mine: 'stage' is {name!r}, which is unknown\n"
        f"  Did you mean {meant!r}?"
    )


def test_files_of_other_kinds_beside_a_file_are_not_complained_of(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    (tmp_path / "broken.toml").write_text("[")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[[stage]]\n[[event]]\n')

    assert found(tmp_path, COMMAND) == []


def test_what_a_file_beside_it_says_of_the_same_thing_is_told(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(COMMAND)

    (told,) = found(tmp_path, COMMAND)

    assert f"mine.toml:1: x-query-rdma stands there, and in {tmp_path}/other.toml:1 too" in told


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = '[[command]]\nname = "stopp"\nneeds = ["kwm"]\n[[object]]\ntype = "iothred"\nsize = 1\n'

    lines = [each.partition(": ")[0].rpartition(":")[2] for each in found(tmp_path, text)]

    assert lines == ["3", "5", "6"]


def test_a_name_that_is_declared_with_its_reason_is_not_complained_of(tmp_path: Path) -> None:
    text = '[[command]]\nname = "act"\narguments = { a = 1 }\n'

    assert len(found(tmp_path, text)) == 1
    declared = '[[undigested]]\nkind = "command"\nnames = ["act"]\nreason = "of our own"\n'
    assert found(tmp_path, text + declared) == []


def test_a_line_is_that_of_a_key_in_an_array_of_several_lines(tmp_path: Path) -> None:
    text = (
        COMMAND
        + 'setup = [\n    # "{ execute = 1 }"\n    { execute = "stop" },\n    { exec = 1 },\n]\n'
    )

    (unknown, missing) = found(tmp_path, text)

    assert "mine.toml:8: command x-query-rdma, setup 2: 'execute' is missing" in missing + unknown
    assert "mine.toml:8: command x-query-rdma, setup 2: unknown key 'exec'" in missing + unknown


def test_the_words_of_files_are_those_that_a_machine_can_be_given() -> None:
    assert set(FILE_MAKERS) == {*scratch._MAKERS, scratch._FIFO}
    assert set(PEER_SERVERS) == MOCK_SERVERS.keys()
    assert set(PEER_CALLERS) == CALLERS.keys() | FORWARDERS.keys()
    assert all(map(answers, HOST_NEEDS))


ODD: tuple[Any, ...] = (
    0,
    True,
    "",
    "x",
    [],
    {},
    [1],
    [{}],
    {"a": 1},
    {"execute": "stop"},
    ["x"],
    1.5,
)


@pytest.mark.parametrize("path", list(files_in(cases_folder())), ids=lambda path: path.stem)
def test_whatever_stands_anywhere_is_told_and_never_breaks_the_reader(path: Path) -> None:
    top = tomllib.loads(path.read_text(encoding="utf-8"))
    known = KnownNames(shipped_releases())
    some = {key: value[:1] if isinstance(value, list) else value for key, value in top.items()}
    some.pop("rules", None)
    every = list(places(some))
    for number, place in enumerate(every[:: 1 + len(every) // 100]):
        # Of the odd values one each, in turn: all of them everywhere would take minutes.
        odd = ODD[number % len(ODD)]
        read = decoded(CaseSource("f.toml", "", changed(some, place, odd)), CaseFile)

        told = [str(problem) for problem in (*read.problems, *name_problems(read, known))]
        assert all(each.startswith("f.toml:1: ") for each in told)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each key and element of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, dict | list) else ():
        yield (*path, key)
        yield from places(item, (*path, key)) if isinstance(item, dict | list) else ()


def changed(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """Return a value with another one in a place of it."""
    if not path:
        return odd
    made = value.copy()
    made[path[0]] = changed(value[path[0]], path[1:], odd)
    return made
