"""All lies, by family and by name."""

from __future__ import annotations

from collections.abc import Callable

from . import arguments, content, declared, events, protocol, requests, values
from .told import Entry, Lie

FAMILIES: dict[str, tuple[Entry, ...]] = {
    "wrong values": content.WRONG_VALUES,
    "number of elements": content.NUMBER_OF_ELEMENTS,
    "members gone": content.MEMBERS_GONE,
    "set up by guests": content.SET_UP_BY_GUESTS,
    "only later or with KVM": content.ONLY_LATER_OR_WITH_KVM,
    "constant answers": content.CONSTANT,
    "order of arrays": content.ORDER_OF_ARRAYS,
    "object model": content.OBJECT_MODEL,
    "storage daemon": content.DAEMON,
    "arguments dropped": arguments.DROPPED,
    "arguments altered": arguments.ALTERED,
    "values of arguments": values.OF_VALUES,
    "effects withheld": requests.WITHHELD,
    "effects in spite of an error": requests.IN_SPITE,
    "changed by queries": requests.CHANGED_BY_QUERIES,
    "refusals and acceptances": requests.TURNED,
    "events lost": events.LOST,
    "events doubled": events.DOUBLED,
    "events late": events.LATE,
    "events early": events.EARLY,
    "events reordered": events.REORDERED,
    "events invented": events.INVENTED,
    "times of events": events.TIMES,
    "data of events": events.DATA,
    "ids": protocol.IDS,
    "classes of errors": protocol.CLASSES,
    "framing": protocol.FRAMING,
    "greeting": protocol.GREETING,
    "negotiation": protocol.NEGOTIATION,
    "out of band": protocol.OUT_OF_BAND,
    "requests in states": requests.IN_STATES,
    "introspection": declared.INTROSPECTION,
    "defaults": declared.DEFAULTS,
}
ENTRIES: dict[str, Entry] = {
    entry.name: entry for entries in FAMILIES.values() for entry in entries
}


def lie_named(name: str) -> Callable[[], Lie]:
    """Return what makes the lie of that name; "truth" is none."""
    return Lie if name == "truth" else ENTRIES[name].lie


LACKS: dict[str, str] = {
    name: lacks
    for lacks, names in {
        "a record of a guest that ran, in which a replay stops": "replay-break-does-nothing",
        "the card's register in the look around refused requests": "refused-set_link-is-done",
        "the host's own view of the threads of the process": "threads-are-of-another",
        "what a request returned beside what a query then shows": "descriptors-have-other-numbers",
        "a host with KVM": ("rates-of-processors-are-others processors-were-slowed-down"),
        "a class for each refusal of which no document names one": "unknown-job-is-inactive",
    }.items()
    for name in names.split()
}
"""What the suite lacks to see a lie."""
