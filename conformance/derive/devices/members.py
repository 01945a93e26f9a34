"""Cases of what device_add is given: members of wrong types, unknown ones, ids that are taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.devices.under_test import (
    DEVICE_ADD,
    PERIPHERAL,
    DeviceUnderTest,
    add,
    device_under_test,
    release,
)
from conformance.derive.inputs import Introspected
from conformance.derive.instances import open_values, wrong_values
from conformance.derive.steps import ANSWERED
from conformance.judge.expect_answer import Reject
from conformance.judge.expect_qom import Holds
from conformance.judge.expect_value import Returns
from conformance.knowledge.devices import Removal
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import Aspect, JsonValue
from conformance.qapi.qom import Property

_MOST_TELLING: Final = frozenset({"greatest", "empty"})
"""The values that each property is given; a refusal takes QEMU the twentieth part of a second."""
_UNKNOWN: Final = "no-such-property"
_TAKEN: Final = "id-taken"
_TYPES: Final = "X48"


def member_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of the members of device_add for a type that it plugs in."""
    of_type = device_under_test(build, knowledge, name)
    if of_type.blocked or of_type.plug.cold:
        return
    for item in of_type.given:
        tested = of_type.apart(item.name)
        if knowledge.plugs.is_reserved(item.name) or item.child_of:
            continue
        leads = item.name in tested.leading
        mixed = knowledge.plugs.is_mixed(item.name)
        wrong = tuple(wrong_values(item)) if leads and not mixed else ()
        if tested.typed and wrong:
            yield _refused(tested, item, wrong)
        values = dict(open_values(DEVICE_ADD, item, knowledge.catalogue))
        if not leads:
            values = {name: value for name, value in values.items() if name in _MOST_TELLING}
        elif not tested.typed:
            values = {**dict(wrong), **values}
        if values:
            yield _tried(tested, item, values)
    if of_type.first:
        yield _unknown(of_type.apart(_UNKNOWN))
        yield _taken(of_type.apart(_TAKEN))


def _refused(
    tested: DeviceUnderTest, item: Property, wrong: tuple[tuple[str, JsonValue], ...]
) -> Case:
    steps = (
        *(
            add(tested.base(**{item.name: value}), rule=_TYPES, expect=Reject())
            for _, value in wrong
        ),
        _none_there(tested),
        add(tested.base(), role=Role.WITNESS),
        *tested.unplugged(),
    )
    fault = "values of every JSON type but the property's"
    return tested.case(Aspect.INVALID, item.name, steps, about=item.name, fault=fault)


def _tried(tested: DeviceUnderTest, item: Property, values: dict[str, JsonValue]) -> Case:
    """Return the case of values that may be taken: each has an id of its own.

    Nothing tells when a reset has freed what they were given.
    """
    left = tested.plug.held and tested.plug.gone is Removal.RESET

    def steps() -> Iterator[Step]:
        yield add(tested.base(), role=Role.WITNESS)
        yield from tested.unplugged()
        for number, value in enumerate(values.values(), start=1):
            own = f"{tested.device_id}-{number}"
            given = tested.base(**{item.name: value, "id": own})
            yield add(given, rule="W35", expect=ANSWERED)
            yield from release(tested, own, last=number == len(values))

    return tested.case(
        Aspect.VALUES,
        item.name,
        steps(),
        about=item.name,
        together=tuple(f"{item.name}={each}" for each in values),
        isolation=Isolation.ALONE if left else Isolation.SHARED,
    )


def _unknown(tested: DeviceUnderTest) -> Case:
    steps = (
        add(tested.base(**{_UNKNOWN: 1}), rule="X34", expect=Reject()),
        _none_there(tested),
        add(tested.base(), role=Role.WITNESS),
        *tested.unplugged(),
    )
    fault = "a member that is no property of the type"
    return tested.case(Aspect.INVALID, _UNKNOWN, steps, fault=fault)


def _taken(tested: DeviceUnderTest) -> Case:
    steps = (
        *tested.plugged(),
        add(tested.base(), rule="X34", expect=Reject()),
        Step(
            request=Request("qom-get", {"path": tested.path, "property": "type"}),
            expect=Returns((tested.device.name,)),
            role=Role.CHECK,
            rule="W65",
        ),
        *tested.unplugged(),
    )
    return tested.case(Aspect.ERRORS, _TAKEN, steps, fault="another device has the id")


def _none_there(tested: DeviceUnderTest) -> Step:
    return Step(
        request=Request("qom-list", {"path": PERIPHERAL}),
        expect=Holds(absent=(tested.device_id,)),
        role=Role.CHECK,
        rule="W65",
    )
