"""The shipped digests (fixtures/qapi/), by release.

docs/maintainers/digests.md describes them. Reads each on first use. Knows neither a build nor a
source tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from conformance.digest.digest import Digest
from conformance.digest.digest_json import from_json
from conformance.digest.objectmodel import DeclaredObjects, object_model
from conformance.knowledge import store
from conformance.knowledge.versions import Version
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program
from conformance.qapi.model import SchemaError

FOLDER: Final = "qapi"
SEED: Final = "seed"
"""The digest of the single schema file that the suite started from, part of a release's schema."""

_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A shipped digest; `exact` says whether it is of the requested release."""

    name: str
    digest: Digest
    exact: bool


def digest_names(folder: Path | None = None) -> tuple[str, ...]:
    """Return the names of the digests of whole releases, "major.minor", oldest first.

    `folder`, here and below, replaces the shipped one.
    """
    names = (path.stem for path in (folder or _folder()).glob("*.json"))
    return tuple(sorted(filter(_RELEASE.fullmatch, names), key=_release))


def load_digest(name: str, folder: Path | None = None) -> Digest:
    """Return the digest of that name.

    Raises KnowledgeError, with the file and the entry, if it is missing or malformed.
    """
    path = (folder or _folder()) / f"{name}.json"
    if not path.is_file():
        known = ", ".join((*digest_names(folder), SEED))
        raise KnowledgeError(f"no digest is named {name!r}", f"There are: {known}.")
    return _read(path)


def load_seed() -> DeclaredObjects:
    """Return the object model that every report has rows for."""
    return object_model(load_digest(SEED).schemas[Program.SYSTEM])


def load_digests(folder: Path | None = None) -> Mapping[str, Digest]:
    """Return the digests of all whole releases by name, oldest first."""
    return {name: load_digest(name, folder) for name in digest_names(folder)}


def find_digest(version: Version, folder: Path | None = None) -> Shipped | None:
    """Return the digest of the newest release not newer than the build, or None."""
    release = version[:2]
    older = [name for name in digest_names(folder) if _release(name) <= release]
    if not older:
        return None
    name = older[-1]
    return Shipped(name=name, digest=load_digest(name, folder), exact=_release(name) == release)


def _folder() -> Path:
    return store.fixtures_folder() / FOLDER


def _release(name: str) -> tuple[int, int]:
    major, minor = name.split(".")
    return int(major), int(minor)


@cache
def _read(path: Path) -> Digest:
    try:
        return from_json(json.loads(store.read_text(path)))
    except SchemaError as error:
        raise KnowledgeError(f"{path}: {error}", "Make the digest again.") from error
    except (ValueError, RecursionError) as error:
        raise KnowledgeError(f"{path}: not JSON: {error}", "Make the digest again.") from error
