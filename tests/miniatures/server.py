"""The program: it is started as QEMU is, and speaks QMP on the descriptor that it is given."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import time
from typing import Any

from .bends import Bends, bent_greeting, torn
from .blocks import BLOCKS, Blocks, widened
from .devices import Devices
from .histories import Histories
from .incoming import INCOMING, Incoming
from .limited import Limited
from .migration import Migration
from .monitors import Loop, Monitor, monitors
from .objects import TYPES, Tree, become_older, heirs, property_types
from .schema import Broken, Checker, Entry, RefusedError, early, entries, shown
from .session import Message, Session

Arguments = dict[str, Any]


def main(argv: list[str]) -> None:
    """Run the program with QEMU's arguments; `BREAKS` names promises to break."""
    if "--version" in argv:
        daemon = "storage-daemon" in os.path.basename(argv[0])
        kind = "qemu-storage-daemon" if daemon else "QEMU emulator"
        print(f"{kind} version 10.0.99 (miniature)")
        return
    options = dict(zip(argv, [*argv[1:], ""], strict=True))
    machine = options.get("-machine", "none")
    if machine not in ("none", "pc"):
        sys.exit(f'{argv[0]}: unsupported machine type: "{machine}"')
    words = broken_promises()
    serve(Server(words, complete="--preconfig" not in argv), argv, words)


def broken_promises() -> Broken:
    """Return the words for the promises to break.

    They stand in the environment: arguments would say of a target that it adds to its machine.
    """
    return frozenset(filter(None, os.environ.get("BREAKS", "").split(",")))


def serve(server: Server, argv: list[str], words: Broken) -> None:
    """Let a server be on the machine that a command line describes, until it ends."""
    options = dict(zip(argv, [*argv[1:], ""], strict=True))
    # What is nested as deep as the protocol allows is read and written by recursion.
    sys.setrecursionlimit(20_000)
    server.balloon = str(options.get("-device")).startswith("virtio-balloon")
    server.memory = int(options.get("-m", "0").partition(",")[0].removesuffix("M")) << 20
    server.named = "-name" in argv
    server.compat = options.get("-compat", "")
    for option, value in itertools.pairwise(argv):
        if option in ("-object", "-device") and value.startswith("{"):
            server.start_with(json.loads(value))
    server.monitors = list(monitors(argv)) or [Monitor(0, 1)]
    Loop(server.monitors, server, words).run()


class Server:
    """The machine behind all monitors: runs commands and tells of events.

    `balloon` tells whether the machine has such a device, `named` whether it was given a name,
    `compat` is what it was told of deprecated and unstable things, and `memory` the bytes of it.
    """

    balloon = named = False
    memory = 0
    compat = ""
    _pages = 0
    _rests = "prelaunch"

    def __init__(self, broken: Broken, *, complete: bool) -> None:
        self._broken = broken
        self._complete = complete
        self._typed = "untyped" not in broken
        self._pages = 0
        """What the balloon is to hold."""
        if not self._typed:
            become_older()
        self._schema = entries(typed=self._typed)
        self._more = Blocks(self, broken)
        if "wide" in broken:
            self._schema = [*widened(self._schema), *BLOCKS, *INCOMING]
        self._commands = {e["name"]: e for e in self._schema if e["meta-type"] == "command"}
        self._checker = Checker(self._schema, broken)
        self._tree = Tree(broken, typed=self._typed)
        self._devices = Devices(self, self._tree, broken)
        self._early = early(typed=self._typed)
        self._running = False
        self._migration = Migration(broken)
        self._incoming = Incoming(self, broken)
        self._events: list[Message] = []
        self._limited = Limited(broken)
        self._histories = Histories(broken)
        self._bends = Bends(broken)
        self._session = Session(broken)
        """Whose command is under way."""
        self._waiting: tuple[Message, Session] = ({}, self._session)
        """What answers the command that waits, and whom."""
        self._kept: set[str] = set()
        """The names that refused requests have taken."""
        self.monitors: list[Monitor] = []
        self.ended = False
        self.blocked = -1

    def start_with(self, arguments: Arguments) -> None:
        """Make an object or a device of the command line."""
        other = self._is("made-otherwise-at-start")
        if "driver" in arguments:
            self._devices.start_with(arguments, {"rng": "other"} if other else {})
            return
        if other:
            arguments = {"qom-type": "rng-builtin", "id": arguments["id"]}
        self._tree.add(arguments)

    def greeting(self, broken: Broken) -> Message:
        """Return how a session begins, where `broken` are the promises that it breaks."""
        greeting = {"QMP": {"version": self._version(), "capabilities": ["oob"]}}
        return bent_greeting(greeting, broken)

    def resume(self) -> None:
        """Read on in the file that a command waits for, and answer it at the end of that."""
        if os.read(self.blocked, 4096) and not self._is("waits-for-peer"):
            return
        os.close(self.blocked)
        self.blocked = -1
        reply, self._session = self._waiting
        self._say("blockdev-add", reply)

    def patience(self) -> float | None:
        """Return for how many seconds nothing is to be told, None if that is for ever."""
        return 0.0 if "spins" in self._broken else self._limited.patience()

    def tell_timely(self) -> None:
        """Tell of the events whose time has come."""
        for event in self._limited.timely():
            self._tell(event)

    def answer(self, request: Any, session: Session) -> None:
        """Run a request of a session and say what came of it."""
        self._session = session
        blocked = self.blocked
        name, reply = self._reply(request)
        if self.blocked != blocked:
            self._waiting = reply, session
        else:
            self._say(name, reply)

    def _say(self, name: str, reply: Message) -> None:
        """Tell all of the events that a command led to, then its session what came of it."""
        events, self._events = self._events, []
        if name == "query-version" and "event-without-cause" in self._broken:
            events = [_stamped("STOP", None)]
        if events and "event-inside" in self._broken:
            self._session.say(torn(events[0], reply))
            return
        # What is untyped is of 5.2, where the main loop resets the machine behind the reply.
        behind = name == "system_reset" and not self._typed
        behind |= name == "stop" and "event-behind-reply" in self._broken
        for message in self._bends.replies(name, reply) if behind else ():
            self._session.say(message)
        for event in events:
            for told in self._bends.events(event):
                self._tell(told)
        for message in () if behind else self._bends.replies(name, reply):
            self._session.say(message)

    def _reply(self, request: Any) -> tuple[str, Message]:
        """Return the command that a request names, "" where it names none, and the reply."""
        if not isinstance(request, dict):
            self._session.negotiated &= "malformed-renegotiates" not in self._broken
            return "", _error(RefusedError(f"no object came: {request}"))
        try:
            name, reply = self._tried(request)
        except RefusedError as error:
            name, reply = str(request.get("execute", "")), _error(error)
            if name == "qmp_capabilities" and "failure-negotiates" in self._broken:
                self._session.negotiated = True
        if "id" in request:
            reply["id"] = request["id"]
        return name, reply

    def _tried(self, request: Message) -> tuple[str, Message]:
        """Return the command of a request and what it returned; raises RefusedError."""
        named = request.get("execute", request.get("exec-oob"))
        word = "nameless-taken" if named is None else "name-of-any-type"
        if not isinstance(named, str) and word in self._broken:
            return "", {"return": {}}
        name, outside = _named_command(request, self._broken)
        self._gate(name, outside=outside)
        value = self._run(name, request.get("arguments", {}))
        if request.keys() - {"execute", "exec-oob", "arguments", "id"}:
            self._after_unknown()
        return name, {"return": value}

    def _after_unknown(self) -> None:
        if "refused-runs" in self._broken:
            raise RefusedError("QMP input has a member that is unexpected")

    def _tell(self, event: Message) -> None:
        """Tell an event to every client whose negotiation is over."""
        for monitor in self.monitors:
            session = monitor.session
            if session is None or (session is not self._session and self._is("events-to-one")):
                continue
            if session.negotiated or self._is("events-in-negotiation"):
                session.say(event)

    def _is(self, breakage: str) -> bool:
        return breakage in self._broken

    def _gate(self, name: str, *, outside: bool) -> None:
        """Raise RefusedError where a command is not to be had at all, in this way, or yet."""
        if outside and not self._session.out_of_band and "oob-unasked" not in self._broken:
            raise RefusedError("QMP input member 'exec-oob' is unexpected")
        if name not in self._commands or not self._there(name):
            raise RefusedError(f"The command {name} has not been found", "CommandNotFound")
        if self._refused_by_policy(name):
            other = "policy-other-class" in self._broken
            kind = "GenericError" if other else "CommandNotFound"
            raise RefusedError(f"The command {name} is refused by policy", kind)
        if self.compat and name == "qom-list-types" and "policy-refuses-more" in self._broken:
            raise RefusedError(f"The command {name} is refused by policy")
        marked = self._commands[name].get("allow-oob", False)
        if outside and not self._outside(marked=marked):
            self._after_oob(name)
            raise RefusedError(f"The command {name} does not support OOB")
        if marked and not outside and "oob-only" in self._broken and self._session.enabled:
            raise RefusedError(f"The command {name} needs OOB")
        if not self._complete and not self._allowed_early(name):
            raise RefusedError(f"The command '{name}' must wait until the machine is complete")

    def _refused_by_policy(self, name: str) -> bool:
        """Return whether -compat keeps a command from being had."""
        feature = self.compat.removesuffix("-input=reject")
        taken = f"{feature}-taken" in self._broken
        return feature in self._commands[name].get("features", ()) and not taken

    def _outside(self, *, marked: bool) -> bool:
        """Return whether a command runs out of band."""
        if marked:
            return "oob-marked-refused" not in self._broken
        return "oob-unmarked-taken" in self._broken

    def _there(self, name: str) -> bool:
        if name == "system_reset" and "listed-command-unknown" in self._broken:
            return False
        if name == "qmp_capabilities":
            return not self._session.negotiated or "negotiates-twice" in self._broken
        if "other-class-before-negotiation" in self._broken and not self._session.negotiated:
            raise RefusedError("negotiate first")
        return self._session.negotiated or "runs-before-negotiation" in self._broken

    def _allowed_early(self, name: str) -> bool:
        if name == "stop" and "early-unmarked" in self._broken:
            return True
        if name == "qom-list" and "early-marked-refused" in self._broken:
            return False
        return name in self._early

    def _after_oob(self, name: str) -> None:
        if name == "cont" and "oob-refused-takes-effect" in self._broken:
            self._running = True

    def _run(self, name: str, arguments: Any) -> Any:
        command = self._commands[name]
        untyped = name == "object-add" and not self._typed
        if not isinstance(arguments, dict):
            if "arguments-of-any-type" not in self._broken:
                raise RefusedError("QMP input member 'arguments' must be an object")
            arguments = {}
        if name == "qmp_capabilities" and self._is("unknown-capability-taken"):
            arguments = {}
        if self._taken_anyway(arguments):
            return {}
        self._refuse_toy(arguments, "refused-in-the-same-words")
        if self._is("one-value-refused") and arguments.get("detect-zeroes") == "on":
            raise RefusedError("no zeroes can be detected")
        try:
            checked = {k: v for k, v in arguments.items() if not untyped or k in ("qom-type", "id")}
            self._checker.check(command["arg-type"], checked, "arguments")
            if name == "qom-list-types" and arguments == self._refused_request():
                raise RefusedError("this is refused for no reason")
            method = _method(name)
            parts = (self, self._devices, self._migration, self._incoming, self._more)
            owner = next(part for part in parts if hasattr(part, method))
            value = getattr(owner, method)(**_named(arguments))
            self._histories.after(name, arguments)
            return value
        except RefusedError as error:
            if isinstance(arguments, dict):
                self._after_refusal(name, arguments, error)
            if name == "migrate-set-parameters" and self._is("refused-change-takes-effect"):
                self._migration.change()
            if name == "system_reset" and self._is("refused-reset-is-told"):
                self._system_reset()
            if name == "migrate-set-parameters" and self._is("refusal-leaves-file"):
                with open("/tmp/qmp/left", "w", encoding="utf-8") as file:
                    file.write(name)
            raise

    def _refuse_toy(self, arguments: Arguments, word: str) -> None:
        """Refuse to make a toy, whatever the request says of it, where that is `word`."""
        if self._is(word) and arguments.get("qom-type") == "toy":
            raise RefusedError(f"no toy of the name '{arguments.get('id')}' can be made")

    def _refused_request(self) -> Arguments | None:
        known = {"implements": "rng-backend", "abstract": True}
        return known if "request-refused" in self._broken else None

    def _taken_anyway(self, arguments: Arguments) -> bool:
        """Return whether a value of another type is taken, and makes no device."""
        return self._is("device-of-any-type") and type(arguments.get("rng")) is bool

    def _after_refusal(self, name: str, arguments: Arguments, error: RefusedError) -> None:
        if name == "device_add":
            self._devices.refused(arguments)
        if name == "object-add":
            self._after_object(arguments, error)

    def _after_object(self, arguments: Arguments, error: RefusedError) -> None:
        kind, name = arguments.get("qom-type"), arguments.get("id")
        if "refusal-leaves-object" in self._broken and kind == "toy" and isinstance(name, str):
            self._tree.objects.children.setdefault(name, self._tree.root.children["machine"])
        if "refusal-takes-name" in self._broken and kind == "toy" and isinstance(name, str):
            self._kept.add(name)
        if "error-not-as-documented" in self._broken and kind == "no-such-type":
            error.name = "DeviceNotFound"
        if "other-error-class" in self._broken and error.name == "DeviceNotFound":
            error.name = "GenericError"

    # What each command does; the name of the method is that of the command.

    def _qmp_capabilities(self, enable: list[str] | None = None) -> Arguments:
        self._session.negotiated = True
        self._session.enabled = [*(enable or []), *["oob"] * self._is("oob-from-the-start")]
        return {}

    def _x_exit_preconfig(self) -> Arguments:
        if self._complete and "preconfig-unasked" not in self._broken:
            raise RefusedError("The machine is complete")
        self._complete = True
        return {}

    def _query_status(self) -> Arguments:
        if self._is("query-changes-something"):
            self._migration.change()
        if "example-refused" in self._broken:
            raise RefusedError("the status is not known")
        unseen = "stop-unseen" in self._broken
        status = "running" if self._running or unseen else self._rests
        status = "paused" if self._is("status-of-another") else status
        return {"running": self._running, "status": status}

    def _query_yank(self) -> list[Arguments]:
        return []

    def _yank(self, instances: list[Arguments]) -> Arguments:
        if self._is("arrays-kill") and not instances:
            os._exit(3)
        if self._is("arrays-kill") and instances == instances[:1] * 2:
            sys.exit("miniature: Unexpected error in yank() at miniature.c:1:")
        if instances and "not-there-taken" not in self._broken:
            raise RefusedError("There is no such instance", "DeviceNotFound")
        return {}

    def _query_version(self) -> Arguments:
        return self._version()

    def _version(self) -> Arguments:
        number = (10, 0, 99) if self._typed else (5, 2, 0)
        return {
            "qemu": dict(zip(("major", "minor", "micro"), number, strict=True)),
            "package": "miniature",
        }

    def _query_qmp_schema(self) -> list[Entry]:
        found = shown(self._schema, self._broken)
        if self.named and "schema-by-command-line" in self._broken:
            found = [entry for entry in found if entry["name"] != "RESUME"]
        if self.compat == "deprecated-output=hide" and "deprecated-shown" not in self._broken:
            found = [entry for entry in found if "deprecated" not in entry.get("features", ())]
        return found

    def _query_commands(self) -> list[Arguments]:
        hidden = "query-status" if "command-unlisted" in self._broken else ""
        more = ["invented"] * self._is("command-invented")
        return [{"name": name} for name in (*self._commands, *more) if name != hidden]

    def _stop(self) -> Arguments:
        if self._running and "stop-untold" not in self._broken:
            self.event("STOP")
        self._running, self._rests = False, "paused"
        return {}

    def _cont(self) -> Arguments:
        self._running = True
        self.event("RESUME")
        return {}

    def _system_reset(self) -> Arguments:
        if "reset-drops-objects" in self._broken:
            self._tree.objects.children.clear()
        reason = 7 if "event-data-out-of-schema" in self._broken else "host-qmp-system-reset"
        guest = "reset-told-of-guest" in self._broken
        self.event("RESET", {"guest": guest, "reason": reason})
        self._devices.reset()
        return {}

    def _quit(self) -> Arguments:
        self.ended = True
        return {}

    def _object_add(self, **arguments: Any) -> Arguments:
        plain = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._refuse_toy(plain, "refused-in-other-words")
        if plain["id"] in self._kept:
            raise RefusedError(f"attempt to add duplicate property '{plain['id']}'")
        self._tree.add(plain)
        if self._is("creation-adds-two"):
            self._tree.add({**plain, "id": f"{plain['id']}-twin"})
        if self._is("creation-changes-something"):
            self._migration.change()
        return {}

    def _object_del(self, id: str) -> Arguments:
        self._tree.delete(id)
        if self._is("deletion-changes-something"):
            self._migration.change()
        if "id-stays-taken" in self._broken:
            self._bends.refuse_more()
        return {}

    def _qom_list(self, path: str) -> list[Arguments]:
        _, node = self._tree.find(path)
        if self._is("closes-descriptor") and path == "/machine/peripheral":
            with contextlib.suppress(OSError):
                os.close(0)
        found = [_property(name, kind) for name, (kind, _) in property_types(node.kind).items()]
        for name, child in node.children.items():
            if path != "/objects" or "object-not-listed" not in self._broken:
                other = path == "/objects" and "listed-as-other-type" in self._broken
                found.append(_property(name, f"child<{'object' if other else child.kind}>"))
        if "object-has-more" in self._broken and node.kind == "toy":
            found.append(_property("more", "int"))
        if "list-grows" in self._broken and path == "/objects":
            return found * len(found)
        if "list-changes" in self._broken:
            # The machine has more behind each listing, whatever was listed.
            self._tree.find("/machine/unattached")
            machine = self._tree.find("/machine")[1]
            machine.children[f"bus{len(machine.children)}"] = self._tree.find("/chardevs")[1]
        if "list-out-of-schema" in self._broken and path == "/objects":
            return [{"called": "obj"}]
        return found

    def _qom_get(self, path: str, property: str) -> Any:
        value = self._tree.get(path, property)
        if isinstance(value, list) and self._is("array-reversed"):
            return value[::-1]
        if property == "level" and "integer-as-string" in self._broken:
            return str(value)
        if property == "peer" and "link-to-nowhere" in self._broken:
            return "/machine/nowhere"
        return value

    def _qom_set(self, path: str, property: str, value: Any) -> Arguments:
        self._tree.put(path, property, value)
        return {}

    def _qom_list_types(self, implements: str = "", abstract: bool = False) -> list[Arguments]:
        if self._is("dies-while-running") and self._running:
            os._exit(3)
        names = list(heirs(implements)) if implements else list(TYPES)
        if self._is("more-is-creatable") and implements == "user-creatable":
            names.append("container")
        if not names and "unknown-type-has-heirs" in self._broken:
            names = ["object"]
        shown = abstract or "abstract-shown-unasked" in self._broken
        unlisted = {"toy"} if "type-unlisted" in self._broken else set()
        listed = [
            _type(name) for name in names if name not in unlisted and (shown or not TYPES[name][1])
        ]
        if self._is("shows-fresh-memory") and "MALLOC_PERTURB_" in os.environ:
            listed.append({"name": f"type{os.environ['MALLOC_PERTURB_']}", "parent": "object"})
        return listed

    def _qom_list_properties(self, typename: str) -> list[Arguments]:
        if typename not in TYPES:
            raise RefusedError(f"Class '{typename}' not found", "DeviceNotFound")
        found = []
        for name, (kind, default) in property_types(typename).items():
            prose = "type-in-prose" in self._broken and name == "point"
            entry = _property(name, "where it is" if prose else kind)
            if default is not None and kind != "link<thread-context>":
                wrong = "default-of-other-type" in self._broken and name == "level"
                entry["default-value"] = "200" if wrong else default
            found.append(entry)
        twice = "property-listed-twice" in self._broken and typename == "gauge"
        return found * 2 if twice else found

    def _balloon(self, value: int) -> Arguments:
        if not self.balloon:
            raise RefusedError("No balloon device has been activated", "DeviceNotActive")
        if not value:
            raise RefusedError("Parameter 'target' expects a size")
        if not self._is("balloon-gets-nothing"):
            self._pages = max(0, self.memory - value) // 4096
        return {}

    def _human_monitor_command(self, command_line: str) -> str:
        match command_line.split():
            case ["device_add", "help"]:
                return 'Misc devices:\r\nname "gadget", bus PCI, desc "a toy"\r\n'
            case ["o/w", "0xc018", pages] if self.memory:
                actual = self.memory - int(pages) * 4096
                event = _stamped("BALLOON_CHANGE", {"actual": actual})
                self._events += [event] * self._limited.admit(event)
            case ["i/w", "0xc014"]:
                digits = 8 if self._typed else 6
                return f"portl[0xc014] = 0x{self._pages:0{digits}x}\r\n"
            case ["o/b", "0x443", "15"]:
                self._more.end_of_time()
            case ["o/b", "0xcf9", "6"]:
                self.event("RESET", {"guest": True, "reason": "guest-reset"})
        return ""

    def event(self, name: str, data: Arguments | None = None) -> None:
        self._events.append(_stamped(name, data))


def _named_command(request: Message, broken: Broken) -> tuple[str, bool]:
    """Return the command of a request, and whether it is to overtake; raises RefusedError."""
    names = [key for key in ("execute", "exec-oob") if key in request]
    unknown = sorted(request.keys() - {"execute", "exec-oob", "arguments", "id"})
    if unknown and not broken & {"unknown-beside-taken", "refused-runs"}:
        raise RefusedError(f"QMP input member '{unknown[0]}' is unexpected")
    if len(names) == 2 and "both-taken" in broken:
        names.pop()
    if len(names) != 1 or not isinstance(request[names[0]], str):
        raise RefusedError("QMP input names no command, or more than one")
    if next(iter(request)) == "arguments" and "arguments-first-refused" in broken:
        raise RefusedError("QMP input begins with its arguments")
    if request.get("arguments") == {} and "empty-arguments-refused" in broken:
        raise RefusedError("QMP input has arguments of nothing")
    return request[names[0]], names[0] == "exec-oob"


def _stamped(name: str, data: Arguments | None) -> Message:
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    event: Message = {
        "event": name,
        "timestamp": {"seconds": seconds, "microseconds": rest // 1000},
    }
    return {**event, "data": data} if data else event


def _error(error: RefusedError) -> Message:
    return {"error": {"class": error.name, "desc": error.desc}}


def _property(name: str, kind: str) -> Arguments:
    return {"name": name, "type": kind}


def _type(name: str) -> Arguments:
    parent, abstract = TYPES[name]
    entry: Arguments = {"name": name}
    if parent:
        entry["parent"] = parent
    return {**entry, "abstract": True} if abstract else entry


def _method(command: str) -> str:
    """Return the name of the method that a command is."""
    return "_" + command.replace("-", "_")


def _named(arguments: Arguments) -> Arguments:
    """Return the arguments under the names that Python takes."""
    return {name.replace("-", "_"): value for name, value in arguments.items()}
