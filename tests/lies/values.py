"""Lies about values of arguments: what is out of form is taken, cut short, or leaves something."""

from __future__ import annotations

from .changes import at, without
from .told import Accepts, Asked, Besides, Entry

OF_VALUES = (
    Entry(
        "names-of-bitmaps-are-cut",
        lambda: Asked("block-dirty-bitmap-add", at("name", lambda name: name[:1023])),
        "block-dirty-bitmap-add/values/name",
        "X27",
    ),
    Entry(
        "position-of-filters-is-dropped",
        lambda: Asked("object-add", without("position")),
        "object-add/filter-buffer/values/position",
        "X27",
    ),
    Entry(
        "taken-ids-are-taken-again",
        lambda: Accepts("chardev-add"),
        "chardev-add/values/id",
        "X27",
    ),
    Entry(
        "bandwidth-has-32-bits",
        lambda: Asked("migrate-set-parameters", at("max-bandwidth", lambda rate: rate % 2**32)),
        "migrate-set-parameters/values/max-bandwidth",
        "X31",
    ),
    Entry(
        "refused-nodes-leave-another",
        lambda: Besides(
            "blockdev-add",
            {"execute": "blockdev-add", "arguments": {"driver": "null-co", "node-name": "stray"}},
            "error",
        ),
        "blockdev-add/values/node-name",
        "W65",
    ),
)
