"""How long something was deprecated is counted in releases, and doubt is not held against QEMU."""

from __future__ import annotations

import pytest

from conformance.compat.deprecation import Sighting, notice, release_name, release_number


@pytest.mark.parametrize(
    ("earlier", "later", "releases"),
    [
        ("5.2.0", "6.0", 1),
        ("5.2", "5.2.15", 0),
        ("8.2", "9.1", 2),
        ("10.0.2", "11.1", 4),
        ("3.1", "4.0", 1),
        ("3.0", "3.1", 1),
        ("2.12", "3.0", 1),
        ("2.8", "2.10", 2),
        ("1.7", "2.0", 1),
    ],
)
def test_releases_are_counted_across_series(earlier: str, later: str, releases: int) -> None:
    before, after = release_number(earlier), release_number(later)

    assert before is not None
    assert after is not None
    assert after - before == releases


@pytest.mark.parametrize("text", ["", "5", "v5.2", "5.2-rc1", "five"])
def test_what_is_no_version_has_no_number(text: str) -> None:
    assert release_number(text) is None
    assert release_name(text) == text


def seen(*words: str) -> tuple[Sighting, ...]:
    """Return sightings: "7.2" is there, "7.2!" is there and deprecated."""
    return tuple(Sighting(version=w.rstrip("!"), deprecated=w.endswith("!")) for w in words)


def test_what_was_never_deprecated_gets_no_notice() -> None:
    assert notice(seen("5.2", "6.0"), "7.2") is None


@pytest.mark.parametrize(
    ("sightings", "gone", "enough", "words"),
    [
        (("5.2!",), "7.2", True, "deprecated at least since 5.2, gone by 7.2"),
        (("6.0", "6.1!", "6.2!"), "7.0", True, "deprecated in 6.1, gone in 7.0"),
        (("6.0!",), "6.1", True, "deprecated at least since 6.0, gone in 6.1"),
        (("6.0", "6.1!"), "6.2", False, "deprecated in 6.1, gone in 6.2: the policy asks for 2"),
        (("6.0", "6.2!"), "7.0", True, "deprecated at least since 6.2, gone in 7.0"),
        (("6.1", "6.2!"), "7.1", True, "deprecated in 6.2, gone by 7.1"),
        # The same release told twice: by a build, and by a digest that sees more.
        (("5.2", "5.2!"), "7.2", True, "deprecated at least since 5.2, gone by 7.2"),
        (("!",), "7.2", True, "deprecated before, since when is not known"),
        (("6.0!",), "", True, "deprecated before, since when is not known"),
    ],
    ids=[
        "long enough", "exactly known", "adjacent, since unknown", "one release only",
        "perhaps one release", "gone by", "told twice", "no old version", "no new version",
    ],
)  # fmt: skip
def test_the_notice_says_what_is_known(
    sightings: tuple[str, ...], gone: str, enough: bool, words: str
) -> None:
    told = notice(seen(*sightings), gone)

    assert told is not None
    assert told.enough is enough
    assert told.words.startswith(words)
