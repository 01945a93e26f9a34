"""Lies about what requests do: effects that are not, or are in spite of an error."""

from __future__ import annotations

from .told import Accepts, Besides, Entry, InSpite, Message, Refuses, Withheld

_EFFECT = "X33 X31 X32 X22 X20 X43"
"""What was done shows."""


_SNAPSHOT: Message = {
    "id": "1",
    "name": "s0",
    "vm-state-size": 0,
    "date-sec": 0,
    "date-nsec": 0,
    "vm-clock-sec": 0,
    "vm-clock-nsec": 0,
}


def _withheld(command: str, cases: str = "", told: Message | None = None) -> Entry:
    """Tell that a command has succeeded; it returns what is `told`, or nothing."""
    chosen = cases or f"{command}/effect/*"
    return Entry(
        f"{command}-does-nothing", lambda: Withheld(command, told=told or {}), chosen, _EFFECT
    )


WITHHELD = (
    _withheld("stop"),
    _withheld("cont"),
    _withheld("migrate-set-parameters"),
    _withheld("migrate-set-capabilities"),
    _withheld("object-del", "object-del/effect/* object-add/iothread/valid/*"),
    _withheld("device_add"),
    _withheld("device_del"),
    _withheld("chardev-remove"),
    _withheld("chardev-change"),
    _withheld("netdev_del"),
    _withheld("blockdev-del"),
    _withheld("blockdev-reopen"),
    _withheld("block_resize"),
    _withheld("block_set_io_throttle"),
    _withheld("block-dirty-bitmap-clear"),
    _withheld("block-dirty-bitmap-merge"),
    _withheld("block-dirty-bitmap-disable"),
    _withheld("block-job-cancel"),
    _withheld("block-job-pause"),
    _withheld("job-dismiss"),
    _withheld("job-finalize"),
    _withheld("block-export-del"),
    _withheld("nbd-server-stop"),
    _withheld("eject"),
    _withheld("blockdev-open-tray"),
    _withheld("blockdev-change-medium"),
    _withheld("change-backing-file"),
    _withheld("blockdev-snapshot-sync"),
    _withheld("blockdev-snapshot-delete-internal-sync", told=_SNAPSHOT),
    _withheld("transaction"),
    _withheld("balloon", "balloon/effect/* balloon/valid/value=*"),
    _withheld("set_link", "set_link/effect/* set_link/valid/*"),
    _withheld("set_password"),
    _withheld("expire_password"),
    _withheld("migrate_cancel"),
    _withheld("migrate-incoming"),
    _withheld("dump-guest-memory"),
    _withheld("screendump"),
    _withheld("pmemsave"),
    _withheld("memsave"),
    _withheld("ringbuf-write"),
    _withheld("remove-fd"),
    _withheld("closefd"),
    _withheld("qom-set"),
    _withheld("system_reset", "system_reset/effect/* RESET/valid/*"),
    _withheld("system_powerdown", "system_powerdown/effect/* POWERDOWN/valid/*"),
    _withheld("system_wakeup"),
    _withheld("set-numa-node", "set-numa-node/valid/type:dist.*"),
    _withheld("watchdog-set-action", "watchdog-set-action/effect/* WATCHDOG/valid/*"),
    _withheld("trace-event-set-state"),
    _withheld("calc-dirty-rate"),
    _withheld("replay-break"),
    _withheld("yank"),
    _withheld("display-update"),
    _withheld("x-exit-preconfig"),
    _withheld("snapshot-save"),
    _withheld("inject-nmi"),
    _withheld("send-key", "send-key/effect/* send-key/valid/*data=[am]*"),
    _withheld(
        "input-send-event",
        "input-send-event/effect/* input-send-event/valid/events.0.type:key.data.*data=[a-z]",
    ),
    _withheld("announce-self", "announce-self/effect/* announce-self/valid/*"),
    _withheld("blockdev-snapshot"),
    _withheld("block-stream"),
    _withheld("block-commit"),
    _withheld("blockdev-mirror"),
    _withheld("blockdev-backup"),
    _withheld("job-complete"),
    _withheld("block-job-resume"),
    _withheld("block-dirty-bitmap-add"),
    _withheld("block-dirty-bitmap-remove"),
    _withheld("block-export-add"),
    _withheld("blockdev-insert-medium"),
    _withheld("netdev_add"),
    _withheld("set-action", "set-action/effect/* SHUTDOWN/valid/*"),
    _withheld("change-vnc-password"),
    Entry(
        "rtc-reset-reinjection-does-nothing",
        lambda: Withheld("rtc-reset-reinjection"),
        "rtc-reset-reinjection/effect/*",
        why="no query and no event shows interrupts that are still to be injected",
    ),
    Entry(
        "daemon-deletes-no-node",
        lambda: Withheld("blockdev-del"),
        "blockdev-del/effect/*",
        _EFFECT,
        daemon=True,
    ),
    Entry(
        "daemon-throttles-nothing",
        lambda: Withheld("block-job-set-speed"),
        "block-job-set-speed/effect/*",
        _EFFECT,
        daemon=True,
    ),
)

_MORE_DOWNTIME: Message = {
    "execute": "migrate-set-parameters",
    "arguments": {"downtime-limit": 301},
}
_MORE_NODES: Message = {
    "execute": "blockdev-add",
    "arguments": {"driver": "null-co", "node-name": "left-behind"},
}
_CONT: Message = {"execute": "cont"}
_MORE_OBJECTS: Message = {
    "execute": "object-add",
    "arguments": {"qom-type": "iothread", "id": "left-behind"},
}


def _in_spite(command: str, cases: str = "") -> Entry:
    chosen = cases or f"{command}/invalid/unchanged/*"
    return Entry(f"refused-{command}-is-done", lambda: InSpite(command), chosen, "W65 X34 X14 X33")


def _besides(
    name: str, command: str, more: Message, cases: str, rules: str, answered: str = "return"
) -> Entry:
    return Entry(name, lambda: Besides(command, more, answered), cases, rules)


IN_SPITE = (
    _in_spite("blockdev-add"),
    _in_spite("chardev-add"),
    _in_spite("migrate-set-parameters"),
    _in_spite("netdev_add", "netdev_add/invalid/*"),
    _in_spite("object-add", "object-add/iothread/invalid/unknown-member"),
    _in_spite("nbd-server-start"),
    _in_spite("set_link"),
    _in_spite("block_resize"),
    _in_spite("system_reset"),
    _in_spite("system_powerdown"),
    _in_spite("block-dirty-bitmap-add"),
    _in_spite("block-export-add"),
    _in_spite("migrate-set-capabilities"),
    _in_spite("blockdev-snapshot-sync"),
    _besides(
        "refused-devices-leave-an-object",
        "device_add",
        _MORE_OBJECTS,
        "device_add/errors/*",
        "W65 X34 X14",
        "error",
    ),
    _besides(
        "refused-nodes-leave-one",
        "blockdev-add",
        _MORE_NODES,
        "blockdev-add/errors/* blockdev-add/invalid/unchanged/1",
        "W65 X34 X33",
        "error",
    ),
    _besides(
        "refused-objects-leave-one",
        "object-add",
        _MORE_OBJECTS,
        "object-add/errors/* object-add/invalid/unchanged/*",
        "X14 W65 X34",
        "error",
    ),
    _besides(
        "refused-jobs-start-the-guest", "job-pause", _CONT, "job-pause/errors/*", "X34 W65", "error"
    ),
)

CHANGED_BY_QUERIES = (
    _besides(
        "status-sets-a-parameter",
        "query-status",
        _MORE_DOWNTIME,
        "query-status/valid/unchanged/*",
        "X35",
    ),
    _besides(
        "list-sets-a-parameter", "qom-list", _MORE_DOWNTIME, "qom-list/valid/unchanged/*", "X35"
    ),
    _besides(
        "types-make-a-node",
        "qom-list-types",
        _MORE_NODES,
        "qom-list-types/valid/unchanged/*",
        "X35",
    ),
    _besides(
        "properties-make-an-object",
        "device-list-properties",
        _MORE_OBJECTS,
        "device-list-properties/valid/unchanged/*",
        "X35",
    ),
    _besides(
        "reading-starts-the-guest",
        "ringbuf-read",
        _CONT,
        "ringbuf-read/valid/*",
        "X35 W75",
    ),
    _besides(
        "one-parameter-sets-another",
        "migrate-set-parameters",
        {"execute": "migrate-set-parameters", "arguments": {"cpu-throttle-increment": 77}},
        "migrate-set-parameters/effect/* migrate-set-parameters/valid/*=given",
        "X31 X33 X43",
    ),
)


TURNED = (
    Entry(
        "taken-back-ends-are-taken-again",
        lambda: Accepts("netdev_add"),
        "netdev_add/valid/behaviour/*",
        "X55",
    ),
    Entry(
        "times-must-be-numbers",
        lambda: Refuses("expire_password"),
        "expire_password/valid/behaviour/*",
        "X55",
    ),
    Entry(
        "unknown-members-are-taken",
        lambda: Accepts("blockdev-add"),
        "blockdev-add/invalid/unknown-member blockdev-add/errors/*",
        "W64 X34 X27 X19",
    ),
    Entry(
        "unknown-nodes-are-resized",
        lambda: Accepts("block_resize"),
        "block_resize/errors/*",
        "X34 X19 X27",
    ),
    Entry(
        "unknown-objects-are-deleted",
        lambda: Accepts("object-del"),
        "object-del/errors/*",
        "X34 X19 X27 X14",
    ),
    Entry(
        "wrong-types-are-taken",
        lambda: Accepts("migrate-set-parameters"),
        "migrate-set-parameters/invalid/downtime-limit/*",
        "W63 Q03 Q05 Q06 Q30 Q08",
    ),
    Entry(
        "unknown-devices-are-deleted",
        lambda: Accepts("device_del"),
        "device_del/errors/*",
        "X19 X34 X16",
    ),
    Entry(
        "read-only-properties-are-set",
        lambda: Accepts("qom-set"),
        "qom-set/errors/property-* qom-set/errors/none/*",
        "X30 X28 X34 X27 X19",
    ),
    Entry(
        "objects-take-values-of-other-types",
        lambda: Accepts("qom-set"),
        "object-add/iothread/introspection/set/*",
        "X28",
    ),
    Entry(
        "devices-take-any-member",
        lambda: Accepts("device_add"),
        "device_add/AMDVI-PCI/invalid/*",
        "X34 X48 W65",
    ),
    Entry(
        "bad-ids-are-taken",
        lambda: Accepts("object-add"),
        "object-add/iothread/invalid/id/*",
        "X29 W63 Q01 Q15",
    ),
    Entry(
        "capabilities-that-exclude-others-are-taken",
        lambda: Accepts("migrate-set-capabilities"),
        "migrate-set-capabilities/errors/*",
        why="no document says which capabilities exclude each other",
    ),
    Entry(
        "one-value-of-an-enumeration-is-refused",
        lambda: Refuses("blockdev-mirror", lambda given: given.get("copy-mode") == "background"),
        "blockdev-mirror/valid/*",
        "X36 Q13 Q30 X27",
    ),
    Entry(
        "one-member-is-refused",
        lambda: Refuses("object-add", lambda given: "poll-shrink" in given),
        "object-add/iothread/valid/*",
        "X36 Q30 X27 Q16 X21 Q03",
    ),
    Entry(
        "one-node-name-is-refused",
        lambda: Refuses("query-blockstats", lambda given: given.get("query-nodes") is True),
        "query-blockstats/valid/*",
        "Q09 Q30 X36 Q16",
    ),
    Entry(
        "status-is-refused",
        lambda: Refuses("query-status"),
        "query-status/valid/* query-status/answers/*",
        "Q30 Q42 W61 X43",
    ),
    Entry(
        "listed-command-is-unknown",
        lambda: Refuses("query-iothreads", name="CommandNotFound"),
        "query-iothreads/valid/* query-iothreads/invalid/* query-iothreads/gates/*",
        "Q42 Q30 W61 X43",
    ),
    Entry(
        "stop-is-refused",
        lambda: Refuses("stop"),
        "stop/valid/* stop/effect/* STOP/valid/*",
        "Q30 X33 X32",
    ),
    Entry(
        "objects-are-refused-at-the-second-time",
        lambda: Refuses("object-add", lambda given: given.get("id", "").startswith("obj")),
        "object-add/iothread/valid/* object-add/iothread/lifecycle/*",
        "Q30 X20 X22 X21 X27",
    ),
)

IN_STATES = (
    Entry(
        "a-refused-end-resumes",
        lambda: Besides(
            "job-finalize", {"execute": "job-resume", "arguments": {"id": "job"}}, "error"
        ),
        "job-finalize/states/a-backup-paused",
        "W65",
    ),
    Entry(
        "a-refused-completion-cancels",
        lambda: Besides(
            "job-complete", {"execute": "job-cancel", "arguments": {"id": "job"}}, "error"
        ),
        "job-complete/states/a-backup-paused",
        "W65",
    ),
    Entry(
        "a-node-in-use-is-deleted",
        lambda: Accepts("blockdev-del"),
        "blockdev-del/states/a-backup-under-way",
        "X27",
    ),
    Entry(
        "a-second-server-starts",
        lambda: Accepts("nbd-server-start"),
        "nbd-server-start/states/a-node-exported",
        "X27",
    ),
)
