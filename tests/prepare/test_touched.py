"""What a patch of QEMU may change of the interface."""

from __future__ import annotations

from fnmatch import filter as fitting
from pathlib import Path, PurePosixPath

import pytest

from conformance.digest.declaration import EntityKind
from conformance.knowledge.digests import load_digests
from conformance.knowledge.store import cases_folder
from conformance.knowledge.touching import load_touching
from conformance.model.bounded_lines import LINE_LIMIT
from conformance.model.case import Subject
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import SubjectKind
from conformance.prepare.selection import Patch
from conformance.prepare.touched import among, read_patch

ENTITIES = load_digests()["7.2"].schemas[Program.SYSTEM]
COMMANDS = {
    Subject(kind=SubjectKind.COMMAND, name=name)
    for name, entity in ENTITIES.items()
    if entity.kind is EntityKind.COMMAND
}
TYPES = {
    Subject(kind=SubjectKind.OBJECT_TYPE, name=branch.case)
    for branch in ENTITIES["ObjectOptions"].branches
}
SUBJECTS = {
    *COMMANDS,
    *TYPES,
    Subject(kind=SubjectKind.EVENT, name="DUMP_COMPLETED"),
    Subject(kind=SubjectKind.DEVICE_TYPE, name="e1000e"),
    Subject(kind=SubjectKind.PROTOCOL, name="framing"),
}

DIFF = """\
From: somebody
Subject: [PATCH] job: cancel

diff --git a/job-qmp.c b/job-qmp.c
index 1234567..89abcde 100644
--- a/job-qmp.c
+++ b/job-qmp.c
@@ -10,3 +10,4 @@ void qmp_x_exit_preconfig(Error **errp)
     AIO_CONTEXT
-    old
+    qmp_query_pci(errp);
"""


def found(*files: str) -> frozenset[str]:
    return among(SUBJECTS, read_patch(files), ENTITIES).subjects


@pytest.mark.parametrize(
    ("file", "some", "others"),
    [
        ("qapi/dump.json", {"dump-guest-memory", "DUMP_COMPLETED"}, {"query-pci", "secret"}),
        ("qapi/crypto.json", {"tls-creds-x509", "secret", "blockdev-add"}, {"rng-random", "stop"}),
        ("qapi/qom.json", {"qom-list", "object-add", "rng-random"}, {"query-pci"}),
        ("dump/dump.c", {"query-dump"}, {"query-pci", "framing"}),
        ("hw/net/e1000e.c", {"e1000e", "netdev_add"}, {"secret", "framing"}),
        ("backends/rng-egd.c", {"rng-egd", "memory-backend-ram"}, {"secret"}),
        ("monitor/qmp.c", {"framing", "query-commands"}, {"secret"}),
        ("docs/interop/qmp.rst", set(), {"framing"}),
    ],
)
def test_a_file_names_what_it_may_change(file: str, some: set[str], others: set[str]) -> None:
    names = found(file)

    assert some <= names
    assert not others & names


def test_what_leads_to_the_tree_does_not_matter() -> None:
    assert found("/usr/src/qemu/dump/dump.c") == found("./dump/dump.c") == found("dump/dump.c")
    assert found("../qemu/qapi/dump.json") == found("qapi/dump.json")


def test_a_diff_names_its_files_and_the_functions_of_commands(tmp_path: Path) -> None:
    path = tmp_path / "0001-job.patch"
    path.write_text(DIFF)

    patch = read_patch([str(path)])
    assert patch == Patch(files=("job-qmp.c",), commands=("x-exit-preconfig", "query-pci"))
    names = found(str(path))
    assert {"x-exit-preconfig", "query-pci", "job-cancel"} <= names


def test_a_diff_that_only_moves_a_file_names_both(tmp_path: Path) -> None:
    path = tmp_path / "move.diff"
    path.write_text(
        "diff --git a/tpm.c b/system/tpm.c\nrename from tpm.c\nrename to system/tpm.c\n"
    )

    assert read_patch([str(path)]).files == ("tpm.c", "system/tpm.c")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.diff"
    path.write_bytes(b"x" * (LINE_LIMIT + 1))

    with pytest.raises(UsageError, match="cannot be read"):
        read_patch([str(path)])


def test_a_file_that_nobody_knows_is_told() -> None:
    told = among(SUBJECTS, Patch(files=("frobnicate.xyz", "dump/dump.c")), ENTITIES)

    assert told.unknown == ("frobnicate.xyz",)
    assert "query-dump" in told.subjects


def test_each_module_that_is_named_is_of_some_release() -> None:
    declared = {
        PurePosixPath(entity.module).stem
        for digest in load_digests().values()
        for entities in digest.schemas.values()
        for entity in entities.values()
    }
    named = {
        module
        for each in load_touching(cases_folder() / "touching.toml")
        for module in each.modules
    }

    assert named - declared == set()


def test_each_subject_that_is_named_is_of_some_release() -> None:
    declared = {
        name
        for digest in load_digests().values()
        for entities in digest.schemas.values()
        for entity in entities.values()
        for name in (entity.name, *(branch.case for branch in entity.branches))
    }
    globs = {
        glob for each in load_touching(cases_folder() / "touching.toml") for glob in each.subjects
    }

    # Device types are in no schema.
    devices = {"virtio-*", "vhost-*", "cxl-*", "vfio-*", "rocker", "sev-*"}
    assert {glob for glob in globs - devices if not fitting(declared, glob)} == set()
