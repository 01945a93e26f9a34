"""Target files: what they may say, and how a wrong one is refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from conformance.launch.target import Target
from conformance.model.errors import TargetFileError
from conformance.play.option_table import KEYS
from conformance.play.target_file import read_targets


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "targets.toml"
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [[target]]
        name = "mine"
        program = "build/qemu-system-x86_64"
        machine = "q35"
        accel = "tcg"
        args = ["-smp", "2"]
        env = { ASAN_OPTIONS = "detect_leaks=0" }
        sandbox = false
        """,
    )
    assert read_targets(path) == (
        Target(
            name="mine",
            program=str(tmp_path / "build/qemu-system-x86_64"),
            machine="q35",
            accel="tcg",
            args=("-smp", "2"),
            env=(("ASAN_OPTIONS", "detect_leaks=0"),),
            sandbox=False,
        ),
    )


def test_axes_multiply_and_mark_the_names(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [[target]]
        name = "t"
        program = "/bin/q"
        [target.axes]
        machine = ["none", "q35,smm=on"]
        accel = ["", "kvm"]
        """,
    )
    targets = read_targets(path)
    assert [(t.name, t.machine, t.accel) for t in targets] == [
        ("t-none", "none", ""),
        ("t-none-kvm", "none", "kvm"),
        ("t-q35-smm-on", "q35,smm=on", ""),
        ("t-q35-smm-on-kvm", "q35,smm=on", "kvm"),
    ]


def test_a_pattern_finds_programs_also_in_a_root(tmp_path: Path) -> None:
    programs = tmp_path / "root/usr/bin"
    programs.mkdir(parents=True)
    for name in ("qemu-system-arm", "qemu-system-riscv64", "qemu-img"):
        (programs / name).touch()
    path = written(tmp_path, '[[target]]\nprogram = "/usr/bin/qemu-system-*"\nrootfs = "root"\n')
    assert [(t.name, t.program, t.rootfs) for t in read_targets(path)] == [
        (name, f"/usr/bin/{name}", str(tmp_path / "root"))
        for name in ("qemu-system-arm", "qemu-system-riscv64")
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("[[target]\n", "line 1", id="not TOML"),
        pytest.param("", "no targets", id="empty"),
        pytest.param("[target]\nprogram='x'\n", "no targets", id="no array"),
        pytest.param("[[target]]\n", "no `program`", id="no program"),
        pytest.param("[[target]]\nprogramm='x'\n", "mean `program`", id="unknown key"),
        pytest.param("[[targets]]\nprogram='x'\n", "mean `target`", id="unknown table"),
        pytest.param(
            "[[target]]\nprogram='/x'\naxes.machin=['a']\n", "mean `machine`", id="unknown axis"
        ),
        pytest.param("[[target]]\nprogram=1\n", "no string", id="program is a number"),
        pytest.param("[[target]]\nprogram='/x'\nargs='-S'\n", "list of strings", id="args"),
        pytest.param("[[target]]\nprogram='/x'\nenv={A=1}\n", "table of strings", id="env"),
        pytest.param("[[target]]\nprogram='/x'\nsandbox='no'\n", "true nor false", id="sandbox"),
        pytest.param("[[target]]\nprogram='/x'\naxes.accel=[]\n", "list of strings", id="no axis"),
        pytest.param(
            "[[target]]\nprogram='/x'\naccel='a'\naxes.accel=['b']\n", "Keep one", id="both"
        ),
        pytest.param("[[target]]\nprogram='/nowhere/*'\n", "no program matches", id="no match"),
        pytest.param(
            "[[target]]\nprogram='/x*'\nimage='a:1'\n", "cannot be found by a pattern", id="pattern"
        ),
        pytest.param(
            "[[target]]\nprogram='x'\nimage='a:1'\naxes.rootfs=['/r']\n", "Keep one", id="image"
        ),
        pytest.param(
            """[[target]]\nprogram='x'\nimage='a:1'\nengine="p '"\n""",
            "has no closing",
            id="engine",
        ),
        pytest.param("[[target]]\nprogram='/x'\n" * 2, "two targets", id="same name"),
        pytest.param("[[target]]\nprogram='/x'\nname='a[b]'\n", "cannot be a name", id="bad name"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_a_remedy(
    tmp_path: Path, text: str, part: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TargetFileError) as caught:
        read_targets(path)
    assert str(path) in caught.value.what
    assert part in str(caught.value)
    assert caught.value.remedy


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "[[target]]\nprogramm='x'\nargs='-S'\n[[target]]\nmachine='pc'\n"
        "[[target]]\nprogram='/nowhere/*'\n[[target]]\nprogram='/x'\nname='a[b]'\n",
    )
    with pytest.raises(TargetFileError) as caught:
        read_targets(path)

    assert str(caught.value).splitlines() == [
        f"{path}: has 5 mistakes",
        "  Target 1: unknown key `programm`. Did you mean `program`?",
        '  Target 1: `args` is no list of strings. Write ["-smp", "2"].',
        "  Target 2 has no `program`. Name the QEMU program to start.",
        "  Target 3: no program matches /nowhere/*. Correct the pattern.",
        "  Target 4: 'a[b]' cannot be a name. Use letters, digits, and . _ + - in `name`.",
    ]


def test_a_matrix_leaves_out_and_adds_combinations(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [defaults]
        accel = "tcg"
        rootfs = "roots/trixie"
        args = ["-S"]
        select = ["query-*"]

        [[target]]
        name = "t"
        program = "q"
        select = ["object-add/*", "*/gates/*"]
        [target.axes]
        machine = ["none", "q35"]
        accel = ["tcg", "kvm"]
        [[target.exclude]]
        machine = "none"
        accel = "kvm"
        [[target.include]]
        machine = "virt"
        image = "qemu:10.0"
        args = ["-cpu", "max"]

        [[target]]
        name = "u"
        program = "q"
        image = "qemu:11.1"
        [target.axes]
        args = [[], ["-smp", "2"]]
        """,
    )
    trixie, own = str(tmp_path / "roots/trixie"), ("object-add/*", "*/gates/*")
    assert [
        (t.name, t.machine, t.accel, t.rootfs, t.image, t.args, t.select)
        for t in read_targets(path)
    ] == [
        ("t-none-tcg", "none", "tcg", trixie, "", ("-S",), own),
        ("t-q35-tcg", "q35", "tcg", trixie, "", ("-S",), own),
        ("t-q35-kvm", "q35", "kvm", trixie, "", ("-S",), own),
        ("t-virt-qemu-10.0-cpu-max", "virt", "tcg", "", "qemu:10.0", ("-cpu", "max"), own),
        ("u", "none", "tcg", "", "qemu:11.1", (), ("query-*",)),
        ("u-smp-2", "none", "tcg", "", "qemu:11.1", ("-smp", "2"), ("query-*",)),
    ]


_MATRIX = "[[target]]\nprogram='/x'\naxes.machine=['a','b']\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaults=1\n[[target]]\nprogram='/x'\n", "`defaults` is no table"),
        ("[defaults]\nname='x'\n[[target]]\nprogram='/x'\n", "defaults: unknown key `name`"),
        ("[defaults]\nargs='x'\n[[target]]\nprogram='/x'\n", "defaults: `args` is no list"),
        ("[[target]]\nprogram='/x'\naxes.args=['a']\n", "`axes.args` is no list of lists"),
        (f"{_MATRIX}exclude={{machine='a'}}\n", "`exclude` is no array of tables"),
        (f"{_MATRIX}[[target.exclude]]\nmachine='c'\n", "exclude 1 of target 1 fits no"),
        (f"{_MATRIX}[[target.exclude]]\n", "exclude 1 of target 1 says nothing"),
        (f"{_MATRIX}[[target.exclude]]\naccel='a'\n", "exclude 1 of target 1: unknown key"),
        (f"{_MATRIX}[[target.include]]\naccel=1\n", "include 1 of target 1: `accel` is no string"),
        (f"{_MATRIX}[[target.include]]\nselect=[]\n", "include 1 of target 1: unknown key"),
        (f"{_MATRIX}[[target.include]]\nmachine='a'\n", "two targets are named 'x-a'"),
        (
            f"{_MATRIX}[[target.exclude]]\nmachine='a'\n[[target.exclude]]\nmachine='b'\n",
            "target 1: all combinations are excluded",
        ),
        (
            "[[target]]\naxes.program=['/x']\n[[target.include]]\nmachine='a'\n",
            "target 1: an `include` has no `program`",
        ),
    ],
)
def test_a_wrong_matrix_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TargetFileError) as caught:
        read_targets(written(tmp_path, text))

    assert said in str(caught.value).replace("T", "t", 1)
    assert caught.value.remedy


def test_images_are_an_axis_and_programs_lie_in_them(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [[target]]
        program = "qemu-system-arm"
        engine = "podman --root /store"
        [target.axes]
        image = ["qemu:10.0", "registry.test:5000/q/qemu@sha256:0123456789abcdef"]
        """,
    )
    assert [(t.name, t.program, t.image, t.engine, t.rootfs) for t in read_targets(path)] == [
        (f"qemu-system-arm-{name}", "/usr/bin/qemu-system-arm", image, "podman --root /store", "")
        for name, image in (
            ("qemu-10.0", "qemu:10.0"),
            ("qemu-0123456789ab", "registry.test:5000/q/qemu@sha256:0123456789abcdef"),
        )
    ]


def test_a_key_like_no_other_is_told_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match="unknown key `zzz`\n  Known: name, program, rootfs"):
        read_targets(written(tmp_path, "[[target]]\nprogram='/x'\nzzz=1\n"))


def test_a_byte_order_mark_of_utf_8_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "targets.toml"
    path.write_bytes(b"\xef\xbb\xbf[[target]]\nprogram='/x'\n")
    assert [target.program for target in read_targets(path)] == ["/x"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_called_what_it_is(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "targets.toml"
    path.write_bytes("\ufeff[[target]]\nprogram='/x'\n".encode(encoding))
    with pytest.raises(TargetFileError, match=r"is UTF-16.*\n  Save it as UTF-8"):
        read_targets(path)


def test_a_missing_root_is_called_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "[[target]]\nprogram='/bin/*'\nrootfs='nowhere'\n")
    with pytest.raises(TargetFileError, match=r"the root .*/nowhere does not exist"):
        read_targets(path)


def test_a_folder_with_the_marks_of_a_pattern_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*"
    (folder / "8").mkdir(parents=True)
    (folder / "8/qemu").touch()
    path = written(folder, "[[target]]\nprogram='*/qemu'\n[[target]]\nname='x'\nprogram='./q'\n")
    assert [(t.name, t.program) for t in read_targets(path)] == [
        ("qemu-8", f"{folder}/8/qemu"),
        ("x", f"{folder}/q"),
    ]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match="cannot be read"):
        read_targets(tmp_path / "nowhere.toml")


def test_every_key_is_a_field_of_a_target_that_a_user_decides() -> None:
    told_otherwise = {"spelling", "kind", "withheld", "as_root", "container", "identity"}

    assert {key.name for key in KEYS} == {field.name for field in fields(Target)} - told_otherwise
