"""Scripted exchanges on the wire, as the files under cases/exchanges/ write them.

docs/exchanges.md describes the files.  Knows neither a machine nor what a server answers.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from conformance.knowledge.common import MACHINE, NEEDS, VERSIONS, NamesPart
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import FormError, Key
from conformance.knowledge.pieces import VARIANT, Words, variants
from conformance.knowledge.turns import SendEntry, TurnEntry
from conformance.knowledge.versions import VersionRange
from conformance.model.flavour import Program
from conformance.model.script import Send, Turn
from conformance.model.stage import MachineSpec, Transport


class Start(enum.StrEnum):
    """The state of the first line when an exchange begins."""

    # It is not connected.
    NOWHERE = "nowhere"
    # It is connected and greeted.
    GREETED = "greeted"
    # Its negotiation is over, without capabilities.
    NEGOTIATED = "negotiated"
    # Its negotiation is over, with oob.
    OUT_OF_BAND = "oob"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecipe:
    """One exchange about `rules`, on each of the transports of `on`.

    `subject` is the part of the protocol that it tests. `fresh` means that it gets its own machine,
    `ends` that the server exits, `every_start` that it is about all starts of a run; `slow` says
    why it only runs with `--thorough`.
    """

    subject: str
    name: str
    rules: tuple[str, ...]
    reason: str
    start: Start
    on: tuple[Transport, ...]
    versions: VersionRange
    programs: tuple[Program, ...]
    spec: MachineSpec
    pretty: bool
    clock: bool
    limit: float
    fresh: bool
    ends: bool
    slow: str
    turns: tuple[Turn, ...]
    needs: tuple[str, ...] = ()
    every_start: bool = False


@dataclass(frozen=True, kw_only=True)
class ExchangeEntry:
    """An exchange as a file has it: one case, or one for each variant and each prefix."""

    subject: Annotated[
        str,
        Key(
            "the part of the protocol that it tests",
            default="the name of the file",
            identity=True,
            stem=True,
        ),
    ] = ""
    name: Annotated[
        str,
        Key(
            "the case is wire/SUBJECT/NAME, followed by /VARIANT and @TRANSPORT if there are "
            "several",
            identity=True,
        ),
    ]
    rules: Annotated[
        tuple[str, ...],
        Key(
            "the rules that it tests; the first is the rule of each turn that has none. All "
            "messages are checked against the rules that no turn names",
            some=True,
        ),
    ]
    reason: Annotated[str, Key("what it shows")]
    start: Annotated[
        Start,
        Key(
            "the state of line a at the beginning: `negotiated`, `oob` (negotiated with oob "
            "enabled), `greeted` (in negotiation), `nowhere` (not connected)"
        ),
    ] = Start.NEGOTIATED
    on: Annotated[
        tuple[Transport, ...],
        Key(
            "the transports of line a: `socket` (a Unix socket), `tcp`, `pty`, `mux`, `stdio`",
            some=True,
        ),
    ] = (Transport.SOCKET,)
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    programs: Annotated[
        tuple[Program, ...],
        Key("the kinds of program that it applies to", some=True, identity=True),
    ] = (Program.SYSTEM, Program.STORAGE_DAEMON)
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    pretty: Annotated[bool, Key("whether the server indents its output (`pretty=on`)")] = False
    clock: Annotated[
        bool,
        Key('whether the endpoint "clock" speaks QEMU\'s test protocol (with accel = "qtest")'),
    ] = False
    limit: Annotated[float, Key("seconds for each turn")] = 10.0
    fresh: Annotated[
        bool, Key("whether it gets its own machine, because it changes the machine for good")
    ] = False
    ends: Annotated[bool, Key("whether it makes the server exit with status 0")] = False
    slow: Annotated[str, Key("why it is slow: it only runs with `--thorough`")] = ""
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    every_start: Annotated[bool, Key("whether it is about all starts of a run")] = False
    vary: Annotated[
        Mapping[str, Mapping[str, Any]],
        Key(
            "makes one case for each value: `{id}`, for `vary.id`, stands for the value; if "
            "a value is a table, the placeholders that it names stand for its values",
            items=VARIANT,
        ),
    ] = field(default_factory=dict)
    turns: Annotated[tuple[TurnEntry, ...], Key("the turns, in order")]

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if len(self.vary) > 1:
            yield FileFault("vary", "'vary' has more than one place", "Leave one.")
            return
        cut = [isinstance(turn, SendEntry) and turn.cut for turn in self.turns]
        if cut.count(True) > 1:
            yield FileFault("turns", "only one turn can have 'cut'")
            return
        try:
            assert self.recipes is not None
        except FormError as error:
            yield FileFault("turns", error.what, error.remedy)

    @cached_property
    def recipes(self) -> tuple[ExchangeRecipe, ...]:
        """Yield the exchange once for each variant and each place where it is cut."""
        return tuple(
            each
            for suffix, words in variants(self.vary)
            for each in self._cut(self._recipe(suffix, words))
        )

    def _recipe(self, suffix: str, words: Words) -> ExchangeRecipe:
        turns: list[Turn] = []
        for number, entry in enumerate(self.turns, start=1):
            try:
                turns += entry.turns(self.rules[0], words)
            except FormError as error:
                raise FormError(f"turn {number}: {error.what}", error.remedy) from error
        return ExchangeRecipe(
            subject=self.subject,
            name=self.name + suffix,
            rules=self.rules,
            reason=self.reason,
            start=self.start,
            on=self.on,
            versions=self.versions,
            programs=self.programs,
            spec=self.spec,
            pretty=self.pretty,
            clock=self.clock,
            limit=self.limit,
            fresh=self.fresh,
            ends=self.ends,
            slow=self.slow,
            turns=tuple(turns),
            needs=self.needs,
            every_start=self.every_start,
        )

    def _cut(self, recipe: ExchangeRecipe) -> Iterator[ExchangeRecipe]:
        """Yield the exchange, or, if it sends something with `cut`, one for each proper prefix."""
        marked = [
            n for n, turn in enumerate(self.turns) if isinstance(turn, SendEntry) and turn.cut
        ]
        if not marked:
            yield recipe
            return
        turn = recipe.turns[marked[0]]
        if not isinstance(turn, Send):
            raise FormError("'again' comes before the turn with 'cut'")
        for length in range(1, len(turn.data)):
            shorter = replace(turn, data=turn.data[:length])
            turns = (*recipe.turns[: marked[0]], shorter, *recipe.turns[marked[0] + 1 :])
            yield replace(recipe, name=f"{recipe.name}/cut-{length}", turns=turns)


@dataclass(frozen=True, kw_only=True)
class ExchangesPart(NamesPart):
    """The entries of a file about the wire."""

    exchanges: Annotated[
        tuple[ExchangeEntry, ...], Key("a scripted dialogue on the wire", name="exchange")
    ] = ()


def load_exchanges(
    folder: Path, more: Sequence[Read[ExchangesPart]] = ()
) -> tuple[ExchangeRecipe, ...]:
    """Return the exchanges of all files `*.toml` in `folder` and of `more`; raises KnowledgeError.

    The name of a file is the default subject of its exchanges.
    """
    entries: tuple[ExchangeEntry, ...] = gathered(
        [*more, *read_folder(folder, ExchangesPart)], "exchanges"
    )
    return tuple(recipe for entry in entries for recipe in entry.recipes)
