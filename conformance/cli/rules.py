"""The commands `rules` and `explain`: what QEMU promises, and how it is tested."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from conformance.cli.targets import add_targets
from conformance.knowledge.rules import find_rule, load_rules
from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ExitCode
from conformance.play.option_table import (
    NO_CACHE,
    RELEASE,
    RULES_FORMAT,
    TARGET,
    CommandName,
    declare,
)
from conformance.prepare.cache import open_cache
from conformance.prepare.digest_plan import release_plan, release_version
from conformance.report.rule_index import cases_by_rule
from conformance.report.rulebook import Book, explanation, listing, markdown, to_json

_PROGRAMS: Final = (Program.SYSTEM, Program.GUEST_AGENT)
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
    book = _book(asked)
    match RULES_FORMAT.of(asked):
        case "json":
            told = pretty(to_json(book))
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
    rules = load_rules()
    if len(asked.targets) > 1:
        raise UsageError(f"one target is enough, {asked.targets[1]} is too many", "Leave it out.")
    rule = next((word for word in asked.targets if word.upper() in rules), None)
    if rule is not None and not Path(rule).exists():
        raise UsageError(
            f"{rule} is a rule, and no target", f"`qmp-conformance explain {rule}` tells of it."
        )
    given = [each for each in TARGET if each.is_given(asked)]
    release = RELEASE.of(asked)
    if given and not asked.targets:
        names = " and ".join(f"--{each.name}" for each in given)
        verb = "is" if len(given) == 1 else "are"
        raise UsageError(f"{names} {verb} of a target", "Name one, or leave the option out.")
    if asked.targets and release:
        raise UsageError("--release is for where no target is named", "Leave one of them out.")
    if asked.targets:
        # Not at the top: only needed with a target.
        from conformance.cli.ready import one_campaign

        with one_campaign(asked) as (campaign, _, _):
            version = ".".join(map(str, campaign.plan.head.version))
            of = f"those of {campaign.target.name}, {version}"
            cases = campaign.plan.entries()
            rules = campaign.rules
    else:
        found = release_version(release)
        of = "those of QEMU {}.{}, as its digest gives them".format(*found)
        cache = open_cache(off=NO_CACHE.of(asked))
        cases = release_plan(found, _PROGRAMS, cache).entries()
    return Book(rules=rules, cases=cases_by_rule(cases), of=of)


def _columns() -> int:
    return min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDTH)
