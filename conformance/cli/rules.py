"""The commands `rules` and `explain`: what QEMU promises, and how it is tested."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from conformance.cli.targets import add_targets
from conformance.knowledge import store
from conformance.knowledge.rules import Rule, find_rule, load_rules
from conformance.model.canonical import pretty
from conformance.model.entry import Entry
from conformance.model.errors import KnowledgeError, UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ExitCode
from conformance.play.option import CommandName
from conformance.play.option_table import NO_CACHE, RELEASE, RULES_FORMAT, TARGET, declare
from conformance.prepare.cache import open_cache
from conformance.prepare.digest_plan import release_plan, release_version
from conformance.report.rule_index import cases_by_rule, grouped
from conformance.report.rulebook import Book, explanation, listing, markdown, to_json
from conformance.report.shipped_index import FILE, ShippedIndex, read_index

PROGRAMS: Final = (Program.SYSTEM, Program.GUEST_AGENT)
"""The programs of a release whose cases are named: the emulator's include the storage daemon's."""
_WIDTH: Final = 100


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of a command of this module."""
    if name is CommandName.EXPLAIN:
        command.add_argument("rule", metavar="RULE", help="the id of the rule: W68")
    add_targets(command, nargs="*")
    declare(name, command)
    command.set_defaults(call=_rules if name is CommandName.RULES else _explain)


def _rules(asked: argparse.Namespace) -> int:
    if RULES_FORMAT.of(asked) == "json":
        book, cases = _with_cases(asked, load_rules())
        sys.stdout.write(pretty(to_json(book, cases)))
        return ExitCode.CONFORMS
    book = _book(asked)
    match RULES_FORMAT.of(asked):
        case "markdown":
            told = markdown(book)
        case _:
            told = listing(book, _columns())
    sys.stdout.write(told)
    return ExitCode.CONFORMS


def _explain(asked: argparse.Namespace) -> int:
    # Before the introspection of a build, which takes time.
    rule = find_rule(load_rules(), asked.rule)
    sys.stdout.write(explanation(_book(asked), rule, _columns()))
    return ExitCode.CONFORMS


def _book(asked: argparse.Namespace) -> Book:
    """Return the rules with the cases of the target, or of a release without one."""
    index = load_index()
    if asked.targets or _target_options(asked) or RELEASE.of(asked) not in ("", index.release):
        return _with_cases(asked, load_rules())[0]
    return Book(rules=load_rules(), groups=index.rules, of=_of_release(index.release))


def load_index() -> ShippedIndex:
    """Return the cases of each rule that ship; raises KnowledgeError."""
    path = store.fixtures_folder() / FILE
    try:
        return read_index(store.read_text(path))
    except ValueError as error:
        raise KnowledgeError(
            f"{path}: no index of rules: {error}", "Run python -m docs.generated in a checkout."
        ) from error


def _target_options(asked: argparse.Namespace) -> list[str]:
    return [f"--{each.name}" for each in TARGET if each.is_given(asked)]


def _of_release(name: str) -> str:
    return f"those of QEMU {name}, as its digest gives them"


def _with_cases(
    asked: argparse.Namespace, rules: Mapping[str, Rule]
) -> tuple[Book, Mapping[str, Sequence[Entry]]]:
    """Return the book of the target, or of a release, and the cases of each rule."""
    if len(asked.targets) > 1:
        raise UsageError(f"one target is enough, {asked.targets[1]} is too many", "Leave it out.")
    rule = next((word for word in asked.targets if word.upper() in rules), None)
    if rule is not None and not Path(rule).exists():
        raise UsageError(
            f"{rule} is a rule, and no target", f"`qmp-conformance explain {rule}` tells of it."
        )
    given = _target_options(asked)
    release = RELEASE.of(asked)
    if given and not asked.targets:
        verb = "is" if len(given) == 1 else "are"
        raise UsageError(
            f"{' and '.join(given)} {verb} of a target", "Name one, or leave the option out."
        )
    if asked.targets and release:
        raise UsageError("--release is for where no target is named", "Leave one of them out.")
    if asked.targets:
        # Not at the top: only needed with a target.
        from conformance.cli.ready import one_campaign

        with one_campaign(asked) as (campaign, _, _):
            version = ".".join(map(str, campaign.plan.head.version))
            of = f"those of {campaign.target.name}, {version}"
            cases = cases_by_rule(campaign.plan.entries())
            rules = campaign.rules
    else:
        found = release_version(release)
        of = _of_release("{}.{}".format(*found))
        cache = open_cache(off=NO_CACHE.of(asked))
        cases = cases_by_rule(release_plan(found, PROGRAMS, cache).entries())
    groups = {name: grouped(own) for name, own in cases.items()}
    return Book(rules=rules, groups=groups, of=of), cases


def _columns() -> int:
    return min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDTH)
