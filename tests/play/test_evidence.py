"""What a finding shows, and that its reproducer shows the same to whoever runs it in a shell."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.expect_answer import Answer, Reject
from conformance.judge.miss import Miss
from conformance.judge.observation import FilesSeen, Line, Observation
from conformance.judge.verdict import Verdict, judge_claims
from conformance.knowledge.rules import load_rules
from conformance.launch.target import program_target
from conformance.model.case import Behaves, Case, DefaultOf, Step
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.model.file_content import FileContent
from conformance.model.stage import (
    SCRATCH,
    Descriptor,
    MachineSpec,
    Peer,
    Request,
    ScratchFile,
    Stage,
)
from conformance.model.terms import ABSENT, Outcome, Severity
from conformance.play.alone import Result
from conformance.play.evidence import evidence, finding
from conformance.play.readings import behaviour_seen, default_read
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from conformance.prepare.selection import Selection
from conformance.report.reproducer import ShownPlay, reproducer
from conformance.wire.framing import read_message
from tests.judge.made import claim
from tests.patience import PATIENCE
from tests.play.conftest import Runner
from tests.play.made import case, step

QEMU = "/usr/bin/qemu-system-x86_64"
COMMAND = (QEMU, "-machine", "none", "-nodefaults", "-qmp", "stdio")
# QEMU takes a tenth of a second; a reproducer that does not end would take all of it.
SHELL_LIMIT = PATIENCE
RULES = load_rules()
REPLY = b'{"return": {}, "id": 0}\r\n'

needs_qemu = pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"no {QEMU} on this host")


def _lines(text: str) -> list[Any]:
    """Return the requests that a reproducer sends."""
    body = text.split("<<'EOF'", 1)[1].partition("\n")[2].removesuffix("EOF")
    return [json.loads(line) for line in body.splitlines()]


def _replies(output: str) -> list[dict[str, Any]]:
    messages = [json.loads(line) for line in output.splitlines()]
    return [message for message in messages if "event" not in message and "QMP" not in message]


def _shell(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", text], capture_output=True, text=True, timeout=SHELL_LIMIT, check=False
    )


def _without_id(line: Line | None) -> dict[str, Any]:
    assert line is not None
    value: dict[str, Any] = json.loads(line.data)
    del value["id"]
    return value


def test_a_reproducer_negotiates_sets_up_repeats_the_company_and_quits() -> None:
    stage = Stage(name="s", setup=(Request("cont", ABSENT),))
    before = replace(case("before", step("stop")), stage=stage)
    own = replace(case("own", step("qom-list", {"path": "/it's"})), stage=stage)

    sent = _lines(reproducer(own, [before], COMMAND))

    assert sent == [
        {"execute": "qmp_capabilities"},
        {"execute": "cont"},
        {"execute": "stop"},
        {"execute": "qom-list", "arguments": {"path": "/it's"}},
        {"execute": "quit"},
    ]


@pytest.mark.parametrize(
    ("capabilities", "sent"),
    [
        (("oob",), ["qmp_capabilities", "stop", "quit"]),
        (None, ["stop", "qmp_capabilities", "quit"]),
    ],
    ids=["out of band", "in negotiation"],
)
def test_a_reproducer_negotiates_as_its_stage_does(
    capabilities: tuple[str, ...] | None, sent: list[str]
) -> None:
    own = replace(case("own", step("stop")), stage=Stage(name="s", capabilities=capabilities))

    lines = _lines(reproducer(own, (), COMMAND))

    assert [line["execute"] for line in lines] == sent
    enabled = {"enable": ["oob"]} if capabilities else None
    assert lines[sent.index("qmp_capabilities")].get("arguments") == enabled


def test_a_file_that_was_left_is_listed_at_the_end_of_a_reproducer_and_of_the_evidence() -> None:
    own = case("own", step("stop", {"path": f"{SCRATCH}/left"}))
    files = FilesSeen({}, {"left": FileContent("file", 2, "x")})
    seen = Observation(replies=(_line({"return": {}}),), files=files)

    *_, last = reproducer(own, (), COMMAND, ShownPlay(seen=seen)).splitlines()

    assert last == f"ls -l {SCRATCH}"
    *_, shown = evidence(own, seen).transcript
    assert shown.strip() == f"{SCRATCH}/left: nothing before, a file of 2 bytes after"
    unchanged = replace(seen, files=FilesSeen({}, {}))
    assert "ls -l" not in reproducer(own, (), COMMAND, ShownPlay(seen=unchanged))


def _line(message: dict[str, Any]) -> Line:
    data = f"{json.dumps(message)}\r\n".encode()
    return Line(data, read_message(data))


def test_a_long_company_is_cut_from_its_beginning_and_that_is_said() -> None:
    before = [case(str(n), step("stop", {"n": n})) for n in range(2003)]

    text = reproducer(case("own", step("cont")), before, COMMAND)

    assert text.startswith("# The first 3 requests are left out here.")
    assert _lines(text)[1] == {"execute": "stop", "arguments": {"n": 3}}


def test_a_reproducer_prepares_what_the_stage_needs() -> None:
    spec = MachineSpec(
        machine="pc",
        accel="tcg",
        args=("-m", "{scratch}/x"),
        files=(
            ScratchFile(path="key", text="it's", size=8),
            ScratchFile(path="bytes", hex="41ff", at=2),
            ScratchFile(path="empty/"),
            ScratchFile(path="psk/", make="psk"),
        ),
        peers=(Peer(serve="pr-helper", address="pr.sock"),),
        descriptors=(Descriptor(name="fd0", source="memfd"),),
    )
    own = replace(case("own", step("stop")), stage=Stage(name="s", spec=spec))

    lines = reproducer(own, (), COMMAND).splitlines()

    assert "mkdir -p /tmp/qmp" in lines
    assert "mkdir -p /tmp/qmp/empty/" in lines
    assert any(line.startswith("printf %s ") and line.endswith("/key") for line in lines)
    assert "truncate -s 2 /tmp/qmp/bytes" in lines
    assert "printf '\\101\\377' >> /tmp/qmp/bytes" in lines
    assert "truncate -s 8 /tmp/qmp/key" in lines
    comments = " ".join(line for line in lines if line.startswith("#"))
    assert all(word in comments for word in ("psk", "pr-helper"))
    (getfd,) = [line for line in lines if "getfd" in line]
    assert '"fdname":"fd0"' in getfd
    assert getfd.endswith('passing=os.memfd_create("m"))')
    start = next(line for line in lines if line.startswith("machine = start("))
    assert "-machine pc " in start
    assert "-accel tcg -m /tmp/qmp/x" in start


def test_a_reproducer_passes_descriptors_along() -> None:
    passing = step("add-fd")
    passing = replace(passing, request=replace(passing.request, descriptor="memfd"))

    lines = reproducer(case("own", passing), (), COMMAND).splitlines()

    assert """ask(machine, '{"execute":"add-fd"}', passing=os.memfd_create("m"))""" in lines


def test_a_finding_shows_the_dialogue_and_the_end() -> None:
    miss = Miss(rule="W35", kind=Kind.CRASH, summary="s", expected="e", fold="f", why="because")
    seen = Observation(
        replies=(Line(REPLY, read_message(REPLY)), None),
        death=Ending(status=-6, stderr="Assertion"),
    )
    dead = case("dead", step("stop"), step("cont"))
    verdict = Verdict(outcome=Outcome.CRASH, misses=(miss,))

    found = finding("t", Result(case=dead, verdict=verdict, seen=seen), miss, RULES, COMMAND)

    assert (found.rule, found.severity, found.outcome) == ("W35", Severity.MUST, Outcome.CRASH)
    assert RULES["W35"].promise in found.why
    assert "because" in found.why
    assert (found.evidence.exit_status, found.evidence.stderr) == (-6, "Assertion")
    assert [line[:3] for line in found.evidence.transcript] == ["-> ", "<- ", "-> "]
    assert found.reproducer == reproducer(dead, (), COMMAND, ShownPlay(seen=seen))
    assert found.reproducer.endswith('echo "QEMU ended with status $?"')
    assert found.signs == ("QEMU ended with status 134", "Assertion")


def test_a_broken_claim_shows_both_sides_and_how_the_build_says_it() -> None:
    broken = claim("uint8", "str", what="member a", where="qapi/made.json:3")
    other = replace(case("claims"), claims=(broken, claim("1", "1")))
    verdict = judge_claims(other)

    found = finding("t", Result(case=other, verdict=verdict), verdict.misses[0], RULES, COMMAND)

    assert found.evidence.transcript == (
        "   member a",
        "-  uint8    (qapi/made.json:3)",
        "+  str",
    )
    assert "# In a tree of its source: sed -n 3,15p qapi/made.json" in found.reproducer
    assert "entry = named.get('made', missing)" in found.reproducer
    assert found.signs == ("command made",)


def test_of_claims_that_fold_together_each_defect_shows_its_own() -> None:
    one = claim("1", "2", what="one", defect="first")
    two = claim("1", "3", what="two", defect="second")
    both = replace(case("claims"), claims=(one, two))
    verdict = judge_claims(both)

    found = [
        finding("t", Result(case=both, verdict=verdict), miss, RULES, COMMAND)
        for miss in verdict.misses
    ]

    assert [each.evidence.transcript[0] for each in found] == ["   one", "   two"]
    assert ["# two" in each.reproducer for each in found] == [False, True]


@pytest.mark.parametrize(
    ("reply", "real"),
    [
        ({"return": {"a": {"b": 3}}}, "3"),
        ({"return": {"a": {}}}, ""),
        ({"return": 1}, ""),
        ({"error": {"class": "GenericError", "desc": "no"}}, ""),
        (None, ""),
    ],
    ids=["read", "absent", "no-object", "refused", "unanswered"],
)
def test_a_default_is_read_where_the_reply_has_it(reply: Any, real: str) -> None:
    default = DefaultOf(member="b", documented=None, declared=4, step=0, path=("a", "b"))
    data = json.dumps(reply).encode() + b"\r\n"
    line = None if reply is None else Line(data, read_message(data))
    read = Result(
        case=replace(case("reads", step("stop")), defaults=(default,)),
        verdict=Verdict(outcome=Outcome.PASS),
        seen=Observation(replies=(line,)),
    )

    row = default_read("t", read, default)

    assert (row.documented, row.declared, row.real) == ("null", "4", real)


@pytest.mark.parametrize(
    ("path", "reply", "real"),
    [
        ((), {"return": {}}, "accepted"),
        ((), {"error": {"class": "GenericError", "desc": "no"}}, "refused"),
        ((), None, ""),
        (("0", "on"), {"return": [{"on": True}]}, "true"),
        (("0", "on"), {"return": []}, ""),
    ],
    ids=["accepted", "refused", "unanswered", "shown", "not shown"],
)
def test_what_a_build_does_where_releases_differ_is_what_its_reply_shows(
    path: tuple[str, ...], reply: Any, real: str
) -> None:
    behaves = Behaves(title="t", was=False, now=True, after="5.2", by="6.0", step=0, path=path)
    data = json.dumps(reply).encode() + b"\r\n"
    line = None if reply is None else Line(data, read_message(data))
    read = Result(
        case=replace(case("reads", step("stop")), behaves=behaves),
        verdict=Verdict(outcome=Outcome.PASS),
        seen=Observation(replies=(line,)),
    )

    seen = behaviour_seen("t", read, behaves)

    assert (seen.was, seen.now, seen.real) == ("false", "true", real)


@pytest.fixture(scope="module")
def campaign(runner: Runner) -> Campaign:
    # The cases are the tests' own: of the plan, the schema and the command line count.
    selection = Selection(globs=("query-version/valid/*",))
    return prepare(program_target(QEMU), runner.folder, open_cache(), selection=selection)


DIALOGUES: dict[str, Sequence[tuple[str, object]]] = {
    "answers": [
        ("qom-list-types", {"implements": "rng-backend", "abstract": True}),
        ("qom-get", {"path": "/machine", "property": "type"}),
    ],
    "refusals": [
        ("object-add", {"qom-type": "no-such-type", "id": 'it\'s "$HOME" `x` \\ ä'}),
        ("qom-list", {"path": "/no/such/path"}),
        ("object-del", []),
    ],
}


@pytest.mark.qemu
@needs_qemu
@pytest.mark.parametrize("name", DIALOGUES)
def test_a_reproducer_in_a_shell_sees_the_replies_that_the_run_saw(
    runner: Runner, campaign: Campaign, name: str
) -> None:
    # No step is refused that must succeed, so that the run plays all of them.
    own = case(name, *(_any(*dialogue) for dialogue in DIALOGUES[name]))
    (result,) = runner.play(campaign, campaign.target, [own])
    assert result.seen is not None

    done = _shell(reproducer(own, (), campaign.command_line))

    assert done.returncode == 0, done.stderr
    negotiated, *own_replies, _ = _replies(done.stdout)
    assert negotiated == {"return": {}}
    assert isinstance(result.seen, Observation)
    assert own_replies == [_without_id(line) for line in result.seen.replies]


@pytest.mark.qemu
@needs_qemu
def test_a_reproducer_of_a_real_finding_shows_it(runner: Runner, campaign: Campaign) -> None:
    must_fail = _expecting_refusal("query-version")
    (result,) = runner.play(campaign, campaign.target, [must_fail])
    (miss,) = result.verdict.misses

    found = finding("host", result, miss, RULES, campaign.command_line)
    done = _shell(found.reproducer)

    assert "qemu" in _replies(done.stdout)[1]["return"]
    assert any("return" in line for line in found.evidence.transcript if line.startswith("<- "))


def _any(execute: str, arguments: object) -> Step:
    return step(execute, arguments, Answer())


def _expecting_refusal(execute: str) -> Case:
    return case(execute, step(execute, expect=Reject()))


def test_a_reproducer_out_of_band_keeps_its_input_open() -> None:
    own = replace(case("own", step("stop")), stage=Stage(name="s", capabilities=("oob",)))

    first = reproducer(own, (), COMMAND).splitlines()[0]

    assert first.startswith("{ cat; sleep 1; } <<'EOF' | ")
