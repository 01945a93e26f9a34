"""Each way in which a miniature breaks one promise: the rule, and the cases that see it broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breakage:
    """A server that breaks `rule`, which those cases show whose ids one of `cases` fits.

    `also` are further rules that the same defect breaks for whoever looks, and `why` says how.
    """

    rule: str
    cases: tuple[str, ...]
    also: frozenset[str] = frozenset()
    why: str = ""


def _breaks(rule: str, *cases: str) -> Breakage:
    return Breakage(rule, cases)


_DELETED = ("object-add/toy/valid/mandatory-only", "object-add/toy/valid/flag=*")
_DECLARED = ("*/documentation/declaration", "*/documentation/[!d]*")
_INTROSPECTION = "query-qmp-schema/introspection"
_LINT = (f"{_INTROSPECTION}/[!c]*",)
_AROUND = (
    f"{_INTROSPECTION}/*",
    "query-qmp-schema/gates/*",
    "query-status/*",
    "system_reset/*",
    "qom-get/*",
    "STOP/*",
)
_STOPPED = "object-add/toy/lifecycle/stop-cont"
_TOY = "object-add/toy"
_GADGET = "device_add/gadget"

BREAKAGES: dict[str, Breakage] = {
    # Bytes and messages.
    "arrays-kill": _breaks("W35", "yank/values/instances"),
    "more-is-creatable": Breakage(
        "X50",
        ("object-add/introspection/types",),
    ),
    "takes-a-taken-back-end": _breaks("X55", "netdev_add/valid/behaviour/*"),
    "made-otherwise-at-start": _breaks(
        "X56", f"{_TOY}/valid/at-start", f"{_GADGET}/valid/at-start"
    ),
    "dies-of-a-pair": _breaks("W35", f"{_TOY}/pairs/members"),
    "parameter-in-pages": _breaks("X31", "migrate-set-parameters/values/*"),
    "dies-of-garbage": _breaks("W35", "blockdev-add/peers/nbd/garbage@*"),
    "waits-for-peer": _breaks("X54", "blockdev-add/peers/nbd/silent@*"),
    "freezes-for-peer": Breakage(
        "Q35",
        ("blockdev-add/peers/nbd/silent@*",),
        also=frozenset({"X54"}),
        why="where nothing is answered out of band, nothing is in band",
    ),
    "peer-takes-name": _breaks("X53", "blockdev-add/peers/nbd/hangs-up@*"),
    "spoiled-migration-completes": _breaks("X58", "migrate-incoming/peers/caller/hangs-up@*"),
    "dies-while-running": _breaks("W35", "qom-list-types/states/running-without-a-guest"),
    "raw-utf8": _breaks("W03", f"{_TOY}/invalid/text/*"),
    "single-quotes": _breaks("W09", *_DELETED),
    "array-reply": _breaks("W10", *_DELETED),
    "lf-only": _breaks("W11", *_DELETED),
    "duplicate-key": _breaks("W68", *_DELETED),
    "trailing-brace": _breaks("W68", *_DELETED),
    "nan": _breaks("W68", "object-add/rng-builtin/valid/opened=false"),
    "id-missing": _breaks("W25", *_DELETED),
    "id-of-another": _breaks("W25", *_DELETED),
    "id-as-string": _breaks("W25", *_DELETED),
    "return-and-error": _breaks("W35", *_DELETED),
    "neither-return-nor-error": _breaks("W35", *_DELETED),
    "two-replies": _breaks("W35", *_DELETED),
    "no-reply": _breaks("W35", *_DELETED),
    "dies-by-signal": _breaks("W35", *_DELETED),
    "exits": _breaks("W35", *_DELETED),
    "fails-a-check": _breaks("W35", *_DELETED),
    "success-has-more": _breaks("W37", *_DELETED),
    "data-from-nothing": _breaks("W39", *_DELETED),
    "list-out-of-schema": _breaks("W38", *_DELETED),
    "error-reply-has-more": _breaks("W40", f"{_TOY}/invalid/text/*"),
    "error-has-more": _breaks("W40", f"{_TOY}/invalid/text/*"),
    "error-without-desc": _breaks("W40", f"{_TOY}/invalid/text/*"),
    "unknown-class": _breaks("W41", f"{_TOY}/invalid/text/*"),
    "event-has-more": _breaks("W46", _STOPPED),
    "event-data-out-of-schema": _breaks("W47", f"{_TOY}/lifecycle/system-reset"),
    "event-has-bad-time": _breaks("W48", _STOPPED),
    "event-has-no-time": _breaks("W48", _STOPPED),
    "event-of-no-schema": _breaks("W49", _STOPPED),
    "stop-unseen": _breaks("X33", "stop/effect/recipe"),
    "spins": _breaks("X41", "query-version/valid/idle/none"),
    "list-grows": _breaks("X42", "qom-list/valid/growth/objects"),
    "closes-descriptor": _breaks("X40", "qom-list/introspection/*"),
    "parameter-not-set-back": _breaks("X33", "migrate-set-parameters/effect/numbers"),
    "stop-untold": _breaks("X32", "STOP/valid/recipe"),
    # When, how often and why events come.
    "event-an-hour-ahead": _breaks("W48", "STOP/valid/recipe"),
    "event-an-hour-ago": _breaks("W48", _STOPPED),
    "time-runs-backwards": _breaks("W48", "STOP/valid/often"),
    "microseconds-frozen": _breaks("W48", "STOP/valid/*"),
    "event-twice": _breaks("W74", _STOPPED),
    "event-again": _breaks("W74", "STOP/valid/recipe"),
    "event-without-cause": _breaks("W75", "query-version/valid/*"),
    "event-late": _breaks("W76", "STOP/valid/recipe"),
    "event-behind-reply": _breaks("W77", "STOP/valid/recipe"),
    "burst-unlimited": _breaks("W50", "BALLOON_CHANGE/valid/burst"),
    "burst-loses-last": _breaks("W50", "BALLOON_CHANGE/valid/burst"),
    "reset-told-of-guest": _breaks("X32", "RESET/valid/request"),
    # Where, when and how a command can be run at all.
    "oob-unmarked-taken": _breaks("W33", "qom-list/gates/out-of-band"),
    "oob-marked-refused": _breaks("W33", "yank/gates/out-of-band"),
    "oob-refused-takes-effect": _breaks("W33", "cont/gates/out-of-band"),
    "oob-unasked": _breaks("W34", "yank/gates/oob-not-negotiated"),
    "runs-before-negotiation": _breaks("W56", "query-version/gates/before-negotiation"),
    "other-class-before-negotiation": _breaks("W56", "quit/gates/before-negotiation"),
    "negotiates-twice": _breaks("W60", "qmp_capabilities/gates/negotiation"),
    "oob-only": _breaks("Q34", "yank/gates/in-band"),
    "early-unmarked": _breaks("Q36", "stop/gates/preconfig"),
    "early-marked-refused": _breaks("Q36", "qom-list/gates/preconfig"),
    "deprecated-taken": _breaks("X05", "*/gates/deprecated-*"),
    "policy-other-class": _breaks("X05", "*/gates/deprecated-*"),
    "policy-refuses-more": _breaks("X05", "*/gates/deprecated-*"),
    "deprecated-shown": _breaks("X06", "*/gates/deprecated-*"),
    "unstable-taken": _breaks("X07", "*/gates/unstable-*"),
    "preconfig-unasked": _breaks("Q37", "x-exit-preconfig/gates/*"),
    "listed-command-unknown": _breaks("Q42", "system_reset/gates/before-negotiation"),
    # Arguments of types that the schema gives.
    "arguments-of-any-type": _breaks("W23", "query-status/invalid/type=*"),
    "struct-takes-array": _breaks("W63", f"{_TOY}/invalid/point/*"),
    "unknown-member-taken": _breaks("W64", f"{_TOY}/invalid/*-member"),
    "refusal-leaves-object": _breaks("W65", f"{_TOY}/invalid/text/*"),
    "refusal-takes-name": _breaks("W65", f"{_TOY}/invalid/text/*"),
    "refused-change-takes-effect": _breaks("W65", "migrate-set-parameters/invalid/unchanged/*"),
    "refused-reset-is-told": _breaks("W65", "system_reset/invalid/unchanged/*"),
    "refusal-leaves-file": _breaks("W65", "migrate-set-parameters/invalid/unchanged/*"),
    "deletion-changes-something": _breaks("X46", "object-add/lifecycle/restored/*"),
    "creation-adds-two": _breaks("X47", "object-add/lifecycle/created/*"),
    "creation-changes-something": _breaks("X47", "object-add/lifecycle/created/*"),
    "status-of-another": _breaks("X43", "query-status/answers/nothing-given"),
    "command-invented": _breaks("X44", "query-commands/answers/built-in/commands-as-schema"),
    "query-changes-something": _breaks("X35", "query-status/valid/unchanged/*"),
    "refused-set-takes-effect": _breaks("W65", "qom-set/invalid/none/machine/*"),
    "str-takes-int": _breaks("Q01", f"{_TOY}/invalid/text/*", f"{_TOY}/invalid/id/type=*"),
    "number-takes-string": _breaks("Q02", f"{_TOY}/invalid/ratio/*"),
    "int-takes-string": _breaks("Q03", f"{_TOY}/invalid/wide/*"),
    "int-wraps": _breaks("Q03", f"{_TOY}/invalid/wide/*"),
    "int8-wraps": _breaks("Q04", f"{_TOY}/invalid/narrow/*"),
    "uint8-wraps": _breaks("Q05", f"{_TOY}/invalid/small/*"),
    "int-takes-huge": Breakage(
        "Q06",
        (f"{_TOY}/invalid/big/*", "balloon/invalid/value/above"),
        also=frozenset({"Q07"}),
        why="what no integer type takes, a size does not take either",
    ),
    "size-wraps": _breaks("Q07", f"{_TOY}/invalid/big/above"),
    "int-takes-unit": _breaks("Q07", f"{_TOY}/invalid/big/*"),
    "int-takes-fraction": _breaks("Q08", f"{_TOY}/invalid/wide/*"),
    "bool-takes-int": _breaks("Q09", f"{_TOY}/invalid/flag/*"),
    "bool-takes-word": _breaks("Q09", f"{_TOY}/invalid/flag/*"),
    "null-takes-true": _breaks("Q10", f"{_TOY}/invalid/nothing/*"),
    "enum-ignores-case": _breaks("Q13", f"{_TOY}/invalid/mode/*"),
    "array-takes-element": _breaks("Q14", f"{_TOY}/invalid/list/*"),
    "mandatory-made-up": _breaks("Q15", f"{_TOY}/invalid/label/*"),
    "null-as-absent": _breaks("Q16", f"{_TOY}/invalid/text/*"),
    "branch-not-taken": Breakage("Q19", ("netdev_add/valid/type:*",), also=frozenset({"Q30"})),
    "foreign-member-taken": _breaks("Q20", f"{_TOY}/invalid/*-member"),
    "alternate-takes-bool": _breaks("Q24", f"{_TOY}/invalid/pick/*"),
    "request-refused": _breaks("Q30", "qom-list-types/valid/*"),
    # The object model.
    "child-of-unknown-type": _breaks("X08", "qom-list/introspection/*"),
    "list-changes": _breaks("X08", "qom-list/introspection/none/machine"),
    "integer-as-string": _breaks("X09", "qom-get/introspection/*"),
    "link-to-nowhere": _breaks("X09", "qom-get/introspection/*"),
    "child-reads-otherwise": _breaks("X09", "qom-get/introspection/*"),
    "ambiguous-path-taken": _breaks("X10", "qom-get/errors/none/partial/*"),
    "unknown-type-has-heirs": _breaks("X11", "qom-list-types/*"),
    "abstract-shown-unasked": _breaks("X11", "qom-list-types/*"),
    "type-in-prose": _breaks("X52", "qom-list-properties/documentation/types"),
    "default-of-other-type": _breaks("X08", "qom-list-properties/introspection/*"),
    "property-listed-twice": _breaks("X12", "qom-list-properties/introspection/*"),
    "object-has-more": _breaks("X12", f"{_TOY}/valid/mandatory-only"),
    "type-unlisted": _breaks("X11", f"{_TOY}/errors/not-listed"),
    "taken-id": _breaks("X14", f"{_TOY}/invalid/id/taken"),
    "deleted-twice": _breaks("X14", f"{_TOY}/errors/deleted-twice"),
    "object-not-listed": _breaks("X20", *_DELETED),
    "listed-as-other-type": _breaks("X20", *_DELETED),
    "member-reads-otherwise": _breaks("X21", f"{_TOY}/valid/text=*"),
    "object-stays": _breaks("X22", *_DELETED),
    "id-stays-taken": _breaks("X22", *_DELETED),
    "used-object-deleted": _breaks("X23", "object-add/memory-backend-ram/lifecycle/used-by/*"),
    "used-object-vanishes": _breaks("X23", "object-add/memory-backend-ram/lifecycle/used-by/*"),
    "untyped-takes-any": _breaks(
        "X24", f"{_TOY}/invalid/flag/type=int", f"{_TOY}/invalid/unknown-member"
    ),
    "other-default": _breaks("X25", f"{_TOY}/defaults/*"),
    # Objects and devices, property by property.
    "instance-takes-any": _breaks("X28", f"{_GADGET}/introspection/set/rng"),
    "device-without-default": _breaks("X57", f"{_GADGET}/introspection/instance"),
    "instance-reads-otherwise": Breakage(
        "X09",
        (f"{_GADGET}/introspection/instance",),
        also=frozenset({"X57"}),
        why="a number is not the declared default of a string either",
    ),
    "long-setting-kills": _breaks("W35", f"{_TOY}/values/set"),
    "device-of-any-type": _breaks("X48", f"{_GADGET}/invalid/rng"),
    "refusal-leaves-device": _breaks("W65", f"{_GADGET}/invalid/no-such-property"),
    "device-stays": _breaks("X49", f"{_GADGET}/lifecycle/unplugged"),
    "device-goes-untold": _breaks("X49", f"{_GADGET}/lifecycle/unplugged"),
    # What introspection shows, by itself.
    "odd-letters": _breaks("Q44", *_LINT),
    "reserved-name": _breaks("Q45", *_LINT),
    "upper-case-member": _breaks("Q47", *_LINT),
    "lower-case-event": _breaks("Q48", *_LINT),
    "underscore-name": _breaks("Q50", *_LINT),
    "returns-plain": _breaks("Q28", *_LINT),
    "experiment-unmarked": _breaks("Q49", *_LINT),
    "returns-text-unmarked": _breaks("Q77", *_LINT),
    "schema-beyond-itself": _breaks("Q53", f"{_INTROSPECTION}/self-description"),
    "shows-int-as-number": _breaks("Q67", f"{_INTROSPECTION}/json-types"),
    "command-unlisted": _breaks("X01", f"{_INTROSPECTION}/*"),
    "schema-by-command-line": _breaks("Q69", f"{_INTROSPECTION}/*"),
    # What introspection says against itself: the rest of the run knows nothing of it.
    "value-twice": _breaks("Q12", *_AROUND),
    "branch-repeats-member": _breaks("Q22", *_AROUND),
    "name-twice": _breaks("Q46", *_AROUND),
    "meta-type-unknown": _breaks("Q53", *_AROUND),
    "command-returns-nothing": _breaks("Q57", *_AROUND),
    "command-takes-plain": _breaks("Q58", *_AROUND),
    "event-bears-plain": _breaks("Q59", *_AROUND, "RESET/*"),
    "tag-nowhere": _breaks("Q60", *_AROUND),
    "member-of-no-type": _breaks("Q61", *_AROUND),
    "case-of-no-value": _breaks("Q62", *_AROUND),
    "branches-alike": _breaks("Q63", *_AROUND),
    "array-of-nothing": _breaks("Q64", *_AROUND),
    "values-disagree": _breaks("Q65", *_AROUND, "RESET/*"),
    "builtin-of-odd-type": _breaks("Q66", *_AROUND),
    "type-nowhere": _breaks("Q68", *_AROUND),
    # What introspection shows, beside the source.
    "shows-no-such-command": _breaks("Q27", *_DECLARED),
    "shows-other-return": _breaks("Q30", *_DECLARED),
    "shows-no-oob": _breaks("Q33", *_DECLARED),
    "shows-other-event-data": _breaks("Q40", *_DECLARED),
    "shows-fewer-values": _breaks("Q13", *_DECLARED),
    "shows-optional": _breaks("Q61", *_DECLARED),
    "shows-orphan": _breaks("Q56", *_DECLARED),
    "shows-half-a-condition": _breaks("Q42", *_DECLARED),
    # What the documentation shows.
    "example-invalid": _breaks("X18", "query-status/examples/*/static"),
    "event-undeclared": _breaks("X51", *_DECLARED),
    "example-refused": _breaks("W73", "query-status/examples/*/run"),
    "default-undocumented": _breaks("X17", f"{_TOY}/documentation/default/*"),
    "error-not-as-documented": _breaks("Q29", "object-add/errors/*"),
    "error-of-undocumented-class": _breaks("X19", "object-del/errors/unknown-id"),
    "reset-drops-objects": _breaks("X26", f"{_TOY}/lifecycle/system-reset"),
    "beyond-limits": _breaks("X27", "object-add/iothread/invalid/poll-max-ns/*"),
    "conflict-taken": _breaks("X27", "object-add/memory-backend-ram/errors/*"),
    "other-error-class": _breaks("X27", "object-add/memory-backend-ram/errors/*"),
    "set-takes-any": _breaks("X28", "qom-set/invalid/none/machine/unattached/gauge/level"),
    "id-grammar-gone": _breaks("X29", f"{_TOY}/invalid/id/*"),
    "parameter-reads-otherwise": _breaks("X31", "migrate-set-parameters/valid/*"),
    "parameter-dropped": _breaks("X31", "migrate-set-parameters/valid/*"),
    "balloon-gets-nothing": _breaks("X31", "balloon/valid/value=m*"),
    "action-dropped": _breaks("X31", "watchdog-set-action/valid/action=*"),
    "memory-saved-elsewhere": _breaks("X31", "pmemsave/valid/val=m*"),
    "other-parameter-moves": _breaks("X45", "migrate-set-parameters/valid/*"),
    "not-there-taken": _breaks("X34", "yank/errors/not-there/*"),
    "one-value-refused": _breaks("X36", "blockdev-add/valid/siblings/*"),
    "shows-fresh-memory": _breaks("X59", "qom-list-types/introspection/fresh-memory"),
    "type-writable": _breaks("X30", "qom-set/errors/none/machine/type"),
}
"""By the word that the server is given; none of them stops it from being introspected."""

BESIDE = {
    # Releases promise it whose schema leaves object-add untyped.
    "untyped-takes-any": "untyped",
    # The one union that this is shown with is asked for by exchanges.
    "branch-not-taken": "wide",
    # So are block nodes.
    "one-value-refused": "wide",
    # So are what a guest's devices do, and its memory.
    "action-dropped": "wide",
    "memory-saved-elsewhere": "wide",
    # So are network back ends.
    "takes-a-taken-back-end": "wide",
    # So are servers that a machine talks to.
    "dies-of-garbage": "wide",
    "waits-for-peer": "wide",
    "freezes-for-peer": "wide",
    "peer-takes-name": "wide",
    "spoiled-migration-completes": "wide",
}
"""What else the server is given where a breakage needs another server than the usual one."""
