"""Files of known issues: all mistakes at once, and changes that leave a user's text alone."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.knowledge.known_files import appended, entry_text, without
from conformance.knowledge.known_issues import read_known
from conformance.model.errors import KnowledgeError
from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome

TODAY = datetime.date(2026, 11, 30)
ENTRY = '[[known]]\nfingerprint = "v1-0123456789ab"\nreason = "r"\n'


def known(folder: Path, text: str, today: datetime.date | None = TODAY) -> tuple[KnownIssue, ...]:
    path = folder / "known.toml"
    path.write_text(text)
    return read_known([str(path)], today)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'{ENTRY}fingerprints = "v1-0123456789ab"', "unknown key 'fingerprints'.*'fingerprint'"),
        ('[[known]]\nfingerprint = "v1-012"\nreason = "r"', "which is no fingerprint"),
        ('[[known]]\nfingerprint = "v9-0123456789ab"\nreason = "r"', "of version 9.*known update"),
        ('[[known]]\nfingerprint = "v1-0123456789ab"', "'reason' is missing"),
        (f'{ENTRY}expires = "2027-01-01"', "'expires' is the string.*not a date"),
        (f"{ENTRY}expires = 2026-11-29", "expired on 2026-11-29.*renew the date"),
        (f"{ENTRY}when = {{ version = '>=7' }}", "unknown key 'version'.*'versions'"),
        (f"{ENTRY}{ENTRY}", "a second entry about v1-0123456789ab.*known.toml:1"),
        (f"{ENTRY}outcome = 'failing'", "'outcome'.*'fails'"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(KnowledgeError) as caught:
        known(tmp_path, text)

    assert re.search(r"known\.toml:\d+: ", str(caught.value))
    assert re.search(told, str(caught.value), re.DOTALL)


def test_an_entry_counts_on_its_last_day_and_not_behind_it(tmp_path: Path) -> None:
    text = f"{ENTRY}expires = 2026-11-30\n"

    (issue,) = known(tmp_path, text)
    assert issue.expires == "2026-11-30"
    # Who accepts it is told by the run.
    assert known(tmp_path, text, None) == known(tmp_path, text)


def test_entries_for_other_targets_are_no_second_ones(tmp_path: Path) -> None:
    other = f'{ENTRY}when = {{ arch = ["aarch64"] }}\n'

    assert [issue.when.arch for issue in known(tmp_path, ENTRY + other)] == [(), ("aarch64",)]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1)
ISSUES = st.builds(
    KnownIssue,
    where=st.just(""),
    fingerprint=st.from_regex(r"\Av1-[0-9a-f]{12}\Z"),
    rule=st.sampled_from(["", "X17"]),
    defect=TEXTS,
    reason=TEXTS.filter(lambda text: bool(text.strip())),
    link=st.sampled_from(["", "https://example.org/1"]),
    expires=st.sampled_from(["", "2027-01-31"]),
    outcome=st.sampled_from(KnownOutcome),
    cases=st.lists(TEXTS, max_size=3).map(tuple),
    when=st.builds(
        Conditions,
        versions=st.sampled_from(["", ">=7.2,<7.3"]),
        arch=st.sampled_from([(), ("x86_64", "aarch64")]),
        host=st.sampled_from([(), ("!kvm",)]),
    ),
)


@given(issue=ISSUES)
def test_an_entry_that_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, issue: KnownIssue
) -> None:
    (read,) = known(tmp_path_factory.getbasetemp(), entry_text(issue))

    assert read.where.endswith("known.toml:1")
    assert KnownIssue(**{**{n: getattr(read, n) for n in read.__slots__}, "where": ""}) == issue


def test_an_entry_goes_with_its_comment_and_nothing_else() -> None:
    text = f"# Ours.\n\n# One\n{ENTRY}# inside\n\n# Two\n# more\n{ENTRY}\n# end of two\n"

    assert without(text, [0]) == f"# Ours.\n\n# Two\n# more\n{ENTRY}\n# end of two\n"
    assert without(text, [1]) == f"# Ours.\n\n# One\n{ENTRY}# inside\n\n"
    assert without(text, []) == text


def test_entries_are_written_behind_what_is_there(tmp_path: Path) -> None:
    (issue,) = known(tmp_path, ENTRY)

    text = appended("# Ours.\n", [issue])
    assert text == f"# Ours.\n\n{ENTRY}"
    assert len(known(tmp_path, text)) == 1


def test_what_ships_is_sound_and_has_reasons() -> None:
    shipped = read_known(["shipped"], datetime.datetime.now(datetime.UTC).date())

    assert len({issue.where.partition(":")[0] for issue in shipped}) > 1
    assert all(issue.cases and issue.when.versions for issue in shipped)
