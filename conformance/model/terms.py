"""The closed sets of words that all rooms share."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)
"""A JSON value as `json.loads` returns it; integers are exact at any size."""


class Absent(enum.Enum):
    """The type of `ABSENT`: in QMP, an absent member and a null member differ."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


def as_object(value: object) -> Mapping[str, JsonValue]:
    """Return a JSON object unchanged, and an empty one for any other value."""
    # Nearly all are dicts: to ask an abstract class costs ten times as much.
    return value if type(value) is dict or isinstance(value, Mapping) else {}


PathPart: TypeAlias = str | Mapping[str, JsonValue]
"""A step into a JSON value: a member's name, an element's index, or members of the element."""


class Severity(enum.StrEnum):
    """How strongly the source of a rule words its promise."""

    # The specification or schema states it without condition: breaking it is a failure.
    MUST = "must"
    # A rule of style: reported, and a failure only on request.
    SHOULD = "should"
    # The specification leaves it open: reported, never a failure.
    INFORMATION = "information"


class Weight(enum.StrEnum):
    """What a finding does to a user of the build, worst first."""

    # The build ends in ordinary use: all that its guest has not saved is lost.
    ENDS = "ends-the-build"
    # The build or its monitor answers no more, or not in time.
    HANGS = "hangs"
    # An answer, an effect or a state is not what was promised.
    WRONG = "wrong"
    # What one client did, or was refused, is left behind for the next one.
    LEAKS = "leaks"
    # The build ends, and only values that nobody needs bring it about.
    ENDS_ODDLY = "ends-with-odd-values"
    # What is written about the build is wrong, not the build.
    DOCUMENTATION = "documentation"
    # A name or a form is not as the rules have it; no client stumbles over it.
    COSMETIC = "cosmetic"


class Mark(enum.StrEnum):
    """Why a reader judges a finding otherwise than its like."""

    # It is about an interface that may change at any time.
    UNSTABLE = "unstable"
    # It is about an interface that is deprecated.
    DEPRECATED = "deprecated"
    # QEMU's own test or comment says that it is meant so.
    INTENDED = "intended"


class Standing(enum.StrEnum):
    """What a defect is beside what was known before a run, news first."""

    # Neither a known issue nor in the baseline.
    NEW = "new"
    # In the baseline, and it does more harm now.
    WORSE = "worse"
    # A known issue whose cases pass.
    STALE = "stale"
    # A known issue whose day is over; if it shows, it is new.
    EXPIRED = "expired"
    # Not in the baseline, whose run had none of its cases, or no verdict on them.
    NEWLY_RUN = "newly-run"
    # In the baseline, and it does less harm now.
    MILDER = "milder"
    # In the baseline, and it still shows.
    STILL = "still"
    # A known issue, and it shows.
    KNOWN = "known"
    # In the baseline, and its cases pass.
    FIXED = "fixed"
    # Known or in the baseline, not seen, and it comes and goes.
    COMES_AND_GOES = "comes-and-goes"
    # Known or in the baseline, not seen, and its cases were not run, or have no verdict.
    NOT_RUN = "not-run"
    # A known issue about none of the targets.
    UNMATCHED = "unmatched"


NEWS: Final = frozenset(
    {Standing.NEW, Standing.WORSE, Standing.NEWLY_RUN, Standing.STALE, Standing.EXPIRED}
)
"""What somebody must look at."""


class Aspect(enum.StrEnum):
    """Which promise of a subject a case is about."""

    # What the build says of itself is consistent, and matches what it has.
    INTROSPECTION = "introspection"
    # A request that the schema allows is accepted and has its effect.
    VALID = "valid"
    # What a command changes shows in the query for it, and what undoes it removes it.
    EFFECT = "effect"
    # A query tells what is known of the machine that it is asked of.
    ANSWERS = "answers"
    # A member that is left out has its documented value.
    DEFAULTS = "defaults"
    # Every value of an argument is answered, also where nothing says whether it is taken.
    VALUES = "values"
    # What is accepted alone is answered together, too; what contradicts each other is told.
    PAIRS = "pairs"
    # In a state that other requests brought about it is answered, and a refusal leaves nothing.
    STATES = "states"
    # A server or client that misbehaves costs at most the request that talks to it.
    PEERS = "peers"
    # A request that the schema forbids is refused, and leaves nothing behind.
    INVALID = "invalid"
    # A well-formed request that cannot be served is refused with the right class.
    ERRORS = "errors"
    # An object over time: order of requests, use by others, reset; what is undone leaves nothing.
    LIFECYCLE = "lifecycle"
    # What the build says of itself is what its source declares and documents.
    DOCUMENTATION = "documentation"
    # The documentation's examples are valid, and come out as shown.
    EXAMPLES = "examples"
    # The command is available as declared: in negotiation mode, out of band, in preconfig.
    GATES = "gates"
    # Bytes, sessions and order follow the protocol, whatever the command.
    WIRE = "wire"
    # Requests that nobody foresaw, drawn at random, break no promise either.
    FUZZ = "fuzz"
    # Nor do known requests in an order that nobody foresaw.
    STATEFUL = "stateful"


class Outcome(enum.StrEnum):
    """The result of a case; only PASS is green."""

    # Every promise of the case was seen kept.
    PASS = "pass"
    # A promise was broken; there is a finding.
    FAIL = "fail"
    # The build died; there is a finding.
    CRASH = "crash"
    # The build stopped answering; there is a finding.
    TIMEOUT = "timeout"
    # A promise was broken in some plays of the case and kept in others.
    INTERMITTENT = "intermittent"
    # It failed among other cases and passed in every play alone on a fresh machine.
    FLAKY = "flaky"
    # It was refused as it should be, and so was the request without the fault, for another reason:
    # the fault was seen, though nothing shows that it alone was the cause.
    REFUSED_DIFFERENTLY = "refused-differently"
    # It proves nothing. It was refused as it should be, but no request without the fault was ever
    # accepted; or it was refused, perhaps for a reason that no document mentions.
    VACUOUS = "vacuous"
    # The subject or the promise does not exist in this build.
    NOT_APPLICABLE = "not-applicable"
    # This host lacks what the case needs, as a probe has shown.
    UNTESTABLE_HERE = "untestable-here"
    # The suite does not try it: it has no recipe for it, or a reason not to.
    UNTRIED = "untried"
    # Another finding of the build stands in the way.
    BLOCKED_BY_FINDING = "blocked-by-finding"
    # Its machine did not start, and no probe of the host says why.
    NOT_STARTED = "not-started"
    # The suite itself failed.
    HARNESS_ERROR = "harness-error"
    # The run ended before the case's turn.
    NOT_RUN = "not-run"


BROKEN: Final = frozenset({Outcome.FAIL, Outcome.CRASH, Outcome.TIMEOUT})
"""The outcomes that come with a finding."""

REFUSED_ANYWAY: Final = frozenset({Outcome.REFUSED_DIFFERENTLY, Outcome.VACUOUS})
"""The outcomes of refusals whose request without the fault is refused, too."""


_LOST_STARTS: Final = 0.01


def starts_lost(outcomes: Mapping[Outcome, int]) -> bool:
    """Return whether too many cases were lost to machines that did not start.

    A hundredth of them is what a busy host may cost.
    """
    return outcomes.get(Outcome.NOT_STARTED, 0) > _LOST_STARTS * sum(outcomes.values())


class SettledBy(enum.StrEnum):
    """What a case lacks whose request without the fault is refused."""

    # The host, the build or the machine must have something.
    NEED = "need"
    # A server must be there to talk to.
    PEER = "peer"
    # Something must have been made before, or be in another state.
    STATE = "state"
    # The request must have other arguments.
    RECIPE = "recipe"


class SubjectKind(enum.StrEnum):
    """The kinds of subjects."""

    # A QMP command.
    COMMAND = "command"
    # A QOM type that object-add creates.
    OBJECT_TYPE = "object type"
    # A QOM type that device_add, or -device, plugs in.
    DEVICE_TYPE = "device type"
    # A QMP event.
    EVENT = "event"
    # A part of the protocol itself.
    PROTOCOL = "protocol"


CLIENT: Final = "client"
"""The part of the protocol whose cases the official client plays."""


class ErrorClass(enum.StrEnum):
    """The error classes that a reply may carry (QapiErrorClass, rule W41)."""

    # The class of everything that needs no other.
    GENERIC = "GenericError"
    # No such command, or not in this mode.
    COMMAND_NOT_FOUND = "CommandNotFound"
    # The device, or whatever stands for it, is in the wrong state.
    DEVICE_NOT_ACTIVE = "DeviceNotActive"
    # No such device, path, or type.
    DEVICE_NOT_FOUND = "DeviceNotFound"
    # The kernel's virtualisation lacks a capability.
    KVM_MISSING_CAP = "KVMMissingCap"


class ExitCode(enum.IntEnum):
    """What the command returns to the shell."""

    # All that was tested conforms.
    CONFORMS = 0
    # There are findings.
    FINDINGS = 1
    # The command line or a file of the user's is wrong, or nothing was tested.
    USAGE = 2
    # A target could not be started.
    LAUNCH = 3
    # The suite itself failed.
    HARNESS = 4
    # The user interrupted the run.
    INTERRUPTED = 130
