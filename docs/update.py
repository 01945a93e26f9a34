"""Write what is made of the classes of conformance/knowledge: keys in pages, the JSON Schema."""

from __future__ import annotations

from pathlib import Path

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.json_schema import FILE, schema_of_files
from conformance.knowledge.reference import filled
from conformance.model.canonical import pretty

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Bring cases/schema.json and all pages of docs/ up to date."""
    (ROOT / "cases" / FILE).write_text(pretty(schema_of_files(CaseFile)), encoding="utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            page.write_text(filled(text), encoding="utf-8")


if __name__ == "__main__":
    main()
