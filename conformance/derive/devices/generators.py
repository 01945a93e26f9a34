"""What makes the cases of a device type, in the order of the plan."""

from __future__ import annotations

from typing import Final

from conformance.derive import at_start
from conformance.derive.devices import instances, members
from conformance.derive.subjects import Generator

OF_DEVICE_TYPES: Final = (
    Generator(at_start.device_cases, ("device_add/{}/valid/",)),
    Generator(
        instances.instance_cases,
        (
            "device_add/{}/introspection/",
            "device_add/{}/values/set",
            "device_add/{}/lifecycle/",
        ),
    ),
    Generator(
        members.member_cases,
        ("device_add/{}/invalid/", "device_add/{}/values/", "device_add/{}/errors/"),
    ),
)
"""All that is asked of each device type."""
