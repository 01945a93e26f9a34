"""Holds a results file against tmt's own schema: python -m tests.report.judge_tmt FILE."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import tmt
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7


def main(path: str) -> None:
    """Fail, saying why, if the file is not what tmt reads."""
    folder = Path(tmt.__file__).parent / "schemas"
    schemas = [yaml.safe_load(file.read_text()) for file in folder.rglob("*.yaml")]
    resources = [
        (each["$id"], Resource.from_contents(each, default_specification=DRAFT7))
        for each in schemas
    ]
    registry = Registry().with_resources(resources)
    (schema,) = (each for each in schemas if each["$id"] == "/schemas/results")
    results = json.loads(Path(path).read_text(encoding="utf-8"))
    assert results, "a run has results"
    jsonschema.Draft7Validator(schema, registry=registry).validate(results)


if __name__ == "__main__":
    main(sys.argv[1])
