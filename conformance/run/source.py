"""Which source a build is compared with: the tree its target names, else the digest that ships."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.derive.plan import Facts
from conformance.errors import UsageError
from conformance.knowledge.digests import find_digest, load_digest
from conformance.knowledge.versions import Version
from conformance.qapi.digest import Digest, Program
from conformance.qapi.digest_json import from_json, to_json
from conformance.qapi.digesting import read_tree
from conformance.qapi.model import SchemaError


def find_facts(schema: str, version: Version) -> Facts | None:
    """Return what is known of the source of a build, None where nothing is.

    `schema` is the tree, the schema file or the digest that the user names, "" for none.  Raises
    UsageError.
    """
    if schema:
        digest = read_digest(Path(schema))
        return _facts(digest, schema, exact=True)
    shipped = find_digest(version)
    if shipped is None:
        return None
    return _facts(shipped.digest, shipped.name, exact=shipped.exact)


def words(facts: Facts | None, schema: str) -> str:
    """Return what a report says of the source that the build was compared with."""
    if facts is None:
        return "nothing: no digest ships of this release or an older one, and no source was given"
    if schema:
        return f"the source at {facts.name}"
    if facts.exact:
        return f"the digest of QEMU {facts.name} that ships with the suite"
    return (
        f"the digest of QEMU {facts.name}, the nearest below that ships: what this release's own "
        "source says is not known, and only what must not change is held against it"
    )


def save_facts(facts: Facts | None, schema: str) -> dict[str, Any] | None:
    """Return JSON from which `load_facts` makes the same facts in another process."""
    if facts is None:
        return None
    digest = Digest(version="", schemas={Program.SYSTEM: facts.entities})
    return {
        "name": facts.name,
        "exact": facts.exact,
        "digest": to_json(digest) if schema else None,
    }


def load_facts(value: Mapping[str, Any] | None) -> Facts | None:
    """Return the facts that `save_facts` made `value` of."""
    if value is None:
        return None
    digest = from_json(value["digest"]) if value["digest"] else load_digest(value["name"])
    return _facts(digest, value["name"], exact=value["exact"])


def read_digest(path: Path) -> Digest:
    """Return the digest that the file `path` is, or the one of the source at `path`.

    Raises UsageError.
    """
    try:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            if text.startswith("{") and '"schemas"' in text:
                return from_json(json.loads(text))
        return read_tree(path)
    except SchemaError as error:
        raise UsageError(str(error), f"Is {path} QEMU's source, or a digest of it?") from error
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", "Name QEMU's source tree, or a digest of it."
        ) from error


def _facts(digest: Digest, name: str, *, exact: bool) -> Facts:
    return Facts(entities=digest.schemas[Program.SYSTEM], name=name, exact=exact)
