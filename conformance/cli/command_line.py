"""Recognizes what users write on the command line, and answers what has no meaning here.

Knows which options are pytest's and which QEMU's; parses none.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from conformance.launch.target import host_path, is_target_file, program_target
from conformance.model.errors import LaunchError, UsageError
from conformance.model.hints import nearest

_PYTESTS: Final = frozenset(
    shlex.split(
        "--junitxml --junit-xml --junit-prefix --lf --last-failed --ff --failed-first --nf"
        " --new-first --sw --stepwise --stepwise-skip --collect-only --co --maxfail --exitfirst"
        " --durations --tb --pdb --dist --numprocesses --maxprocesses --tx --alluredir"
        " --clean-alluredir --html --cov --cov-report --reruns --timeout --random-order"
        " --randomly-seed --deselect --ignore --rootdir --capture --markers --fixtures"
        " --cache-clear --cache-show --color --no-header --no-summary --strict-markers"
        " --confcutdir --noconftest --setup-show --setup-plan --override-ini"
        " -k -x -m -p -s -r -l -c -o -W -vv -vvv -qq -xvs -xv -xq -xs"
    )
)
"""Options of pytest and of its best known plugins that users try here."""
_GLUED: Final = ("-k", "-x", "-m")
"""Those of one letter that a value or other letters may follow."""
_DANGEROUS: Final = frozenset({"--no-sandbox"})
"""No hint suggests an option that removes a protection."""
_OPTION: Final = re.compile(r"(?<![\w-])--?[a-z][\w-]*")
_QEMUS: Final = re.compile(r"-[a-zA-Z][a-z0-9-]{2,}")
"""An option with one dash and several letters, like QEMU's."""
_OURS: Final = re.compile(r"-[qvh]+")


def prepared(words: Sequence[str]) -> list[str]:
    """Return the words as argparse takes them: `--arg -smp` is `--arg=-smp`.

    Raises UsageError for words that make no sense for this command.
    """
    found: list[str] = []
    for place, word in enumerate(words):
        if word == "--":
            behind = list(words[place + 1 :])
            _refuse_options(behind)
            return found + behind
        if found and found[-1] == "--arg":
            found[-1] = f"--arg={word}"
        elif _QEMUS.fullmatch(word) and word not in _PYTESTS and not _OURS.fullmatch(word):
            raise unknown(word, ())
        else:
            found.append(word)
    return found


def _refuse_options(behind: Sequence[str]) -> None:
    """Raise UsageError if an option follows --, as if it were for QEMU."""
    option = next((word for word in behind if word.startswith("-")), None)
    if option is not None:
        told = " ".join(shlex.quote(f"--arg={word}") for word in behind)
        raise UsageError(
            f"{option} is no target: only targets may follow --",
            f"To hand these words to QEMU, write {told}.",
        )


def unknown(word: str, known: Sequence[str]) -> UsageError:
    """Return the error for an unknown option of a command whose options are `known`."""
    option = word.partition("=")[0]
    what = f"unknown option {word}"
    if option in _PYTESTS or (option[:2] in _GLUED and not _QEMUS.fullmatch(option)):
        return UsageError(
            f"{word} is an option of pytest, and this command has none of these",
            f"Write: pytest --qmp-program PROGRAM {word}",
        )
    if option.startswith("--qmp-"):
        return UsageError(what, f"Here it is written --{option.removeprefix('--qmp-')}.")
    near = nearest(option, [each for each in known if each not in _DANGEROUS])
    if near:
        return UsageError(what, f"Did you mean {near[0]}?")
    if not option.startswith("--"):
        return UsageError(what, f"To hand it to QEMU, write --arg={word}.")
    return UsageError(what, "`qmp-conformance COMMAND --help` lists the options.")


def sentence(text: str) -> str:
    """Return the one-line help of a command as a sentence, for its own help."""
    return f"{text[0].upper()}{text[1:]}."


def options_in(usage: str) -> list[str]:
    """Return the options that a usage text names."""
    return _OPTION.findall(usage)


def swapped(case: str, target: str, roots: Sequence[str]) -> bool:
    """Return whether the case and the target of a command line are swapped."""
    return _is_target(case, roots) and not _is_target(target, roots)


def _is_target(word: str, roots: Sequence[str]) -> bool:
    name, equals, path = word.partition("=")
    program = path if equals and "/" not in name else word
    if not program or is_target_file(word):
        return bool(program)
    if not roots:
        return shutil.which(program) is not None or Path(program).is_file()
    try:
        return any(host_path(program_target(program, root)).is_file() for root in roots)
    except LaunchError:
        return False
