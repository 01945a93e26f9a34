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


_READ_BACK = "waits for a read-back of accepted optional arguments"
_GUEST = "a guest, or a client, that tells what reached it"
LACKS: dict[str, str] = {
    name: lacks
    for lacks, names in {
        _READ_BACK: (
            "bursts-are-dropped size-of-operations-is-dropped group-is-dropped "
            "cache-is-dropped detect-zeroes-is-dropped offset-of-raw-is-dropped "
            "server-of-chardev-is-dropped log-of-chardev-is-dropped telnet-of-chardev-is-dropped "
            "speed-of-mirror-is-dropped granularity-of-mirror-is-dropped "
            "speed-of-stream-is-dropped dismissal-of-mirror-is-dropped "
            "filter-of-commit-is-dropped name-of-exports-is-dropped writing-to-exports-is-dropped "
            "limit-of-connections-is-dropped keys-of-nbd-server-are-dropped "
            "memory-of-nodes-is-dropped distance-of-nodes-is-dropped opaque-of-add-fd-is-dropped "
            "set-of-add-fd-is-dropped network-of-user-is-dropped disabled-of-bitmap-is-dropped "
            "pages-of-sampling-are-dropped format-of-dump-is-dropped "
            "format-of-picture-is-dropped "
            "detach-of-dump-is-dropped length-of-saving-is-dropped index-of-cpu-is-dropped "
            "properties-of-device-are-dropped "
            "granularity-of-bitmap-is-dropped"
        ),
        _GUEST: (
            "link-is-turned balloon-gets-less balloon-does-nothing set_link-does-nothing "
            "set_password-does-nothing expire_password-does-nothing actions-are-others "
            "inject-nmi-does-nothing send-key-does-nothing input-send-event-does-nothing "
            "announce-self-does-nothing"
        ),
        "writes to the node, so that a bitmap holds something (cases/commands/block-core.toml)": (
            "block-dirty-bitmap-clear-does-nothing block-dirty-bitmap-merge-does-nothing"
        ),
        "the recipe's effect is tried from 8.2 on alone (cases/commands/migration.toml)": (
            "migrate_cancel-does-nothing"
        ),
        "looking at what comes behind the last reply of a case (judge/event_times.py)": (
            "deletion-comes-twice-much-later"
        ),
        "an order of these events in cases/events/, for all that the case of the event sends": (
            "unplugging-is-told-ahead-of-its-reply shutdown-comes-ahead-of-its-reply"
        ),
        "reading the member `limits` back as a whole (cases/objects/throttle.toml)": (
            "a-group-has-no-limits"
        ),
        "siblings of two values (derive/commands/siblings.py)": (
            "one-node-name-is-refused one-value-of-an-enumeration-is-refused"
        ),
    }.items()
    for name in names.split()
}
"""What the suite lacks to see a lie."""
