"""Lies about what queries show: a wrong value, one element more or less, a member that is gone."""

from __future__ import annotations

from .changes import (
    Change,
    backwards,
    mended,
    one_less,
    one_more,
    plus,
    put,
    turned,
    without,
)
from .told import Constant, Entry, Shown

_TELLS = "X43 X44 X31 X33 X21"
"""A query tells what is, and what was given."""


def _shown(name: str, command: str, change: Change, rules: str = _TELLS) -> Entry:
    cases = f"{command}/answers/* {command}/valid/*"
    return Entry(name, lambda: Shown(command, change), cases, rules)


def _shown_in(state: str, name: str, command: str, change: Change) -> Entry:
    return Entry(name, lambda: Shown(command, change), f"{command}/answers/{state}", _TELLS)


def _gone(name: str, command: str, path: str) -> Entry:
    """Tell of a member that is not shown: W38 forbids it where it is mandatory."""
    return _shown(name, command, without(path), f"{_TELLS} W38")


WRONG_VALUES = (
    _shown("name-is-another", "query-name", mended("name")),
    _shown("uuid-is-another", "query-uuid", put("UUID", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1")),
    _shown("running-is-turned", "query-status", turned("running")),
    _shown("status-is-paused", "query-status", put("status", "paused")),
    _shown("kvm-is-enabled", "query-kvm", turned("enabled")),
    _shown("micro-version-is-one-more", "query-version", plus("qemu.micro"), f"{_TELLS} W16"),
    _shown("target-is-another", "query-target", put("arch", "aarch64")),
    _shown("machine-wakes-up-otherwise", "query-current-machine", turned("*")),
    _shown("threads-are-cores", "query-cpus-fast", plus("*.props.core-id")),
    _shown("processors-are-at-other-paths", "query-cpus-fast", mended("*.qom-path")),
    _shown("places-hold-two-processors", "query-hotpluggable-cpus", plus("*.vcpus-count")),
    _shown("base-memory-is-a-page-more", "query-memory-size-summary", plus("base-memory", 4096)),
    _shown("nothing-is-plugged", "query-memory-size-summary", put("plugged-memory", 0)),
    _shown("memory-device-is-in-another-slot", "query-memory-devices", plus("*.data.slot")),
    _shown("memory-is-shared-otherwise", "query-memdev", turned("*.share")),
    _shown("memory-is-not-merged", "query-memdev", put("*.merge", False)),
    _shown("mice-are-absolute-otherwise", "query-mice", turned("*.absolute")),
    _shown("iothreads-poll-otherwise", "query-iothreads", plus("*.poll-grow")),
    _shown("pci-slots-are-one-more", "query-pci", plus("*.devices.*.slot")),
    _shown("pci-vendors-are-one-more", "query-pci", plus("*.devices.*.id.vendor")),
    _shown("front-ends-are-open", "query-chardev", put("*.frontend-open", True)),
    _shown("mac-address-is-another", "query-rx-filter", put("*.main-mac", "52:54:00:00:00:09")),
    _shown("cards-are-not-promiscuous", "query-rx-filter", turned("*.promiscuous")),
    _shown("nodes-write-back-otherwise", "query-named-block-nodes", turned("*.cache.writeback")),
    _shown("images-are-larger", "query-named-block-nodes", plus("*.image.virtual-size", 512)),
    _shown("throttling-is-off", "query-block", put("*.inserted.iops", 0)),
    _shown("drives-are-locked", "query-block", turned("*.locked")),
    _shown("drives-are-writable", "query-block", turned("*.inserted.ro")),
    _shown("nothing-was-written", "query-blockstats", put("*.stats.wr_bytes", 4711)),
    _shown("jobs-are-as-far", "query-jobs", plus("*.total-progress")),
    _shown("jobs-are-of-another-type", "query-jobs", put("*.type", "stream")),
    _shown("jobs-are-fast", "query-block-jobs", plus("*.speed")),
    _shown("exports-are-of-other-nodes", "query-block-exports", put("*.node-name", "n1")),
    _shown("descriptors-are-opaque", "query-fdsets", mended("*.fds.*.opaque")),
    _shown("downtime-is-another", "query-migrate-parameters", plus("downtime-limit")),
    _shown("channels-are-one-more", "query-migrate-parameters", plus("multifd-channels")),
    _shown("capabilities-are-turned", "query-migrate-capabilities", turned("*.state")),
    _shown("migration-goes-on", "query-migrate", put("status", "active")),
    _shown("no-page-is-sent", "query-migrate", put("ram.normal", 0)),
    _shown("vnc-listens-elsewhere", "query-vnc", put("service", "5911")),
    _shown("vnc-asks-for-nothing", "query-vnc-servers", put("*.auth", "none")),
    _shown("display-is-another", "query-display-options", put("type", "egl-headless")),
    _shown("balloon-is-smaller", "query-balloon", plus("actual", -1048576)),
    _shown("dump-is-half-done", "query-dump", plus("completed", -1)),
    _shown("generation-is-another", "query-vm-generation-id", mended("guid", "0")),
    _shown("rate-was-sampled-more", "query-dirty-rate", plus("sample-pages")),
    _shown("replay-plays", "query-replay", put("mode", "play")),
    _shown("tpm-models-are-others", "query-tpm-models", put("1", "tpm-spapr")),
    _shown("switch-has-another-id", "query-rocker", plus("id")),
    _shown("machines-have-more-cpus", "query-machines", plus("*.cpu-max")),
    _shown("models-are-static", "query-cpu-definitions", turned("*.static")),
    _shown("queues-are-longer", "x-query-virtio-queue-status", plus("vring-num")),
    _shown("devices-are-started", "x-query-virtio-status", turned("started")),
    _shown("yank-has-other-ids", "query-yank", mended("*.id")),
    _shown("colo-is-primary", "query-colo-status", put("mode", "primary")),
    _shown("replication-failed", "query-xen-replication-status", turned("error")),
    _shown("spice-is-on", "query-spice", turned("enabled")),
    _shown("slots-are-busy", "query-acpi-ospm-status", plus("*.status")),
    _shown(
        "option-takes-numbers", "query-command-line-options", put("*.parameters.*.type", "size")
    ),
    _shown("model-has-no-lm", "query-cpu-model-expansion", turned("model.props.lm")),
    _shown("usb-is-slow", "x-query-usb", put("human-readable-text", "")),
    _shown("steps-are-single", "query-status", turned("singlestep")),
    _shown("character-devices-are-elsewhere", "query-chardev", mended("*.filename")),
    _shown("nodes-have-another-driver", "query-named-block-nodes", put("*.drv", "quorum")),
    _shown("chains-are-deeper", "query-named-block-nodes", plus("*.backing_file_depth")),
    _shown("clusters-are-larger", "query-named-block-nodes", plus("*.image.cluster-size", 512)),
    _shown("thresholds-are-set", "query-named-block-nodes", put("*.write_threshold", 7)),
    _shown("media-are-removable", "query-block", turned("*.removable")),
    _shown("trays-are-open", "query-block", turned("*.tray_open")),
    _shown("processors-have-other-numbers", "query-cpus-fast", plus("*.cpu-index")),
    _shown("threads-are-of-another", "query-iothreads", put("*.thread-id", 1)),
    _shown("machines-are-hotpluggable", "query-machines", turned("*.hotpluggable-cpus")),
    _shown("models-have-other-types", "query-cpu-definitions", mended("*.typename")),
    _shown("memory-was-hotplugged", "query-memory-devices", turned("*.data.hotplugged")),
    _shown("pci-devices-have-other-ids", "query-pci", mended("*.devices.*.qdev_id")),
    _shown("broadcasts-are-refused", "query-rx-filter", turned("*.broadcast-allowed")),
    _shown("block-jobs-are-paused", "query-block-jobs", turned("*.paused")),
    _shown("exports-are-shutting-down", "query-block-exports", turned("*.shutting-down")),
    _shown("kvm-is-not-present", "query-kvm", turned("present")),
    _shown("viewers-use-websockets", "query-vnc", turned("clients.*.websocket")),
    _shown("viewers-are-of-another-family", "query-vnc-servers", put("*.clients.*.family", "ipv6")),
    _shown("viewers-call-from-elsewhere", "query-vnc", mended("clients.*.host", "0")),
    _shown("tpm-has-another-name", "query-tpm", mended("*.id")),
    _shown("tpm-is-of-another-model", "query-tpm", put("*.model", "tpm-spapr")),
    _shown("tpm-has-another-control-channel", "query-tpm", mended("*.options.data.chardev")),
    _shown("tpm-is-at-another-path", "query-tpm", mended("*.options.data.path")),
    _shown("tpm-is-cancelled-elsewhere", "query-tpm", mended("*.options.data.cancel-path")),
    _shown("spice-encrypts-on-another-port", "query-spice", plus("tls-port")),
    _shown("spice-asks-for-nothing", "query-spice", put("auth", "none")),
    _shown("spice-channels-are-encrypted", "query-spice", turned("channels.*.tls")),
    _shown("spice-channels-are-others", "query-spice", plus("channels.*.channel-type")),
    _shown("display-is-on-a-bus", "query-display-options", turned("p2p")),
    _shown("display-is-on-another-bus", "query-display-options", mended("addr")),
    _shown("display-has-other-sounds", "query-display-options", mended("audiodev")),
    _shown("sounds-take-turns", "query-audiodevs", turned("*.exclusive")),
    _shown("sounds-are-recorded-elsewhere", "query-audiodevs", mended("*.in.dev")),
    _shown("sounds-are-buffered-longer", "query-audiodevs", plus("*.in.buffer-length")),
    _shown("descriptors-have-other-numbers", "query-fdsets", plus("*.fds.*.fd")),
    _shown("rate-took-longer", "query-dirty-rate", plus("calc-time")),
    _shown(
        "bitmaps-are-consistent",
        "query-named-block-nodes",
        turned("*.dirty-bitmaps.*.inconsistent"),
    ),
    _shown(
        "bitmaps-of-drives-are-consistent",
        "query-block",
        turned("*.inserted.dirty-bitmaps.*.inconsistent"),
    ),
    _shown(
        "vectors-are-hashed-otherwise",
        "query-block",
        put("*.inserted.image.format-specific.data.ivgen-hash-alg", "md5"),
    ),
    _shown("block-jobs-met-another-error", "query-block-jobs", mended("*.error")),
    _shown("bridges-have-other-numbers", "query-pci", plus("*.devices.*.pci_bridge.bus.secondary")),
    _shown(
        "bridges-forward-other-memory",
        "query-pci",
        plus("*.devices.*.pci_bridge.bus.memory_range.base"),
    ),
    _shown("addresses-are-not-of-ipv6", "query-migrate", turned("socket-address.*.ipv6")),
    _shown("yank-has-other-nodes", "query-yank", mended("*.node-name")),
    _shown(
        "defaults-of-options-are-off",
        "query-command-line-options",
        put("*.parameters.*.default", "off"),
    ),
    _shown("unstable-is-deprecated", "query-qmp-schema", put("*.features", ["deprecated"])),
    _shown(
        "unstable-members-are-deprecated",
        "query-qmp-schema",
        put("*.members.*.features", ["deprecated"]),
    ),
)

NUMBER_OF_ELEMENTS = (
    _shown("a-processor-is-not-shown", "query-cpus-fast", one_less("")),
    _shown("a-place-is-not-shown", "query-hotpluggable-cpus", one_less("")),
    _shown("memory-devices-are-not-shown", "query-memory-devices", put("", [])),
    _shown("a-back-end-is-not-shown", "query-memdev", one_less("")),
    _shown("an-iothread-is-shown-twice", "query-iothreads", one_more("")),
    _shown("a-mouse-is-not-shown", "query-mice", one_less("")),
    _shown("a-pci-device-is-not-shown", "query-pci", one_less("*.devices")),
    _shown("a-character-device-is-not-shown", "query-chardev", one_less("")),
    _shown("a-node-is-shown-twice", "query-named-block-nodes", one_more("")),
    _shown("a-node-is-not-shown", "query-named-block-nodes", one_less("")),
    _shown("a-drive-is-not-shown", "query-block", one_less("")),
    _shown("statistics-of-a-drive-are-not-shown", "query-blockstats", one_less("")),
    _shown("a-job-is-shown-twice", "query-jobs", one_more("")),
    _shown("a-block-job-is-not-shown", "query-block-jobs", one_less("")),
    _shown("an-export-is-not-shown", "query-block-exports", one_less("")),
    _shown("a-descriptor-is-not-shown", "query-fdsets", one_less("*.fds")),
    _shown("a-vnc-server-is-not-shown", "query-vnc-servers", one_less("")),
    _shown("a-virtio-device-is-not-shown", "x-query-virtio", one_less("")),
    _shown("a-viewer-is-not-shown", "query-vnc", one_less("clients")),
    _shown("a-viewer-of-spice-is-not-shown", "query-spice", one_less("channels")),
    _shown("a-tpm-is-not-shown", "query-tpm", one_less("")),
    _shown("nothing-can-be-yanked", "query-yank", put("", [])),
    _shown("a-yank-instance-is-shown-twice", "query-yank", one_more("")),
    _shown("snapshots-are-not-shown", "query-named-block-nodes", put("*.image.snapshots", [])),
    _shown("a-kind-of-character-device-is-not-shown", "query-chardev-backends", one_less("")),
)

MEMBERS_GONE = (
    _gone("no-name", "query-name", "name"),
    _gone("no-path-of-processors", "query-hotpluggable-cpus", "*.qom-path"),
    _gone("no-thread-of-processors", "query-cpus-fast", "*.thread-id"),
    _gone("no-node-of-processors", "query-cpus-fast", "*.props.node-id"),
    _gone("no-plugged-memory", "query-memory-size-summary", "plugged-memory"),
    _gone("no-error-of-jobs", "query-jobs", "*.error"),
    _gone("no-bitmaps", "query-named-block-nodes", "*.dirty-bitmaps"),
    _gone("no-backing-image", "query-named-block-nodes", "*.image.backing-image"),
    _gone("no-inserted-medium", "query-block", "*.inserted"),
    _gone("no-device-of-drives", "query-block", "*.qdev"),
    _gone("no-error-of-migration", "query-migrate", "error-desc"),
    _gone("no-memory-of-migration", "query-migrate", "ram"),
    _gone("no-clients-of-vnc", "query-vnc", "clients"),
    _gone("no-bridge-of-pci", "query-pci", "*.devices.*.pci_bridge"),
    _gone("no-file-of-replay", "query-replay", "filename"),
    _gone("no-opaque-words", "query-fdsets", "*.fds.*.opaque"),
    _gone("no-alias-of-machines", "query-machines", "*.alias"),
    _gone("no-downtime-limit", "query-migrate-parameters", "downtime-limit"),
    _gone("no-tls-authz", "query-migrate-parameters", "tls-authz"),
    _gone("no-device-behind-a-bridge", "query-pci", "*.devices.*.pci_bridge.devices"),
    _gone("no-error-of-block-jobs", "query-block-jobs", "*.error"),
)

SET_UP_BY_GUESTS = (
    _shown("flows-have-other-priorities", "query-rocker-of-dpa-flows", plus("*.key.priority")),
    _shown("flows-go-elsewhere", "query-rocker-of-dpa-flows", plus("*.action.goto-tbl")),
    _shown("flows-have-other-masks", "query-rocker-of-dpa-flows", put("*.mask.ip-proto", 255)),
    _shown("flows-have-other-cookies", "query-rocker-of-dpa-flows", plus("*.cookie")),
    _shown("a-flow-is-not-shown", "query-rocker-of-dpa-flows", one_less("")),
    _shown("groups-have-other-ports", "query-rocker-of-dpa-groups", plus("*.out-pport")),
    _shown("groups-set-other-addresses", "query-rocker-of-dpa-groups", mended("*.set-eth-src")),
    _shown("groups-lead-to-fewer", "query-rocker-of-dpa-groups", one_less("*.group-ids")),
    _gone("no-vlan-of-groups", "query-rocker-of-dpa-groups", "*.set-vlan-id"),
    _shown("buffers-are-longer", "x-query-virtio-queue-element", plus("descs.*.len")),
    _shown("buffers-are-read", "x-query-virtio-queue-element", put("descs.*.flags", [])),
    _shown("fewer-buffers-are-available", "x-query-virtio-queue-element", plus("avail.idx", -1)),
    _shown("more-buffers-are-used", "x-query-virtio-queue-element", plus("used.idx")),
    _shown("queues-are-elsewhere", "x-query-virtio-queue-status", plus("vring-avail", 16)),
    _shown("queues-were-read-further", "x-query-virtio-queue-status", plus("last-avail-idx")),
    _shown("drivers-have-no-status", "x-query-virtio-status", put("status.statuses", [])),
    _shown(
        "drivers-took-no-feature", "x-query-virtio-status", put("guest-features.transports", [])
    ),
    _gone("an-unknown-status-is-not-shown", "x-query-virtio-status", "status.unknown-statuses"),
    _shown(
        "other-processes-have-more-queues", "x-query-virtio-status", plus("vhost-dev.max-queues")
    ),
    _shown(
        "queues-of-others-are-elsewhere", "x-query-virtio-vhost-queue-status", plus("desc-phys", 16)
    ),
    _shown("queues-of-others-are-longer", "x-query-virtio-vhost-queue-status", plus("num")),
    _shown("networks-are-not-filtered", "query-rx-filter", put("*.vlan-table", [])),
)
"""What a guest told its devices."""

ONLY_LATER_OR_WITH_KVM = (
    _shown_in(
        "a-recorded-snapshot",
        "snapshots-were-taken-later",
        "query-block",
        plus("*.inserted.image.snapshots.*.icount"),
    ),
    _shown_in(
        "migration-listening-in-the-abstract",
        "addresses-are-not-abstract",
        "query-migrate",
        turned("socket-address.*.abstract"),
    ),
    _shown_in(
        "migration-listening-padded",
        "addresses-are-tight-otherwise",
        "query-migrate",
        turned("socket-address.*.tight"),
    ),
    _shown_in(
        "processors-that-were-measured",
        "rates-of-processors-are-others",
        "query-dirty-rate",
        plus("vcpu-dirty-rate.*.dirty-rate"),
    ),
    _shown_in(
        "migration-of-limited-processors",
        "processors-were-slowed-down",
        "query-migrate",
        plus("dirty-limit-ring-full-time"),
    ),
    _shown_in(
        "limited-processors",
        "limits-of-processors-are-others",
        "query-vcpu-dirty-limit",
        plus("*.limit-rate"),
    ),
    _shown_in(
        "a-limited-processor",
        "limits-are-of-other-processors",
        "query-vcpu-dirty-limit",
        plus("*.cpu-index"),
    ),
    _shown_in(
        "kvm-counts",
        "times-are-counted-in-seconds",
        "query-stats-schemas",
        put("*.stats.*.exponent", 0),
    ),
)
"""What 7.2 does not show, or no host without KVM."""

CONSTANT = (
    Entry(
        "status-never-changes",
        lambda: Constant("query-status"),
        "stop/effect/* cont/effect/*",
        "X33 X43",
    ),
    Entry(
        "jobs-never-change",
        lambda: Constant("query-block-jobs"),
        "block-job-*/effect/*",
        "X33 X31 X32",
    ),
    Entry(
        "nodes-never-change",
        lambda: Constant("query-named-block-nodes"),
        "blockdev-add/effect/* blockdev-del/effect/*",
        "X33 X31",
    ),
    Entry(
        "character-devices-never-change",
        lambda: Constant("query-chardev"),
        "chardev-add/effect/* chardev-remove/effect/*",
        "X33",
    ),
    Entry(
        "parameters-never-change",
        lambda: Constant("query-migrate-parameters"),
        "migrate-set-parameters/effect/*",
        "X33 X31",
    ),
    Entry(
        "objects-never-change",
        lambda: Shown("qom-list", put("", [{"name": "type", "type": "string"}]), path="/objects"),
        "object-add/iothread/valid/*",
        "X20 X33",
    ),
    _shown("nodes-are-always-none", "query-named-block-nodes", put("", [])),
    _shown("migration-is-always-none", "query-migrate", put("", {})),
)

OBJECT_MODEL = (
    Entry(
        "integers-are-one-more",
        lambda: Shown("qom-get", lambda value: value + 1 if type(value) is int else value),
        "object-add/iothread/valid/* object-add/iothread/defaults/*",
        "X21 X25 X17",
    ),
    Entry(
        "truth-is-turned",
        lambda: Shown("qom-get", lambda value: not value if type(value) is bool else value),
        "object-add/memory-backend-ram/valid/* object-add/memory-backend-ram/defaults/*",
        "X21 X25 X17",
    ),
    Entry(
        "words-are-longer",
        lambda: Shown("qom-get", lambda value: f"{value}x" if type(value) is str else value),
        "object-add/memory-backend-ram/valid/policy* object-add/throttle-group/valid/*",
        "X21 X25 X17 X20",
    ),
    Entry(
        "a-group-has-no-limits",
        lambda: Shown("qom-get", lambda value: {} if type(value) is dict else value),
        "object-add/throttle-group/*",
        "X21 X17 W38",
    ),
    Entry(
        "deleted-objects-are-still-shown",
        lambda: Shown(
            "qom-list",
            lambda value: [*value, {"name": "obj", "type": "child<iothread>"}],
            path="/objects",
        ),
        "object-add/iothread/lifecycle/* object-add/iothread/valid/* object-del/effect/*",
        "X22 X14 X33 X20",
    ),
    Entry(
        "properties-have-another-type",
        lambda: Shown("qom-list", put("*.type", "string")),
        "qom-list/introspection/none/* object-add/iothread/valid/mandatory-only",
        "X20 X08 X12 X09 X44 Q42",
    ),
)


def _turned_round(name: str, command: str) -> Entry:
    cases = f"{command}/answers/* {command}/valid/*"
    why = "no document gives the order of the elements a meaning"
    return Entry(name, lambda: Shown(command, backwards("")), cases, why=why)


ORDER_OF_ARRAYS = (
    _turned_round("descriptor-sets-come-backwards", "query-fdsets"),
    _turned_round("processors-come-backwards", "query-cpus-fast"),
)

DAEMON = (
    Entry(
        "daemon-shows-no-nodes",
        lambda: Shown("query-named-block-nodes", put("", [])),
        "blockdev-add/effect/* query-named-block-nodes/answers/*",
        _TELLS,
        daemon=True,
    ),
    Entry(
        "daemon-shows-other-exports",
        lambda: Shown("query-block-exports", put("*.type", "fuse")),
        "block-export-add/effect/* query-block-exports/answers/*",
        _TELLS,
        daemon=True,
    ),
    Entry(
        "daemon-shows-other-speeds",
        lambda: Shown("query-block-jobs", plus("*.speed")),
        "query-block-jobs/answers/* block-job-set-speed/effect/*",
        _TELLS,
        daemon=True,
    ),
)
