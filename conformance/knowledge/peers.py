"""How the peers of a machine misbehave, at which stages, and which requests talk to them.

The entries stand in cases/commands/peers.toml.  Knows no schema, no socket and no reply.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Final

from conformance.knowledge.common import (
    ARCH,
    MACHINE,
    NEEDS,
    REASON,
    SETUP,
    VERSIONS,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key, words_form
from conformance.knowledge.model_keys import HEX
from conformance.knowledge.states import PATTERN_TEXT
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import (
    PEER_CALLERS,
    PEER_SERVERS,
    Awaited,
    MachineSpec,
    Manner,
    Peer,
    Request,
    Says,
    Then,
)
from conformance.model.terms import JsonValue

_START: Final = "start"
"""The name of the stage at which someone connects."""
_ANY: Final = ("*",)


class Where(enum.StrEnum):
    """At which stages of a dialogue a manner is tried."""

    # When someone connects.
    START = "start"
    # In place of each thing that the peer says.
    STAGES = "stages"
    # At all of these.
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class MannerRecipe:
    """A way in which peers misbehave; it is laid over the good dialogue of each."""

    name: Annotated[str, Key("the manner", identity=True)]
    at: Annotated[
        Where,
        Key(
            "where in the dialogue: `start`, when someone connects; `stages`, in place of each "
            "thing that the peer says; `all` of these"
        ),
    ]
    says: Annotated[
        Says,
        Key(
            "what it says there: `nothing`, `half` of what a good peer says, `part` of that, "
            "`garbage`, `flood` (the same, again and again, 1 MiB of it), `same` (what a good peer "
            "says), `bytes`"
        ),
    ]
    then: Annotated[Then, Key("what it does next: `hang-up`, `silence`, `go-on`")]
    hex: Annotated[str, Key("what it says, for `bytes`", form=HEX)] = ""
    size: Annotated[
        int, Key("how many bytes it says, for `part`; of a negative number, all but so many")
    ] = 0
    late: Annotated[float, Key("how many seconds late it says everything from then on")] = 0.0
    patience: Annotated[float, Key("after how many seconds of silence it hangs up")] = 0.0
    serves: Annotated[
        tuple[str, ...], Key("the peers that can have it, as globs", default="all")
    ] = _ANY
    slow: Annotated[str, Key("why it runs with `--thorough` alone")] = ""
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if (self.then is Then.SILENCE) is not (self.patience > 0):
            yield FileFault(
                "patience",
                "'patience' and silence go together",
                "Say after how many seconds of silence it hangs up.",
            )
        if (self.says is Says.BYTES) is not bool(self.hex):
            yield FileFault("hex", "'hex' and `bytes` go together", "Say which bytes it says.")
        if (self.says is Says.PART) is not bool(self.size):
            yield FileFault("size", "'size' and `part` go together", "Say how much it says.")

    def stages(self, names: Sequence[str]) -> Iterator[tuple[str, Manner]]:
        """Yield the name of each stage of a dialogue at which it is tried, and the manner there."""
        for at, name in enumerate((_START, *names)):
            if self.at in (Where.ALL, Where.START if at == 0 else Where.STAGES):
                yield (
                    name,
                    Manner(
                        at=at,
                        says=self.says,
                        then=self.then,
                        hex=self.hex,
                        size=self.size,
                        late=self.late,
                        patience=self.patience,
                    ),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The stages of a peer's good dialogue."""

    serve: Annotated[
        str,
        Key(
            "the peer",
            identity=True,
            form=words_form({word: word for word in sorted(PEER_SERVERS + PEER_CALLERS)}),
        ),
    ]
    stages: Annotated[
        tuple[str, ...],
        Key("a name for each thing that it says, in order, as far as it misbehaves there"),
    ] = ()
    untried: Annotated[str, Key("why it never misbehaves")] = ""
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequel:
    """What a program tells after peers have misbehaved in some manners."""

    manners: Annotated[
        tuple[str, ...],
        Key("globs of the manner with its stage, MANNER@STAGE", some=True, each=True),
    ]
    awaits: Annotated[
        tuple[Awaited, ...], Key("the events that must come, unless the program may end, and does")
    ] = ()
    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    answer: Annotated[
        JsonValue, Key("a pattern of its reply, as JSON text (see States)", form=PATTERN_TEXT)
    ]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """A request that makes the machine talk to a peer, where no recipe of a command does."""

    name: Annotated[str, Key("the cases are COMMAND/peers/NAME/MANNER", identity=True)]
    request: Annotated[Request, Key(flat=True, only=("execute", "arguments", "awaits"))]
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    calling: Annotated[
        Request | None,
        Key("the request behind it that makes a client call, if it is not the request itself"),
    ] = None
    sequels: Annotated[
        tuple[Sequel, ...],
        Key("what the program tells afterwards; the first that fits counts", name="sequel"),
    ] = ()
    may_end: Annotated[
        tuple[str, ...],
        Key(
            "globs of the line with which the program may end, with exit status 1",
            name="may_end",
            default="it must live",
        ),
    ] = ()
    effect: Annotated[
        Effect, Key("what the request does to the machine, `none` or `destructive`")
    ] = Effect.NONE
    slow: Annotated[str, Key("why it runs with `--thorough` alone")] = ""
    undo: Annotated[
        tuple[Request, ...],
        Key("what undoes the request: it is refused where the request was"),
    ] = ()
    cleanup: Annotated[tuple[Request, ...], Key("what undoes the set-up, behind that")] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    unplayed: Annotated[
        str, Key("why no peer behaves well: then the request is not known to succeed")
    ] = ""
    reason: Annotated[str, REASON]

    @property
    def valid(self) -> ValidRequest:
        """The request with what surrounds it."""
        return ValidRequest(
            name=self.name,
            request=self.request,
            spec=self.spec,
            setup=self.setup,
            cleanup=(*self.undo, *self.cleanup),
            needs=self.needs,
            effect=self.effect,
            status=Status.GUESSED if self.unplayed else Status.SUCCEEDS,
            reason=self.reason,
        )

    def sequel(self, manner: str) -> Sequel | None:
        """Return what the program tells after that manner, None if nothing is known."""
        for each in self.sequels:
            if any(fnmatchcase(manner, glob) for glob in each.manners):
                return each
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """Requests that are not made of peers that misbehave so."""

    requests: Annotated[
        tuple[str, ...],
        Key("globs of COMMAND/NAME, as in the ids of the cases", some=True, each=True),
    ]
    manners: Annotated[
        tuple[str, ...], Key("globs of the manner with its stage, MANNER@STAGE", default="all")
    ] = _ANY
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    def spares(self, request: str, manner: str) -> bool:
        """Return whether the request is not made of a peer with that manner."""
        return any(fnmatchcase(request, glob) for glob in self.requests) and any(
            fnmatchcase(manner, glob) for glob in self.manners
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bystander:
    """A command without arguments that runs out of band, and changes nothing."""

    command: Annotated[str, Key("the command", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class PeersPart(NamesPart):
    """The entries of a file about peers that misbehave."""

    manners: Annotated[
        tuple[MannerRecipe, ...], Key("a way in which a peer misbehaves", name="manner")
    ] = ()
    dialogues: Annotated[
        tuple[Dialogue, ...], Key("the stages of what a good peer says", name="dialogue")
    ] = ()
    approaches: Annotated[
        tuple[Approach, ...], Key("a request that talks to a peer", name="approach")
    ] = ()
    bystanders: Annotated[
        tuple[Bystander, ...],
        Key(
            "what is asked out of band meanwhile; the first that the build has counts",
            name="bystander",
        ),
    ] = ()
    spared: Annotated[
        tuple[Spared, ...], Key("requests that are not made of peers that misbehave so")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersKnowledge:
    """What is known of peers that misbehave."""

    manners: tuple[MannerRecipe, ...] = ()
    dialogues: tuple[Dialogue, ...] = ()
    approaches: tuple[Approach, ...] = ()
    spared: tuple[Spared, ...] = ()
    beside: tuple[str, ...] = ()
    """The commands to ask out of band meanwhile, the first that a build has."""

    def approaches_of(self, command: str, version: Version, arch: str | None) -> Iterator[Approach]:
        """Yield the requests of a command of which no recipe knows."""
        for each in self.approaches:
            fits = version in each.versions and of_arch(each.arches, arch)
            if each.request.execute == command and fits:
                yield each

    def untried(self, serve: str) -> str:
        """Return why a peer never misbehaves, "" if it does."""
        return next((each.untried for each in self.dialogues if each.serve == serve), "")

    def misbehaving(self, peer: Peer) -> Iterator[tuple[str, MannerRecipe, Manner]]:
        """Yield each manner of a peer under MANNER@STAGE."""
        stages = next((each.stages for each in self.dialogues if each.serve == peer.serve), ())
        for recipe in self.manners:
            if any(fnmatchcase(peer.serve, glob) for glob in recipe.serves):
                for stage, manner in recipe.stages(stages):
                    yield f"{recipe.name}@{stage}", recipe, manner

    def spares(self, request: str, manner: str, version: Version) -> str:
        """Return why a request is not made of a peer with that manner, "" if it is."""
        fits = (
            each.reason
            for each in self.spared
            if version in each.versions and each.spares(request, manner)
        )
        return next(fits, "")

    def needs(self) -> frozenset[str]:
        """Return all needs of the requests."""
        return frozenset(need for each in self.approaches for need in each.needs)


NOBODY: Final = PeersKnowledge()


def peers_of(parts: Sequence[Read[PeersPart]]) -> PeersKnowledge:
    """Return what all `parts` say; raises KnowledgeError."""
    return PeersKnowledge(
        manners=gathered(parts, "manners"),
        dialogues=gathered(parts, "dialogues"),
        approaches=gathered(parts, "approaches"),
        spared=gathered(parts, "spared"),
        beside=tuple(each.command for each in gathered(parts, "bystanders")),
    )
