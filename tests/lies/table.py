"""All lies, by family and by name."""

from __future__ import annotations

from collections.abc import Callable

from . import content, events, protocol, requests
from .told import Entry, Lie

FAMILIES: dict[str, tuple[Entry, ...]] = {
    "wrong values": content.WRONG_VALUES,
    "number of elements": content.NUMBER_OF_ELEMENTS,
    "members gone": content.MEMBERS_GONE,
    "constant answers": content.CONSTANT,
    "order of arrays": content.ORDER_OF_ARRAYS,
    "object model": content.OBJECT_MODEL,
    "storage daemon": content.DAEMON,
    "arguments dropped": requests.DROPPED,
    "arguments altered": requests.ALTERED,
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
    "introspection": protocol.INTROSPECTION,
    "defaults": protocol.DEFAULTS,
}
ENTRIES: dict[str, Entry] = {
    entry.name: entry for entries in FAMILIES.values() for entry in entries
}


def lie_named(name: str) -> Callable[[], Lie]:
    """Return what makes the lie of that name; "truth" is none."""
    return Lie if name == "truth" else ENTRIES[name].lie
