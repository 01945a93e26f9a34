"""Cases of a plugged device: its properties read and set one by one, and its removal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.devices.under_test import (
    DELETED,
    DEVICE_ID,
    INSTANCE,
    PERIPHERAL,
    SOON,
    DeviceUnderTest,
    add,
    device_under_test,
)
from conformance.derive.inputs import Introspected
from conformance.derive.instances import listed, open_settings, readings, refused_settings
from conformance.derive.steps import ANSWERED
from conformance.judge.expect_answer import Accept
from conformance.judge.expect_qom import Holds
from conformance.judge.expect_value import Returns
from conformance.knowledge.devices import Gone
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import behind_finding
from conformance.model.case import Case, Emits, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Aspect

_GONE: Final = "X71"


def instance_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a device of the type; one alone where it is not plugged in."""
    tested = device_under_test(build, knowledge, name)
    yield tested.case(
        Aspect.INTROSPECTION,
        "instance",
        (
            *tested.plugged(),
            listed(INSTANCE, tested.properties),
            *readings(INSTANCE, tested.properties),
            *tested.unplugged(),
        ),
    )
    if tested.blocked:
        return
    before = len(tuple(tested.plugged()))
    for item in tested.tried:
        steps = refused_settings(INSTANCE, item, before)
        if steps:
            yield tested.case(
                Aspect.INVALID,
                f"set/{item.name}",
                (*tested.plugged(), *steps, *tested.unplugged()),
                about=item.name,
                fault="values of every JSON type but the property's",
            )
    open_ones = tuple(open_settings(INSTANCE, tested.tried, knowledge.catalogue))
    if open_ones:
        yield tested.case(
            Aspect.VALUES,
            "set",
            (
                *tested.plugged(Role.WITNESS),
                *(step for _, step in open_ones),
                *tested.unplugged(),
            ),
            together=tuple(label for label, _ in open_ones),
        )
    if not tested.plug.cold and tested.plug.gone is not Gone.GUEST:
        known = behind_finding(tested.known)
        yield tested.case(Aspect.LIFECYCLE, "unplugged", _unplugged(tested), blocked=known)


def _unplugged(tested: DeviceUnderTest) -> Iterator[Step]:
    """Yield the steps of a device that is taken away, and then plugged in where it was.

    It is gone at once, or when the machine is reset.
    """
    yield from tested.plugged()
    data = {"device": DEVICE_ID, "path": INSTANCE}
    told = (Emits(event=DELETED, data=data, rule=_GONE, within=SOON),)
    late = tested.plug.gone is Gone.RESET
    delete = Request("device_del", {"id": DEVICE_ID})
    yield Step(
        request=delete,
        expect=Accept(),
        role=Role.SUBJECT,
        rule="Q30",
        emits=() if late else told,
    )
    if late:
        reset = Request("system_reset", ABSENT)
        yield Step(request=reset, expect=Accept(), role=Role.SUBJECT, rule="Q30", emits=told)
    yield Step(
        request=Request("qom-list", {"path": PERIPHERAL}),
        expect=Holds(absent=(DEVICE_ID,)),
        role=Role.CHECK,
        rule=_GONE,
    )
    # What it was given may have gone with it.
    given = tested.plug.arguments.keys() - {"bus"}
    yield add(tested.base(), rule="W35" if given else _GONE, expect=ANSWERED if given else Accept())
    if not given:
        yield Step(
            request=Request("qom-get", {"path": INSTANCE, "property": "type"}),
            expect=Returns((tested.device.name,)),
            role=Role.CHECK,
            rule=_GONE,
        )
    yield from tested.unplugged(stays=False)
