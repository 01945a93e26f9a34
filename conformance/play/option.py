"""What an option is: its name, its value, the commands that take it, its key in a target file.

Loaded in every pytest run on the machine: it imports nothing else of the suite.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast


class CommandName(enum.StrEnum):
    """The commands that take options."""

    RUN = "run"
    LIST = "list"
    SHOW = "show"
    REPLAY = "replay"
    DOCTOR = "doctor"
    RULES = "rules"
    EXPLAIN = "explain"
    DIFF = "schema diff"
    DIGEST = "schema digest"
    JSON_SCHEMA = "schema jsonschema"
    LINT = "schema lint"
    VALIDATE = "validate"
    RECORDING = "record"
    KNOWN_UPDATE = "known update"
    KNOWN_PRUNE = "known prune"
    RUN_DIFF = "diff"
    TREND = "trend"
    MERGE = "merge"
    REPORT = "report"
    PASTE = "paste"
    FINDING = "finding"


class KeyForm(enum.StrEnum):
    """What TOML value a key of a target file has."""

    TEXT = "a string"
    WORDS = "a command line"
    # A relative one starts at the file's folder.
    PATH = "a path"
    LIST = "a list of strings"
    PATHS = "a list of paths"
    # The same; the word `shipped` is no path.
    KNOWN = "a list of paths, or `shipped`"
    TIME = "a time"
    TABLE = "a table of strings"
    BOOLEAN = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKey:
    """A key of a target file, named like the field of `Target` that it sets.

    With `axis`, it may also be a key of [target.axes].
    """

    name: str
    form: KeyForm = KeyForm.TEXT
    axis: bool = False


T = TypeVar("T", str, int, bool, tuple[str, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Generic[T]):
    """An option: `--NAME` of `commands`, and `--qmp-NAME` of pytest.

    The type of `default` decides the type of the value: a bool makes a flag, a tuple an option
    that may be given several times.  `no_twin` says why pytest has no `--qmp-NAME`, None if it
    has one.  `key` is its key in a target file.  Of an option with a key, the value on the command
    line does not reach the targets of a file, unless `reaches_files`.
    """

    name: str
    help: str
    default: T
    commands: tuple[CommandName, ...]
    metavar: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    no_twin: str | None = None
    key: TargetKey | None = None
    reaches_files: bool = False

    @property
    def dest(self) -> str:
        """The attribute that holds the value, with either parser."""
        name = self.name.replace("-", "_")
        return name if self.no_twin is not None else f"qmp_{name}"

    @property
    def many(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.default, tuple)

    @property
    def flag(self) -> bool:
        """Whether it takes no value."""
        return isinstance(self.default, bool)

    @property
    def description(self) -> str:
        """The help, with what every option of its type has."""
        return f"{self.help}; may be given several times" if self.many else self.help

    def of(self, asked: object) -> T:
        """Return the value that a parser left, or the default where `asked` has none."""
        value: Any = getattr(asked, self.dest, self.default)
        return cast(T, tuple(value) if self.many else value)

    def is_given(self, asked: object) -> bool:
        """Return whether the value differs from the default."""
        return self.of(asked) != self.default

    def declare(self, add: Callable[..., Any], prefix: str = "--") -> None:
        """Declare it by `add`, which takes what argparse's add_argument takes."""
        names = [self.short] if self.short and prefix == "--" else []
        settings: dict[str, Any] = {"dest": self.dest, "help": self.description}
        if self.flag:
            settings["action"] = "store_true"
        else:
            default = self.default
            settings["action"] = "append" if self.many else "store"
            # The parsers append to a copy of a list, and to nothing else.
            settings["default"] = list(default) if isinstance(default, tuple) else default
            settings["type"] = int if isinstance(default, int) else str
        # argparse writes choices itself, where no metavar hides them.
        if self.choices:
            settings["choices"] = self.choices
        elif self.metavar:
            settings["metavar"] = self.metavar
        add(*names, prefix + self.name, **settings)

    def words(self, asked: object) -> list[str]:
        """Return the words that give pytest the same value."""
        value = self.of(asked)
        if isinstance(value, bool):
            return [f"--qmp-{self.name}"] if value else []
        each = value if isinstance(value, tuple) else (value,)
        return [f"--qmp-{self.name}={one}" for one in each]
