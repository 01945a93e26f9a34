"""Cases of a plugged device: its properties read and set one by one, and its removal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.devices.under_test import (
    DELETED,
    PERIPHERAL,
    SOON,
    DeviceUnderTest,
    add,
    device_under_test,
    release,
)
from conformance.derive.inputs import Introspected
from conformance.derive.instances import (
    listed,
    open_settings,
    reading,
    readings,
    refused_settings,
)
from conformance.derive.steps import ANSWERED
from conformance.judge.expect_answer import Accept
from conformance.judge.expect_qom import Holds
from conformance.judge.expect_value import Returns
from conformance.knowledge.devices import Removal
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import behind_finding
from conformance.model.case import Case, Emits, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, Aspect

_READ: Final = "instance"
_UNPLUGGED: Final = "unplugged"
_GONE: Final = "X49"
_DEFAULT: Final = "X57"


def instance_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a device of the type; one alone where it is not plugged in."""
    of_type = device_under_test(build, knowledge, name)
    yield _read(of_type.apart(_READ), build, knowledge)
    if of_type.blocked:
        return
    for item in of_type.tried:
        case = f"set/{item.name}"
        tested = of_type.apart(case)
        steps = refused_settings(tested.path, item, len(tuple(tested.plugged())))
        if steps:
            whole = (*tested.plugged(), *steps, *tested.unplugged())
            yield tested.case(Aspect.INTROSPECTION, case, whole, about=item.name)
    tested = of_type.apart("set")
    found = tuple(open_settings(tested.path, tested.tried, knowledge.catalogue))
    if found:
        settings = (step for _, step in found)
        yield tested.case(
            Aspect.VALUES,
            "set",
            (*tested.plugged(Role.WITNESS), *settings, *tested.unplugged()),
            together=tuple(label for label, _ in found),
        )
    if not of_type.plug.cold and of_type.plug.gone is not Removal.GUEST:
        tested = of_type.apart(_UNPLUGGED)
        known = behind_finding(tested.known)
        yield tested.case(Aspect.LIFECYCLE, _UNPLUGGED, _unplugged(tested), blocked=known)


def _read(tested: DeviceUnderTest, build: Introspected, knowledge: Knowledge) -> Case:
    steps = (
        *tested.plugged(),
        listed(tested.path, tested.properties),
        *readings(tested.path, tested.properties),
        # An argument of the target (-global) may change what is declared.
        *(_declared(tested, knowledge) if build.bare else ()),
        *tested.unplugged(),
    )
    return tested.case(Aspect.INTROSPECTION, _READ, steps)


def _declared(tested: DeviceUnderTest, knowledge: Knowledge) -> Iterator[Step]:
    """Yield the steps in which what the device was not given reads as its declared default."""
    for item in tested.properties:
        given = item.name in tested.plug.arguments
        if not (isinstance(item.default, Absent) or given or knowledge.plugs.chooses(item)):
            asked = reading(tested.path, item).request
            expect = Returns((item.default,))
            yield Step(request=asked, expect=expect, role=Role.SUBJECT, rule=_DEFAULT)


def _unplugged(tested: DeviceUnderTest) -> Iterator[Step]:
    """Yield the steps of a device that is taken away, and then plugged in where it was.

    It is gone at once, or when the machine is reset.
    """
    yield from tested.plugged()
    data = {"device": tested.device_id, "path": tested.path}
    told = (Emits(event=DELETED, data=data, rule=_GONE, within=SOON),)
    late = tested.plug.gone is Removal.RESET
    delete = Request("device_del", {"id": tested.device_id})
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
        expect=Holds(absent=(tested.device_id,)),
        role=Role.CHECK,
        rule=_GONE,
    )
    # What it was given may have gone with it.
    given = tested.plug.arguments.keys() - {"bus"}
    if given:
        yield add(tested.base(), rule="W35", expect=ANSWERED)
        yield from release(tested, tested.device_id, last=True)
        return
    yield add(tested.base(), rule=_GONE)
    yield Step(
        request=Request("qom-get", {"path": tested.path, "property": "type"}),
        expect=Returns((tested.device.name,)),
        role=Role.CHECK,
        rule=_GONE,
    )
    yield from tested.unplugged(stays=False)
