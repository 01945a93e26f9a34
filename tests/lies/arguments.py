"""Lies about the arguments of requests: dropped, or altered, on their way to QEMU."""

from __future__ import annotations

from .changes import Change, mended, plus, put, turned, without
from .told import Asked, Entry

_READ_BACK = "X31 X33 X21 X43"
"""What was given shows."""
_TOLD = "X31 X32 X33"
"""What was given decides of what an event tells."""


def _asked(name: str, command: str, change: Change, cases: str = "", rules: str = "") -> Entry:
    chosen = cases or f"{command}/effect/* {command}/valid/*"
    return Entry(name, lambda: Asked(command, change), chosen, rules or _READ_BACK)


DROPPED = (
    _asked(
        "downtime-limit-is-dropped",
        "migrate-set-parameters",
        without("downtime-limit"),
        "migrate-set-parameters/valid/downtime-limit*",
    ),
    _asked("announce-rounds-is-dropped", "migrate-set-parameters", without("announce-rounds")),
    _asked("tls-hostname-is-dropped", "migrate-set-parameters", without("tls-hostname")),
    _asked("compression-is-dropped", "migrate-set-parameters", without("multifd-compression")),
    _asked("bursts-are-dropped", "block_set_io_throttle", without("bps_max")),
    _asked("size-of-operations-is-dropped", "block_set_io_throttle", without("iops_size")),
    _asked("group-is-dropped", "block_set_io_throttle", without("group")),
    _asked(
        "read-only-is-dropped",
        "blockdev-add",
        without("read-only"),
        "blockdev-add/valid/read-only=* blockdev-add/valid/recipe",
    ),
    _asked(
        "cache-is-dropped",
        "blockdev-add",
        without("cache"),
        "blockdev-add/valid/cache* blockdev-add/valid/recipe",
    ),
    _asked(
        "detect-zeroes-is-dropped",
        "blockdev-add",
        without("detect-zeroes"),
        "blockdev-add/valid/detect-zeroes=*",
    ),
    _asked(
        "offset-of-raw-is-dropped",
        "blockdev-add",
        without("offset"),
        "blockdev-add/valid/driver:raw*",
    ),
    _asked(
        "log-of-chardev-is-dropped",
        "chardev-add",
        without("backend.data.logfile"),
        "chardev-add/valid/*logfile=given chardev-add/effect/*",
    ),
    _asked(
        "server-of-chardev-is-dropped",
        "chardev-add",
        without("backend.data.server"),
        "chardev-add/valid/*socket.data.server=* chardev-add/effect/*",
    ),
    _asked(
        "telnet-of-chardev-is-dropped",
        "chardev-add",
        without("backend.data.telnet"),
        "chardev-add/valid/*socket.data.telnet=*",
    ),
    _asked("speed-of-mirror-is-dropped", "blockdev-mirror", without("speed")),
    _asked("granularity-of-mirror-is-dropped", "blockdev-mirror", without("granularity")),
    _asked("dismissal-of-mirror-is-dropped", "blockdev-mirror", without("auto-dismiss")),
    _asked("speed-of-stream-is-dropped", "block-stream", without("speed")),
    _asked("base-of-stream-is-dropped", "block-stream", without("base-node")),
    _asked("filter-of-commit-is-dropped", "block-commit", without("filter-node-name")),
    _asked("compression-of-backup-is-dropped", "blockdev-backup", without("compress")),
    _asked(
        "writing-to-exports-is-dropped",
        "block-export-add",
        without("writable"),
        "block-export-add/effect/* block-export-add/valid/writable=* "
        "block-export-add/valid/type:nbd*",
    ),
    _asked(
        "name-of-exports-is-dropped",
        "block-export-add",
        without("name"),
        "block-export-add/effect/* block-export-add/valid/type:nbd*",
        # Without it, the export has the name that the next one is to get.
        f"{_READ_BACK} Q30",
    ),
    _asked("limit-of-connections-is-dropped", "nbd-server-start", without("max-connections")),
    _asked("keys-of-nbd-server-are-dropped", "nbd-server-start", without("tls-creds")),
    _asked("server-of-password-is-dropped", "set_password", without("display")),
    _asked("server-of-expiry-is-dropped", "expire_password", without("display")),
    _asked(
        "addresses-of-display-are-dropped",
        "display-update",
        without("addresses"),
        "display-update/effect/* display-update/valid/recipe display-update/valid/type:vnc*inet",
    ),
    # Then QEMU ends: the nodes have to hold all of the memory.
    Entry(
        "memory-of-nodes-is-dropped",
        lambda: Asked("set-numa-node", without("memdev")),
        "set-numa-node/valid/recipe set-numa-node/valid/type:node*",
        f"{_READ_BACK} W35",
    ),
    _asked(
        "distance-of-nodes-is-dropped",
        "set-numa-node",
        without("cpus"),
        "set-numa-node/valid/recipe set-numa-node/valid/type:node*",
    ),
    _asked("opaque-of-add-fd-is-dropped", "add-fd", without("opaque")),
    _asked("set-of-add-fd-is-dropped", "add-fd", without("fdset-id")),
    _asked(
        "network-of-user-is-dropped",
        "netdev_add",
        without("net"),
        "netdev_add/effect/* netdev_add/valid/type:user*",
    ),
    _asked(
        "polling-is-dropped",
        "object-add",
        without("poll-max-ns"),
        "object-add/iothread/valid/* object-add/iothread/defaults/*",
    ),
    _asked(
        "sharing-is-dropped",
        "object-add",
        without("share"),
        "object-add/memory-backend-ram/valid/share=*",
    ),
    _asked("granularity-of-bitmap-is-dropped", "block-dirty-bitmap-add", without("granularity")),
    _asked("disabled-of-bitmap-is-dropped", "block-dirty-bitmap-add", without("disabled")),
    _asked("pages-of-sampling-are-dropped", "calc-dirty-rate", without("sample-pages")),
    _asked("properties-of-transaction-are-dropped", "transaction", without("properties")),
    # A tray that is locked opens only by force.
    _asked("force-of-eject-is-dropped", "eject", without("force"), rules="Q30"),
    _asked("format-of-dump-is-dropped", "dump-guest-memory", without("format")),
    # Then the command waits for the dump, which waits for a reader.
    Entry(
        "detach-of-dump-is-dropped",
        lambda: Asked("dump-guest-memory", without("detach")),
        "dump-guest-memory/valid/detach=*",
        f"{_READ_BACK} W35",
    ),
    _asked("format-of-picture-is-dropped", "screendump", without("format")),
    _asked("length-of-saving-is-dropped", "pmemsave", put("size", 1)),
    Entry(
        "index-of-cpu-is-dropped",
        lambda: Asked("memsave", without("cpu-index")),
        "memsave/errors/not-there/cpu-index",
        "X34 X19",
    ),
    _asked("mode-of-snapshot-is-dropped", "blockdev-snapshot-sync", without("mode")),
    _asked(
        "histogram-of-writes-is-dropped", "block-latency-histogram-set", without("boundaries-write")
    ),
    _asked(
        "policy-of-mirror-is-dropped",
        "blockdev-mirror",
        without("on-target-error"),
        "blockdev-mirror/valid/on-target-error=*",
    ),
    _asked(
        "policy-of-commit-is-dropped",
        "block-commit",
        without("on-error"),
        "block-commit/valid/on-error=*",
    ),
    _asked(
        "policy-of-transaction-is-dropped",
        "transaction",
        without("actions.0.data.on-source-error"),
        "transaction/valid/actions.0.type:blockdev-backup.data.on-source-error=*",
    ),
    _asked("base-of-commit-is-dropped", "block-commit", without("base-node")),
    _asked("name-in-image-is-dropped", "block-stream", without("backing-file")),
    _asked(
        "mode-of-mirror-is-dropped",
        "blockdev-mirror",
        without("copy-mode"),
        "blockdev-mirror/valid/copy-mode=*",
    ),
    _asked("force-of-cancel-is-dropped", "block-job-cancel", without("force")),
    _asked("force-of-tray-is-dropped", "blockdev-open-tray", without("force")),
    _asked("mode-of-medium-is-dropped", "blockdev-change-medium", without("read-only-mode")),
    _asked("format-of-medium-is-dropped", "blockdev-change-medium", without("format")),
    _asked(
        "discarding-is-dropped", "blockdev-add", without("discard"), "blockdev-add/valid/discard=*"
    ),
    _asked(
        "check-of-overlaps-is-dropped",
        "blockdev-add",
        without("overlap-check"),
        "blockdev-add/valid/driver:qcow2.overlap-check.inactive-l2=true",
    ),
    _asked(
        "lazy-references-are-dropped",
        "blockdev-reopen",
        without("options.0.lazy-refcounts"),
        "blockdev-reopen/valid/options.0.driver:qcow2.lazy-refcounts=*",
    ),
    _asked(
        "permissions-of-nodes-are-dropped",
        "blockdev-add",
        without("take-child-perms"),
        "blockdev-add/valid/driver:blkdebug.take-child-perms*",
    ),
    _asked(
        "preallocation-is-dropped",
        "blockdev-create",
        without("options.preallocation"),
        "blockdev-create/valid/options.driver:qcow2.preallocation=*",
    ),
    _asked(
        "definition-of-file-is-dropped",
        "blockdev-create",
        without("options.file.align"),
        "blockdev-create/valid/options.driver:qcow2.file.driver:blkdebug.align=*",
    ),
    _asked(
        "size-of-table-is-dropped",
        "blockdev-create",
        without("options.table-size"),
        "blockdev-create/valid/options.driver:qed.table-size=*",
    ),
    _asked("properties-of-device-are-dropped", "device_add", without("bus")),
    _asked("state-of-tracing-is-turned", "trace-event-set-state", turned("enable")),
    _asked(
        "columns-of-a-console-are-dropped",
        "chardev-add",
        without("backend.data.cols"),
        "chardev-add/valid/backend.type:vc.data.cols=m*",
    ),
    _asked(
        "end-of-a-log-is-dropped",
        "chardev-change",
        without("backend.data.logappend"),
        "chardev-change/valid/*logappend=*",
    ),
    _asked(
        "name-of-a-guest-is-dropped",
        "netdev_add",
        without("hostname"),
        "netdev_add/valid/type:user.host*",
    ),
    _asked(
        "offset-of-a-tunnel-is-dropped",
        "netdev_add",
        without("offset"),
        "netdev_add/valid/type:l2tpv3.offset*",
    ),
    _asked("interfaces-are-dropped", "announce-self", without("interfaces")),
    _asked(
        "family-of-an-address-is-dropped",
        "display-update",
        without("addresses.0.ipv6"),
        "display-update/valid/*.ipv6=*",
    ),
    _asked("format-of-a-ring-is-dropped", "ringbuf-write", without("format")),
    _asked("type-of-types-is-dropped", "qom-list-types", without("implements")),
    _asked(
        "screen-of-a-picture-is-dropped",
        "screendump",
        without("device"),
        "screendump/valid/device=given",
    ),
)

ALTERED = (
    _asked("password-is-another", "set_password", mended("password")),
    _asked("changed-password-is-another", "change-vnc-password", mended("password")),
    _asked("password-never-expires", "expire_password", put("time", "never")),
    _asked("bandwidth-is-one-more", "migrate-set-parameters", plus("max-bandwidth")),
    _asked(
        "capabilities-are-set-turned", "migrate-set-capabilities", turned("capabilities.*.state")
    ),
    _asked("throttled-less", "block_set_io_throttle", plus("bps")),
    _asked(
        "panics-stop-the-machine",
        "set-action",
        put("panic", "pause"),
        "set-action/effect/* set-action/valid/* GUEST_PANICKED/valid/*",
        _TOLD,
    ),
    _asked(
        "watchdogs-stop-the-machine",
        "set-action",
        put("watchdog", "pause"),
        "set-action/effect/* set-action/valid/* WATCHDOG/valid/*",
        _TOLD,
    ),
    _asked("link-is-turned", "set_link", turned("up")),
    _asked("balloon-gets-less", "balloon", plus("value", 4096)),
    _asked("resized-to-more", "block_resize", plus("size", 512)),
    _asked("speed-is-one-more", "block-job-set-speed", plus("speed")),
    _asked(
        "watchdog-does-another-thing",
        "watchdog-set-action",
        put("action", "none"),
        "watchdog-set-action/effect/* watchdog-set-action/valid/* WATCHDOG/valid/*",
        _TOLD,
    ),
    _asked("devices-have-other-ids", "device_add", mended("id")),
    _asked(
        "nodes-have-other-names",
        "blockdev-add",
        mended("node-name"),
        "blockdev-add/effect/* blockdev-add/valid/recipe",
    ),
    _asked(
        "nodes-have-other-sizes",
        "blockdev-add",
        plus("size", 512),
        "blockdev-add/effect/* blockdev-add/valid/recipe blockdev-add/valid/driver:null-co*",
    ),
    _asked(
        "images-are-created-larger",
        "blockdev-create",
        plus("options.size", 65536),
        "blockdev-create/effect/* blockdev-create/valid/options.driver:file.size=m*",
    ),
    _asked("bits-are-written-inverted", "ringbuf-write", mended("data")),
    _asked("objects-poll-more", "object-add", plus("poll-grow"), "object-add/iothread/valid/*"),
    _asked(
        "actions-are-others",
        "set-action",
        put("reboot", "reset"),
        "set-action/effect/* set-action/valid/* SHUTDOWN/valid/*",
        _TOLD,
    ),
    _asked("thresholds-are-higher", "block-set-write-threshold", plus("write-threshold")),
    _asked("exports-have-other-ids", "block-export-add", mended("id"), "block-export-add/effect/*"),
    _asked("dumps-begin-later", "dump-guest-memory", plus("begin", 4096)),
    _asked(
        "nodes-are-farther-away",
        "set-numa-node",
        plus("val"),
        "set-numa-node/valid/type:dist.val=min",
    ),
    _asked(
        "memory-is-slower",
        "set-numa-node",
        plus("latency"),
        "set-numa-node/valid/type:hmat-lb.latency=m*",
    ),
    _asked(
        "lines-of-caches-are-longer", "set-numa-node", plus("line"), "set-numa-node/valid/*line*"
    ),
    _asked(
        "mice-move-farther",
        "input-send-event",
        plus("events.*.data.value"),
        "input-send-event/valid/*rel.data.value=m*",
    ),
    _asked("panics-do-nothing", "set-action", put("panic", "none"), "set-action/valid/panic=pause"),
    _asked("properties-are-set-otherwise", "qom-set", turned("value"), "qom-set/effect/*"),
)
