"""A device type of a build with all that its cases are made of, and the steps about a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypedDict, Unpack

from conformance.derive.inputs import Introspected
from conformance.derive.steps import ANSWERED
from conformance.judge.expect_answer import Accept
from conformance.knowledge.devices import Habit, Plug, Removal
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import Blocked, behind_finding, unmet, untried
from conformance.model.canonical import digest
from conformance.model.case import Case, Emits, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import ABSENT, Aspect, JsonValue, SubjectKind
from conformance.qapi.qom import DeviceType, Property

DEVICE_ADD: Final = "device_add"
DEVICE_ID: Final = "dev0"
PERIPHERAL: Final = "/machine/peripheral"
DELETED: Final = "DEVICE_DELETED"
SHARED_BY: Final = 2
"""A property that more types have, by name and type, is tried with the first of them only."""
SOON: Final = 2.0
"""Seconds until DEVICE_DELETED comes at the latest: it takes the twentieth part of one."""
_NO_DATA: Final = "cases/devices.toml does not say what plugging it in takes"
_NOT_LISTED: Final = "the build did not list its properties"


class DeviceCaseParts(TypedDict, total=False):
    """The optional parts of a case of a device type: see Case."""

    blocked: Blocked | None
    about: str
    fault: str
    together: tuple[str, ...]
    isolation: Isolation


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnderTest:
    """The inputs for the cases of one device type.

    `blocked` says why it is not plugged in here, None if it is.  `tried` are the properties that
    its own cases set, and `given` those that device_add gives it: what many types have is tried
    with the first of them.
    """

    device: DeviceType
    plug: Plug
    typed: bool
    held: bool = False
    """Whether the id of a device that is gone is taken for a while: each case has its own then."""
    device_id: str = DEVICE_ID
    tried: tuple[Property, ...] = ()
    given: tuple[Property, ...] = ()
    leading: frozenset[str] = frozenset()
    """Those of them that are given every value: the first of their QOM type."""
    blocked: Blocked | None = None
    first: bool = False
    """Whether it is the first of those that are plugged in alike, which shows what holds of all."""

    @property
    def known(self) -> str:
        """What a case of another type shows of its removal, if anything is known to go wrong."""
        return "" if self.first else self.plug.known

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties that the build lists of the type."""
        return self.device.properties or ()

    @property
    def path(self) -> str:
        """The path of the device."""
        return f"{PERIPHERAL}/{self.device_id}"

    def apart(self, case: str) -> DeviceUnderTest:
        """Return the type with an id of its own for the case of that name, if it takes one."""
        if not self.held or self.plug.cold:
            return self
        return replace(self, device_id=f"{DEVICE_ID}-{digest([self.device.name, case])[:6]}")

    @property
    def subject(self) -> Subject:
        """The device type as a subject."""
        return Subject(kind=SubjectKind.DEVICE_TYPE, name=self.device.name)

    def base(self, **changes: JsonValue) -> dict[str, JsonValue]:
        """Return the arguments of the smallest request that succeeds here."""
        return {"driver": self.device.name, "id": self.device_id, **self.plug.arguments, **changes}

    @property
    def stays(self) -> bool:
        """Whether it stays until its machine ends, which no other case has then."""
        return self.plug.alone or (not self.plug.cold and self.plug.gone is Removal.GUEST)

    @property
    def stage(self) -> Stage:
        """The machine that devices like it share, or its own if it is given at start."""
        spec = self.plug.spec
        if not self.plug.cold:
            # Types of other machines come in between, for they are dealt out by their weight.
            return Stage(name=f"devices/{spec.machine}{spec.mark}", spec=spec, kept=True)
        args = (*spec.args, "-device", _option(self.base()))
        return Stage(name=f"devices/{self.device.name}", spec=replace(spec, args=args))

    def case(
        self, aspect: Aspect, name: str, steps: Iterable[Step], **more: Unpack[DeviceCaseParts]
    ) -> Case:
        """Return a case of this type; what leaves something behind has its machine for itself."""
        blocked = self.blocked or more.get("blocked")
        return Case(
            id=f"{DEVICE_ADD}/{self.device.name}/{aspect}/{name}",
            subject=self.subject,
            aspect=aspect,
            stage=Stage(name="devices") if self.blocked else self.stage,
            steps=() if blocked else tuple(steps),
            isolation=Isolation.ALONE if self.stays else more.get("isolation", Isolation.SHARED),
            about=more.get("about", ""),
            fault=more.get("fault"),
            together=more.get("together", ()),
            blocked=blocked,
        )

    def plugged(self, role: Role = Role.SETUP) -> Iterator[Step]:
        """Yield the step that plugs the device in, none if it is there from the start."""
        if not self.plug.cold:
            yield add(self.base(), role=role)

    @property
    def away(self) -> tuple[Request, ...]:
        """The requests that take the device away, unless a guest must let go of it."""
        delete = Request("device_del", {"id": self.device_id})
        return (delete, _RESET) if self.plug.gone is Removal.RESET else (delete,)

    def unplugged(self, *, stays: bool | None = None) -> Iterator[Step]:
        """Yield the steps that take the device away, none if it stays: by default as it does."""
        if self.plug.cold or (self.stays if stays is None else stays):
            return
        *first, last = self.away
        for request in first:
            yield Step(request=request, expect=Accept(), role=Role.CLEANUP, rule="Q30")
        told = Emits(event=DELETED, data={"device": self.device_id}, rule=None, within=SOON)
        yield Step(
            request=last,
            expect=Accept(),
            role=Role.CLEANUP,
            rule="Q30",
            emits=(told,) if self.plug.held else (),
        )


_RESET: Final = Request("system_reset", ABSENT)


def release(tested: DeviceUnderTest, device_id: str, *, last: bool) -> Iterator[Step]:
    """Yield the steps that take a device away that may be there.

    What it is given may be for one at a time only: then the next device waits for it.
    """
    if tested.stays:
        return
    at_once = tested.plug.gone is Removal.AT_ONCE
    told = Emits(event=DELETED, data={"device": device_id}, rule=None, within=SOON)
    yield Step(
        request=Request("device_del", {"id": device_id}),
        expect=ANSWERED,
        role=Role.CLEANUP,
        rule="Q30",
        emits=(told,) if tested.plug.held and at_once else (),
    )
    if not at_once and (last or tested.plug.held):
        yield Step(request=_RESET, expect=ANSWERED, role=Role.CLEANUP, rule="Q30")


@lru_cache(maxsize=1)
def devices_under_test(build: Introspected, knowledge: Knowledge) -> Mapping[str, DeviceUnderTest]:
    """Return the device types of a build by name."""
    typed = knowledge.plugs.has(Habit.COMPARES_TYPES)
    found = {
        device.name: _tested(device, build, knowledge, typed=typed)
        for device in build.model.devices
    }
    plugged = [each for each in found.values() if each.blocked is None]
    shared = Counter((item.name, item.type) for each in plugged for item in each.properties)
    seen: set[tuple[str, str]] = set()
    given_before: set[tuple[str, str]] = set()
    shown: set[str] = set()
    kinds: set[str] = set()
    for each in plugged:
        tried: list[Property] = []
        given: list[Property] = []
        for item in each.properties:
            key = (item.name, item.type)
            alike = build.thorough or shared[key] <= SHARED_BY
            if key not in seen or alike:
                tried.append(item)
            seen.add(key)
            # device_add gives nothing to one that is there from the start.
            if not each.plug.cold:
                if key not in given_before or alike:
                    given.append(item)
                given_before.add(key)
        own = tuple(i for i in tried if build.thorough or not each.plug.defers(i.name))
        leading = set()
        for item in () if each.plug.cold else own:
            if build.thorough or item.type not in kinds:
                kinds.add(item.type)
                leading.add(item.name)
        first = build.thorough or each.plug.name not in shown
        offered = tuple(i for i in given if build.thorough or not each.plug.defers(i.name))
        found[each.device.name] = replace(
            each, tried=own, given=offered, leading=frozenset(leading), first=first
        )
        shown.add(each.plug.name)
    return found


def _tested(
    device: DeviceType, build: Introspected, knowledge: Knowledge, *, typed: bool
) -> DeviceUnderTest:
    plug = knowledge.plugs.find(device.name, device.bus)
    if plug is None:
        nothing = Plug(name="", reason="")
        return DeviceUnderTest(device=device, plug=nothing, typed=typed, blocked=untried(_NO_DATA))
    lacking = None if device.properties is not None else behind_finding(_NOT_LISTED)
    blocked = untried(plug.untried) or unmet(plug.needs, build.lacks) or lacking
    held = knowledge.plugs.has(Habit.HOLDS_IDS)
    return DeviceUnderTest(device=device, plug=plug, typed=typed, held=held, blocked=blocked)


def device_under_test(build: Introspected, knowledge: Knowledge, name: str) -> DeviceUnderTest:
    """Return the device type of that name."""
    return devices_under_test(build, knowledge)[name]


def add(
    arguments: Mapping[str, JsonValue],
    *,
    role: Role = Role.SUBJECT,
    rule: str = "Q30",
    expect: Expectation | None = None,
) -> Step:
    """Return the step that plugs a device in."""
    request = Request(DEVICE_ADD, arguments)
    return Step(request=request, expect=expect or Accept(), role=role, rule=rule)


def _option(arguments: Mapping[str, JsonValue]) -> str:
    """Return the arguments as -device takes them on all releases."""
    driver, *others = arguments.items()
    words = [str(driver[1])]
    for name, value in others:
        shown = ("off", "on")[value] if isinstance(value, bool) else value
        words.append(f"{name}={shown}")
    return ",".join(words)
