"""Blocks the cases that a build's kind of program cannot run.

Looks at what a case's stage and steps need; knows no command by name except getfd and device_add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.judge.expect_answer import Accept, Known
from conformance.knowledge.machines import StandIns
from conformance.model.blocked import behind_finding, not_applicable
from conformance.model.case import Case
from conformance.model.flavour import Program
from conformance.model.stage import MachineSpec, Request, ScratchFile
from conformance.qapi.model import Schema

_PATHS: Final = ("path", "paths")
"""The arguments with which the commands of the tree name one or more objects."""
CONTRADICTION: Final = "a finding of query-qmp-schema"
"""Where faults of commands that were dropped from the schema are reported."""
_MACHINE: Final = "/machine"
"""The path of the machine in the tree, whose properties are its options."""
_DEVICE: Final = "device"
"""The type that all device types come from."""
_PLUGS: Final = "device_add"
"""The command whose argument `driver` names a device type."""
_PASSES: Final = "getfd"
"""The command that gives a machine a descriptor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a kind of program can run: `name` in words, `machines` whether it has machines.

    A kind without machines takes none of the arguments that stages add, which are options of the
    system emulator, and its tree of objects lacks everything below `absent`.
    """

    name: str
    machines: bool
    absent: str = ""


OFFERS: Final[Mapping[Program, Offer]] = {
    Program.SYSTEM: Offer(name="the system emulator", machines=True),
    Program.STORAGE_DAEMON: Offer(name="the storage daemon", machines=False, absent="machine"),
    Program.GUEST_AGENT: Offer(name="the guest agent", machines=False, absent="machine"),
}


def offered(case: Case, offer: Offer, build: Introspected) -> Case:
    """Block the case if the build lacks what it needs.

    Cases about whether commands are known also run for those that the schema lists and the build
    does not serve.
    """
    if not case.plays:
        return case
    spec, schema = case.stage.spec, build.schema
    if offer.machines:
        needed = (*_devices(spec.args), *_plugged(case))
        absent = _lacking(build)(needed) if needed else None
        absent = absent or _unknown_option(build, spec.machine)
    else:
        absent = _beyond(spec, offer) or _missing(case, offer, schema)
    contradicted = _unserved(case, build.unserved) or _left_out(case, schema)
    blocked = not_applicable(absent) or behind_finding(contradicted)
    return case if blocked is None else replace(case, blocked=blocked)


def substituted(case: Case, stand_ins: StandIns) -> Case:
    """Return the case on a machine of the build's architecture, if its own has a stand-in.

    Options of a machine or a device go to its stand-in; files of code hold that of its guests.
    """
    spec = _standing_in(case.stage.spec, stand_ins)
    return case if spec is case.stage.spec else replace(case, stage=replace(case.stage, spec=spec))


def _standing_in(spec: MachineSpec, stand_ins: StandIns) -> MachineSpec:
    """Return a machine, and its companions, with what stands in for it and for what it has."""
    if spec.files or spec.companions:
        files = tuple(_of_guests(file, stand_ins) for file in spec.files)
        companions = tuple(
            replace(each, spec=_standing_in(each.spec, stand_ins)) for each in spec.companions
        )
        if (files, companions) != (spec.files, spec.companions):
            spec = replace(spec, files=files, companions=companions)
    name, comma, rest = spec.machine.partition(",")
    machine = stand_ins.machines.get(name)
    if machine is None:
        return spec
    args = [*machine.args]
    for word in spec.args:
        name, behind, options = word.partition(",")
        device = stand_ins.devices.get(name)
        if args[-1:] == ["-m"]:
            args.append(_rounded(word, machine.unit))
        elif device is None or args[-1:] != ["-device"]:
            args.append(word)
        else:
            args[-1:] = [*device.args, "-device", f"{device.name}{behind}{options}"]
    return replace(spec, machine=f"{machine.name}{comma}{rest}", args=tuple(args))


def _rounded(memory: str, unit: int) -> str:
    """Return a size of memory in MiB or with its unit, and options behind it, rounded up."""
    size, comma, rest = memory.partition(",")
    number = int(size.removesuffix("M").removesuffix("G")) * (1024 if size.endswith("G") else 1)
    whole = -(-number // unit) * unit
    return memory if whole == number else f"{whole}{comma}{rest}"


def _of_guests(file: ScratchFile, stand_ins: StandIns) -> ScratchFile:
    code = stand_ins.files.get(file.path)
    return file if code is None else ScratchFile(path=file.path, hex=code.name)


def _beyond(spec: MachineSpec, offer: Offer) -> str | None:
    """Return which part of `spec` needs a program with machines, None if none does."""
    if spec.machine != MachineSpec().machine:
        return f"it needs a machine {spec.machine}, and {offer.name} has no machines"
    if spec.accel:
        return f"it needs the accelerator {spec.accel}, and {offer.name} has none"
    if spec.args:
        return f"it needs {' '.join(spec.args)}, which {offer.name} has no options for"
    return None


def _devices(args: Sequence[str]) -> Iterator[str]:
    """Yield the devices that a command line adds."""
    for option, word in pairwise(args):
        if option == "-device" and not word.startswith("{"):
            yield word.partition(",")[0]


def _plugged(case: Case) -> Iterator[str]:
    """Yield the devices that a case must be able to plug in."""
    for step in case.steps:
        arguments = step.request.arguments
        if step.request.execute == _PLUGS and isinstance(step.expect, Accept):
            driver = arguments.get("driver") if isinstance(arguments, Mapping) else None
            if isinstance(driver, str):
                yield driver


@lru_cache(maxsize=1)
def _lacking(build: Introspected) -> Callable[[tuple[str, ...]], str | None]:
    """Return what names the first of some devices that a build does not have, None if none.

    A build that shows no device types may have any.  The alias of a device is the beginning of its
    type's name.
    """
    types = sorted(build.model.by_name) if _DEVICE in build.model.by_name else ()

    @cache
    def lacking(devices: tuple[str, ...]) -> str | None:
        for device in devices if types else ():
            if not any(name == device or name.startswith(f"{device}-") for name in types):
                return f"this build has no device {device}"
        return None

    return lacking


def _unknown_option(build: Introspected, machine: str) -> str | None:
    """Return what names the option of a machine that the build's does not have, None if none.

    A machine whose tree was not walked may have any.
    """
    name, *options = machine.split(",")
    nodes = build.model.trees.get(name, ()) if options else ()
    root = next((node for node in nodes if node.path == _MACHINE), None)
    known = {each.name for each in root.properties} if root else ()
    words = (option.partition("=")[0] for option in options) if root else ()
    missing = next((word for word in words if word not in known), None)
    return f"the machine {name} of this build has no option {missing}" if missing else None


def _missing(case: Case, offer: Offer, schema: Schema) -> str | None:
    """Return which command or part of the tree the build lacks for the case."""
    requests = (*case.stage.setup, *(step.request for step in case.steps))
    asked = {request.execute for request in requests}
    asked |= {_PASSES} if case.stage.spec.descriptors else set()
    missing = sorted(asked - schema.commands.keys())
    if missing:
        return f"it needs {missing[0]}, which {offer.name} does not have"
    if any(names_absent(request, offer) for request in requests):
        return f"it needs /{offer.absent}, which the tree of {offer.name} does not have"
    return None


def names_absent(request: Request, offer: Offer) -> bool:
    """Return whether a request names a part of the tree that programs of the kind do not have."""
    return bool(offer.absent) and offer.absent in _firsts(request)


def _firsts(request: Request) -> frozenset[str]:
    """Return the first parts of the paths in the tree that a request names."""
    arguments = request.arguments
    given = [arguments.get(name) for name in _PATHS] if isinstance(arguments, Mapping) else []
    flat = (item for each in given for item in (each if isinstance(each, list) else [each]))
    paths = (item for item in flat if isinstance(item, str))
    return frozenset(path.removeprefix("/").split("/")[0] for path in paths)


def _unserved(case: Case, unserved: frozenset[str]) -> str | None:
    if not unserved:
        return None
    used = {request.execute for request in case.stage.setup}
    used |= {step.request.execute for step in case.steps if not isinstance(step.expect, Known)}
    if not unserved & used or any(isinstance(step.expect, Known) for step in case.steps):
        return None
    return (
        f"this build's schema lists {min(unserved & used)}, and query-commands does not: "
        "that it is not to be had is a finding of its gate before-negotiation"
    )


def _left_out(case: Case, schema: Schema) -> str | None:
    """Return which command of the case was dropped from the schema, None if none was."""
    if not schema.left_out:
        return None
    used = {request.execute for request in case.stage.setup}
    left_out = (used | {step.request.execute for step in case.steps}) & schema.left_out
    if not left_out:
        return None
    return f"this build's schema contradicts itself about {min(left_out)}: {CONTRADICTION}"
