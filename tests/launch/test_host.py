"""The probes of the host: yes, or why not in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.launch.host import answers, capabilities, probe
from conformance.launch.target import Target
from conformance.model.errors import KnowledgeError

HOST = Target(name="t", program="/bin/true")


@pytest.mark.parametrize("need", ["path:/proc/self", "program:sh", "interface:lo", "numa:0"])
def test_what_is_there_needs_no_words(need: str) -> None:
    assert probe(need, HOST) is None


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("path:/dev/nowhere", "no /dev/nowhere on this host"),
        ("program:nosuch", "no program nosuch on this host"),
        ("interface:nosuch0", "no network interface nosuch0 on this host"),
        ("cpu:nosuch", "this host's processor has no nosuch"),
        ("numa:4095", "no NUMA node 4095 on this host"),
        ("target-file:/nowhere", "no /nowhere in the root of the host"),
    ],
)
def test_what_is_not_there_is_told(need: str, words: str) -> None:
    assert probe(need, HOST) == words


def test_a_file_of_the_target_is_looked_for_in_its_root(tmp_path: Path) -> None:
    target = Target(name="t", program="/q", rootfs=str(tmp_path))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/there").symlink_to("/etc/real")
    assert probe("target-file:/etc/there", target) == f"no /etc/there in {tmp_path}"
    (tmp_path / "etc/real").touch()
    assert probe("target-file:/etc/there", target) is None


def test_what_kvm_cannot_do_is_told_by_its_number() -> None:
    said = probe("kvm", HOST)

    assert probe("kvm-extension:99999", HOST) == (said or "this host's KVM has no extension 99999")
    # KVM_CAP_HLT, which every KVM has.
    assert probe("kvm-extension:1", HOST) == said


@pytest.mark.parametrize(
    "need", ["nosuch:x", "path", "path:", "numa:one", "kvm-extension:x", "property:a.b"]
)
def test_a_need_that_makes_no_sense_here_is_refused(need: str) -> None:
    with pytest.raises(KnowledgeError):
        probe(need, HOST)


def test_needs_that_only_a_build_can_answer_are_told_apart() -> None:
    assert answers("kvm")
    assert not answers("type:iothread")


def test_capabilities_all_say_something() -> None:
    found = capabilities(HOST)
    assert found.keys() >= {"machine", "kernel", "cpu", "kvm", "bubblewrap", "numa nodes"}
    assert all(found.values())
