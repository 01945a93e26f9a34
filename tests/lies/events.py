"""Lies about events: lost, doubled, late, early, reordered, invented, with wrong times or data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .changes import Change, given, mended, plus, put, turned, without
from .told import AheadOfReply, BehindReply, Entry, Events, Invented, Later, Message, Swapped


def _told(
    name: str,
    event: str,
    told: Callable[[Message], Iterable[Message | Later]],
    cases: str,
    rules: str,
) -> Entry:
    return Entry(name, lambda: Events(event, told), cases, rules)


def _changed(name: str, event: str, change: Change, cases: str, rules: str) -> Entry:
    return _told(name, event, lambda message: (change(message),), cases, rules)


def _lost(event: str, cases: str = "") -> Entry:
    name = f"{event.lower().replace('_', '-')}-is-not-told"
    return _told(name, event, lambda message: (), cases or f"{event}/valid/*", "X32 X33 W50")


_RUN = "STOP/valid/* RESUME/valid/* stop/effect/* cont/effect/*"

LOST = (
    _lost("STOP"),
    _lost("RESUME"),
    _lost("DEVICE_DELETED"),
    _lost("VNC_INITIALIZED"),
    _lost("SPICE_DISCONNECTED"),
    _lost("NETDEV_STREAM_DISCONNECTED"),
    _lost("JOB_STATUS_CHANGE"),
    _lost("BLOCK_JOB_COMPLETED"),
    _lost("BLOCK_JOB_CANCELLED"),
    _lost("BLOCK_JOB_READY"),
    _lost("BLOCK_JOB_PENDING"),
    _lost("MIGRATION"),
    _lost("RESET"),
    _lost("POWERDOWN"),
    _lost("DEVICE_TRAY_MOVED"),
    _lost("DUMP_COMPLETED"),
    _lost("BLOCK_EXPORT_DELETED"),
    _lost("SHUTDOWN"),
    _lost("VSERPORT_CHANGE"),
    _lost("WATCHDOG"),
    _lost("BLOCK_WRITE_THRESHOLD"),
)

DOUBLED = (
    _told(
        "devices-go-untold",
        "DEVICE_DELETED",
        lambda each: (),
        "device_add/virtio-rng-pci/lifecycle/unplugged",
        "X49",
    ),
    _told("stop-comes-twice", "STOP", lambda each: (each, each), "STOP/valid/*", "W74"),
    _told(
        "jobs-are-told-twice",
        "JOB_STATUS_CHANGE",
        lambda each: (each, each),
        "JOB_STATUS_CHANGE/valid/* job-pause/effect/*",
        "W74",
    ),
    _told(
        "resume-comes-twice-at-two-times",
        "RESUME",
        lambda each: (each, plus("timestamp.microseconds", 1)(each)),
        "RESUME/valid/*",
        "W74",
    ),
    _told(
        "deletion-comes-twice-much-later",
        "DEVICE_DELETED",
        lambda each: (each, Later(0.05, each)),
        "DEVICE_DELETED/valid/*",
        "W74",
    ),
    _told(
        "completion-comes-twice",
        "BLOCK_JOB_COMPLETED",
        lambda each: (each, each),
        "BLOCK_JOB_COMPLETED/valid/*",
        "W74",
    ),
    _told(
        "reset-comes-twice-with-times-of-its-own",
        "RESET",
        lambda each: (each, plus("timestamp.microseconds", 7)(each)),
        "RESET/valid/*",
        "W74",
    ),
    _told(
        "changes-of-the-clock-come-each",
        "RTC_CHANGE",
        lambda each: (each, each, each),
        "RTC_CHANGE/valid/*",
        "W50 W74",
    ),
)

LATE = (
    _told("stop-comes-late", "STOP", lambda each: (Later(1.4, each),), "STOP/valid/*", "W76 W77"),
    _told(
        "reset-comes-late",
        "RESET",
        lambda each: (Later(1.4, each),),
        "RESET/valid/request",
        "W76 W77",
    ),
    _told(
        "jobs-are-told-late",
        "JOB_STATUS_CHANGE",
        lambda each: (Later(1.4, each),),
        "JOB_STATUS_CHANGE/valid/*",
        "W76 W77",
    ),
    _told(
        "powerdown-comes-late",
        "POWERDOWN",
        lambda each: (Later(1.4, each),),
        "POWERDOWN/valid/*",
        "W76 W77",
    ),
    _told(
        "trays-are-told-late",
        "DEVICE_TRAY_MOVED",
        lambda each: (Later(1.4, each),),
        "DEVICE_TRAY_MOVED/valid/*",
        "W76 W77",
    ),
    Entry("stop-comes-behind-its-reply", lambda: BehindReply("STOP"), "STOP/valid/*", "W77"),
    Entry(
        "shutdown-comes-behind-its-reply",
        lambda: BehindReply("SHUTDOWN"),
        "SHUTDOWN/valid/*",
        "W77",
    ),
    Entry("resume-comes-behind-its-reply", lambda: BehindReply("RESUME"), "RESUME/valid/*", "W77"),
    Entry("reset-comes-behind-its-reply", lambda: BehindReply("RESET"), "RESET/valid/*", "W77"),
    Entry(
        "jobs-are-told-behind-the-reply",
        lambda: BehindReply("JOB_STATUS_CHANGE"),
        "JOB_STATUS_CHANGE/valid/*",
        "W77",
    ),
    Entry(
        "migration-is-told-behind-the-reply",
        lambda: BehindReply("MIGRATION"),
        "MIGRATION/valid/*",
        "W77",
    ),
    Entry(
        "powerdown-comes-behind-its-reply",
        lambda: BehindReply("POWERDOWN"),
        "POWERDOWN/valid/*",
        "W77",
    ),
)

EARLY = (
    Entry(
        "shutdown-comes-ahead-of-its-reply",
        lambda: AheadOfReply("quit", "SHUTDOWN"),
        "SHUTDOWN/valid/quit",
        # Of 5.2 it is a lie that W77 forbids.
        why="from 7.2 on QEMU itself sends it ahead, and X02 leaves open whether quit is answered",
    ),
    Entry(
        "unplugging-is-told-ahead-of-its-reply",
        lambda: AheadOfReply("device_del", "DEVICE_DELETED"),
        "DEVICE_DELETED/valid/recipe",
        why="the thread that frees devices (RCU) sends the event, on either side of the reply",
    ),
)

REORDERED = (
    Entry(
        "jobs-go-backwards",
        lambda: Swapped("JOB_STATUS_CHANGE"),
        "JOB_STATUS_CHANGE/valid/* job-pause/effect/*",
        "W48 W77 X32",
    ),
    Entry(
        "migration-goes-backwards", lambda: Swapped("MIGRATION"), "MIGRATION/valid/*", "W48 W77 X32"
    ),
    Entry(
        "trays-move-backwards",
        lambda: Swapped("DEVICE_TRAY_MOVED"),
        "DEVICE_TRAY_MOVED/valid/* blockdev-change-medium/effect/*",
        "W48 X32",
    ),
)

_STAMP = "timestamp"

TIMES = (
    _changed("an-hour-ahead", "*", plus("timestamp.seconds", 3600), _RUN, "W48"),
    _changed("an-hour-behind", "*", plus("timestamp.seconds", -3600), _RUN, "W48"),
    _changed("a-second-ahead", "*", plus("timestamp.seconds", 1), _RUN, "W48"),
    _changed("two-seconds-behind", "*", plus("timestamp.seconds", -2), _RUN, "W48 W76"),
    _changed("microseconds-stand-still", "*", put("timestamp.microseconds", 500), _RUN, "W48"),
    _changed(
        "microseconds-are-milliseconds",
        "*",
        lambda each: put("timestamp.microseconds", each[_STAMP]["microseconds"] // 1000)(each),
        "STOP/valid/* RESUME/valid/* JOB_STATUS_CHANGE/valid/*",
        "W48",
    ),
    _changed(
        "microseconds-pass-a-million", "*", plus("timestamp.microseconds", 1_000_000), _RUN, "W48"
    ),
    _changed("seconds-are-of-1970", "*", put("timestamp.seconds", 12), _RUN, "W48"),
    _changed(
        "time-is-in-nanoseconds",
        "*",
        lambda each: put("timestamp.microseconds", each[_STAMP]["microseconds"] * 1000)(each),
        _RUN,
        "W48",
    ),
    _changed("no-microseconds", "*", without("timestamp.microseconds"), _RUN, "W46 W48"),
    _changed("no-time", "*", without(_STAMP), _RUN, "W46 W48"),
    _changed("half-a-time", "*", put("timestamp.microseconds", -1), _RUN, "W48"),
    _changed("time-is-text", "*", put("timestamp.seconds", "now"), _RUN, "W48 W46"),
)

DATA = (
    _changed("resume-is-told-as-stop", "RESUME", put("event", "STOP"), "RESUME/valid/*", "X32 W75"),
    _changed("unknown-event", "STOP", put("event", "HALT"), "STOP/valid/*", "W49 X32"),
    _changed("event-has-an-id", "*", given("id", 1), _RUN, "W46 W35 W30"),
    _changed(
        "event-has-data-too-much",
        "STOP",
        given("data", {"reason": "asked"}),
        "STOP/valid/*",
        "W47 Q40 W46",
    ),
    _changed("reset-has-no-data", "RESET", without("data"), "RESET/valid/*", "W47 X32"),
    _changed("reset-is-of-the-guest", "RESET", turned("data.guest"), "RESET/valid/*", "X32"),
    _changed(
        "reset-has-another-reason", "RESET", put("data.reason", "none"), "RESET/valid/*", "X32"
    ),
    _changed(
        "tray-is-the-other-way",
        "DEVICE_TRAY_MOVED",
        turned("data.tray-open"),
        "DEVICE_TRAY_MOVED/valid/*",
        "X32 X44",
    ),
    _changed(
        "deleted-device-is-another",
        "DEVICE_DELETED",
        mended("data.device"),
        "DEVICE_DELETED/valid/*",
        "X32",
    ),
    _changed(
        "deleted-device-has-another-path",
        "DEVICE_DELETED",
        mended("data.path"),
        "DEVICE_DELETED/valid/*",
        "X32",
    ),
    _changed(
        "job-is-another", "JOB_STATUS_CHANGE", mended("data.id"), "JOB_STATUS_CHANGE/valid/*", "X32"
    ),
    _changed(
        "job-has-another-length",
        "BLOCK_JOB_COMPLETED",
        plus("data.len"),
        "BLOCK_JOB_COMPLETED/valid/*",
        "X32 X44",
    ),
    _changed(
        "job-is-of-another-type",
        "BLOCK_JOB_READY",
        put("data.type", "commit"),
        "BLOCK_JOB_READY/valid/*",
        "X32 X44",
    ),
    _changed(
        "balloon-told-larger",
        "BALLOON_CHANGE",
        plus("data.actual", 4096),
        "BALLOON_CHANGE/valid/*",
        "X32 X44 X31 X33",
    ),
    _changed(
        "dump-told-half",
        "DUMP_COMPLETED",
        plus("data.result.completed", -1),
        "DUMP_COMPLETED/valid/*",
        "X32 X44 X31 X33",
    ),
    _changed(
        "export-told-another",
        "BLOCK_EXPORT_DELETED",
        mended("data.id"),
        "BLOCK_EXPORT_DELETED/valid/*",
        "X32",
    ),
    _changed(
        "shutdown-told-of-the-guest", "SHUTDOWN", turned("data.guest"), "SHUTDOWN/valid/*", "X32"
    ),
    _changed("watchdog-told-otherwise", "WATCHDOG", put("data.action", "run"), "WATCHDOG/*", "X32"),
    _changed(
        "panic-told-otherwise",
        "GUEST_PANICKED",
        put("data.action", "poweroff"),
        "GUEST_PANICKED/valid/*",
        "X32",
    ),
    _changed(
        "error-told-as-of-space",
        "BLOCK_IO_ERROR",
        turned("data.nospace"),
        "BLOCK_IO_ERROR/valid/*",
        "X32",
    ),
    _changed(
        "threshold-told-otherwise",
        "BLOCK_WRITE_THRESHOLD",
        plus("data.amount-exceeded"),
        "BLOCK_WRITE_THRESHOLD/valid/*",
        "X32",
    ),
    _changed(
        "port-told-closed", "VSERPORT_CHANGE", turned("data.open"), "VSERPORT_CHANGE/valid/*", "X32"
    ),
)

INVENTED = (
    Entry(
        "shutdown-with-each-pause",
        lambda: Invented("stop", "SHUTDOWN", {"guest": False, "reason": "host-qmp-quit"}),
        "stop/effect/* STOP/valid/*",
        "W75",
    ),
    Entry(
        "completion-with-each-list",
        lambda: Invented(
            "query-jobs",
            "BLOCK_JOB_COMPLETED",
            {"type": "mirror", "device": "j0", "len": 0, "offset": 0, "speed": 0},
        ),
        "query-jobs/valid/* query-jobs/answers/*",
        "W75",
    ),
    Entry(
        "stop-without-a-cause",
        lambda: Invented("query-status", "STOP"),
        "query-status/valid/recipe query-status/answers/*",
        "W75",
    ),
    Entry(
        "powerdown-without-a-cause",
        lambda: Invented("query-block", "POWERDOWN"),
        "query-block/valid/recipe query-block/answers/*",
        "W75",
    ),
    Entry(
        "deletion-without-a-cause",
        lambda: Invented("query-pci", "DEVICE_DELETED", {"path": "/machine/peripheral/d0"}),
        "query-pci/valid/recipe query-pci/answers/*",
        "W75",
    ),
    Entry(
        "reset-with-each-stop",
        lambda: Invented("stop", "RESET", {"guest": False, "reason": "host-qmp-system-reset"}),
        "stop/effect/* STOP/valid/*",
        "W75",
    ),
    Entry(
        "resume-with-each-object",
        lambda: Invented("object-add", "RESUME"),
        "object-add/iothread/valid/*",
        "W75",
    ),
)
