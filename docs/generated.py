"""Writes the generated parts of the docs and cases/schema.json: `python -m docs.generated`.

Each part stands in its page between the comments `generated: NAME` and `end of NAME`; the keys of
files under cases/ stand between `keys: CLASS` and `end of keys`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from conformance.cli.rules import PROGRAMS
from conformance.knowledge import store
from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.digests import digest_names
from conformance.knowledge.json_schema import FILE, schema_of_files
from conformance.knowledge.reference import filled
from conformance.knowledge.rules import load_rules
from conformance.model.canonical import pretty
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.play.option_table import KEYS, AnyOption, options_of
from conformance.prepare.digest_plan import release_plan, release_version
from conformance.report.rule_index import index_of
from conformance.report.rulebook import Book, markdown
from conformance.report.shipped_index import FILE as SHIPPED
from conformance.report.shipped_index import ShippedIndex, text_of
from tests.imports import MODULES, imports, module_name
from tests.test_layers import DOORS, MAY_IMPORT

ROOT: Final = Path(__file__).parents[1]


def pages(root: Path = ROOT) -> Iterator[tuple[Path, str, str]]:
    """Yield each page with a generated part, its text, and its text as it should be."""
    for path in sorted({*root.glob("*.md"), *root.glob("docs/**/*.md")}):
        text = path.read_text(encoding="utf-8")
        wanted = filled(text)
        for name, made in PARTS.items():
            wanted = _replaced(wanted, name, made)
        if wanted != text or any(_begin(name) in text for name in PARTS):
            yield path, text, wanted


def _replaced(text: str, name: str, made: Callable[[], Iterable[str]]) -> str:
    if _begin(name) not in text:
        return text
    part = re.compile(f"{re.escape(_begin(name))}.*?{re.escape(_end(name))}", re.DOTALL)
    lines = "\n".join(made())
    return part.sub(lambda _: f"{_begin(name)}\n\n{lines}\n\n{_end(name)}", text)


def _begin(name: str) -> str:
    return f"<!-- generated: {name} -->"


def _end(name: str) -> str:
    return f"<!-- end of {name} -->"


def target_options() -> Iterator[str]:
    """Yield the table of the options about targets, with their keys in a target file."""
    yield from _table(
        ("`qmp-conformance`", "`pytest`", "target file", "what it is"),
        (
            (_option(each), _twin(each), f"`{each.key.name}`" if each.key else "", _help(each))
            for each in (option_table.PROGRAM, option_table.TARGETS, *option_table.TARGET)
        ),
    )


def run_options() -> Iterator[str]:
    """Yield the table of the other options of `run`."""
    of_a_target = {id(each) for each in option_table.TARGET}
    yield from _table(
        ("`qmp-conformance run`", "`pytest`", "what it is"),
        (
            (_option(each), _twin(each), _help(each))
            for each in options_of(CommandName.RUN)
            if id(each) not in of_a_target
        ),
    )


def other_options() -> Iterator[str]:
    """Yield the table of the options of all other commands, which pytest lacks."""
    yield from _table(
        ("command", "option", "what it is"),
        (
            (f"`{command}`", _option(each), _help(each))
            for command in CommandName
            for each in options_of(command)
            if each.no_twin and command is not CommandName.RUN
        ),
    )


def target_keys() -> Iterator[str]:
    """Yield the table of the keys of a target file."""
    names = {each.key.name: _option(each) for each in option_table.ALL if each.key}
    yield from _table(
        ("key", "value", "may be an axis", "on the command line"),
        (
            (
                f"`{key.name}`",
                str(key.form),
                "yes" if key.axis else "",
                names.get(key.name, "`NAME=PATH`"),
            )
            for key in KEYS
        ),
    )


def _option(option: AnyOption) -> str:
    if not option.commands:
        return "`TARGET`"
    told = f"--{option.name}{_value(option, ' ')}"
    return f"`{option.short}`, `{told}`" if option.short else f"`{told}`"


def _twin(option: AnyOption) -> str:
    return option.no_twin or f"`--qmp-{option.name}{_value(option, '=')}`"


def _value(option: AnyOption, between: str) -> str:
    what = option.metavar or "|".join(option.choices)
    return f"{between}{what}" if what else ""


def _help(option: AnyOption) -> str:
    return option.description


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        cells = (cell.replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"


def picture() -> Iterator[str]:
    """Yield the matrix of imports between rooms: a row's modules import a column's."""
    seen: dict[tuple[str, str], set[str]] = {}
    for path in MODULES:
        here = module_name(path).partition(".")[0]
        for there in imports(path):
            seen.setdefault((here, there.partition(".")[0]), set()).add(there)
    rooms = [*MAY_IMPORT, *sorted(DOORS)]
    width = max(map(len, rooms))
    yield "```text"
    yield " " * width + "".join(f"{room[:5]:>6}" for room in rooms)
    for row in rooms:
        marks = (_mark(row, column, seen.get((row, column), set())) for column in rooms)
        yield f"{row:{width}}{''.join(f'{mark:>6}' for mark in marks)}".rstrip()
    yield "```"


def _mark(row: str, column: str, modules: set[str]) -> str:
    if row == column:
        return "\\"
    if not modules:
        return "."
    return "o" if row in MAY_IMPORT and column not in MAY_IMPORT[row] else "x"


PARTS: Final[Mapping[str, Callable[[], Iterable[str]]]] = {
    "target options": target_options,
    "run options": run_options,
    "other options": other_options,
    "target keys": target_keys,
    "imports": picture,
}
"""What each generated part is made by."""


def rule_cases() -> ShippedIndex:
    """Return the cases of each rule in the newest release."""
    release = digest_names()[-1]
    entries = release_plan(release_version(release), PROGRAMS).entries()
    return ShippedIndex(release=release, rules=index_of(entries))


def main() -> None:
    """Write cases/schema.json, what ships of the rules' cases, and the pages out of date."""
    index = rule_cases()
    (store.fixtures_folder() / SHIPPED).write_text(text_of(index), encoding="utf-8")
    rules = markdown(Book(rules=load_rules(), groups=index.rules, of=""))
    (ROOT / "docs" / "rules.md").write_text(rules, encoding="utf-8")
    (ROOT / "cases" / FILE).write_text(pretty(schema_of_files(CaseFile)), encoding="utf-8")
    for path, text, wanted in pages():
        if text != wanted:
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
