"""What the user asked for, as targets: names, patterns, roots, and how they are spelt."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from conformance.launch.target import Target, is_target_file
from conformance.model.errors import UsageError
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.play.options import read_options
from conformance.prepare.targets import distinct


def read(*words: str) -> tuple[Target, ...]:
    """Return the targets of a command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="*")
    option_table.declare(CommandName.RUN, parser)
    asked = parser.parse_intermixed_args(words)
    asked.qmp_program = [word for word in asked.targets if not is_target_file(word)]
    asked.qmp_targets = [word for word in asked.targets if is_target_file(word)]
    return read_options(asked).targets


@pytest.fixture
def opt(tmp_path: Path) -> Path:
    """A folder with builds of one base name."""
    for name in ("8.2", "10.0", "9.1"):
        folder = tmp_path / name / "bin"
        folder.mkdir(parents=True)
        (folder / "qemu").touch()
    return tmp_path


def test_a_target_can_be_given_a_name() -> None:
    one, two = read("old=/opt/8/qemu", "new=/opt/9/qemu")

    assert (one.name, one.program, one.spelling) == ("old", "/opt/8/qemu", "old=/opt/8/qemu")
    assert (two.name, two.program) == ("new", "/opt/9/qemu")


def test_a_path_with_an_equals_sign_is_no_name(tmp_path: Path) -> None:
    assert read("/a=b/qemu")[0].program == "/a=b/qemu"
    assert read("./a=b")[0].program.endswith("/a=b")


def test_a_pattern_is_filled_in_and_the_names_tell_which(opt: Path) -> None:
    found = read(f"{opt}/*/bin/qemu")

    assert [target.name for target in found] == ["qemu-10.0", "qemu-8.2", "qemu-9.1"]
    assert [target.spelling for target in found] == [
        f"{opt}/{version}/bin/qemu" for version in ("10.0", "8.2", "9.1")
    ]
    assert read(f"mine={opt}/*/bin/q*")[0].name == "mine-10.0-qemu"


def test_each_program_is_tested_in_each_root(tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("one", "two")]
    for root in roots:
        root.mkdir()
    found = read("qemu", "qemu-img", *(f"--rootfs={root}" for root in roots))

    assert [(t.program, t.rootfs) for t in found] == [
        (f"/usr/bin/{name}", str(root)) for name in ("qemu", "qemu-img") for root in roots
    ]


def test_each_program_is_tested_in_each_image(tmp_path: Path) -> None:
    images = ("qemu:10.0", f"registry.test/q/qemu@sha256:{'5' * 64}")
    words = (f"--rootfs={tmp_path}", *(f"--image={image}" for image in images))
    found = read("qemu", *words, "--engine=podman --root '/a b'")

    assert [(t.program, t.rootfs, t.image, t.engine) for t in found] == [
        ("/usr/bin/qemu", str(tmp_path), "", ""),
        *(("/usr/bin/qemu", "", image, "podman --root '/a b'") for image in images),
    ]
    assert read(*shlex.split(found[1].spelling)) == (found[1],)
    assert [each.name for each in distinct(found)] == [
        *(f"qemu@{tmp_path.name}", "qemu@qemu-10.0", "qemu@qemu-555555555555")
    ]


def test_what_a_target_is_started_with_can_be_said_and_is_spelt_again(tmp_path: Path) -> None:
    words = (
        *("--rootfs", str(tmp_path), "--machine=q35", "--accel=kvm", "--no-sandbox"),
        *("--arg=-append", "--arg=a 'b' c", "--env=A=b=c", "--env=B=", "mine=/bin/qemu"),
    )
    (target,) = read(*words)

    assert (target.machine, target.accel, target.sandbox) == ("q35", "kvm", False)
    assert target.args == ("-append", "a 'b' c")
    assert target.env == (("A", "b=c"), ("B", ""))
    assert read(*shlex.split(target.spelling)) == (target,)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("",), "has no name"),
        (("a b=/x",), "'a b' cannot be a name"),
        (("=/x",), "'' cannot be a name"),
        (("a=",), "a= names no program"),
        (("a=t.toml",), "have names of their own\n  Write t.toml"),
        (("/nowhere/*",), "no program matches /nowhere/*"),
        (("x", "--env=A"), "--env A: no variable"),
        (("x", "--env==b"), "--env =b: no variable"),
        (("x", "--machine="), "the machine has no name"),
        (("x", "--rootfs="), "the root without a name is no folder"),
        (("x", "--image="), "an image has no name"),
        (("/opt/*/x", "--image=a:1"), "/opt/*/x: programs of an image cannot be found by"),
        (("x", "--image=a:1", "--engine=podman '"), "no closing quotation"),
        (("x", "--engine=podman"), "--engine podman has no image to run"),
        (("t.toml", "--image=a:1"), "Write `image` in that file"),
        (("t.toml", "--arg=-S"), "--arg -S does not reach"),
        (("t.toml", "--env=A=b"), "Write `env` in that file"),
        (("t.toml", "--machine=pc"), "--machine pc does not reach"),
        (("t.toml", "--accel=tcg"), "--accel tcg does not reach"),
    ],
)
def test_what_cannot_be_a_target_is_refused(words: tuple[str, ...], part: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(*words)
    assert part in str(caught.value)
    assert caught.value.remedy


def test_pytest_understands_what_the_command_hands_it() -> None:
    command, theirs = argparse.ArgumentParser(), argparse.ArgumentParser()
    option_table.declare(CommandName.RUN, command)
    for option in option_table.TWINS:
        option.declare(theirs.add_argument, "--qmp-")
    asked = command.parse_args(
        ["--case=a", "--case=b", "--arg=-smp", "--thorough", "--seed=7", "--report=x y", "-n2"]
    )

    values = theirs.parse_args(option_table.pytest_words(asked))

    assert [(each.name, each.of(values)) for each in option_table.TWINS] == [
        (each.name, each.of(asked)) for each in option_table.TWINS
    ]


def test_cases_of_ones_own_go_with_a_target_and_its_spelling(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[command]]\nname = "query-status"\n')

    (target,) = read("/opt/qemu", "--cases", str(tmp_path))

    assert target.cases == (str(tmp_path),)
    assert read(*shlex.split(target.spelling)) == (target,)


def test_cases_of_ones_own_are_checked_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[command]]\nname = "query-statu"\n')

    with pytest.raises(UsageError, match=r"own\.toml:2: .*query-statu") as caught:
        read("/opt/qemu", "--cases", str(tmp_path))
    assert "Did you mean 'query-status'" in str(caught.value)


def test_a_target_file_names_the_cases_of_its_targets(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.toml").write_text('[[command]]\nname = "query-status"\n')
    file = tmp_path / "targets.toml"
    file.write_text('[[target]]\nprogram = "/opt/qemu"\ncases = ["own"]\n')

    assert read(str(file))[0].cases == (str(tmp_path / "own"),)
    with pytest.raises(UsageError, match="Write `cases` in that file"):
        read(str(file), "--cases", "own")
