"""Derives the plan of a target from its answers, in this process or in one of its own.

Knows no cache.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Final, TypeAlias

from conformance.knowledge.loading import load_knowledge
from conformance.launch.target import Target
from conformance.model.errors import ConformanceError, HarnessError
from conformance.prepare import planning
from conformance.prepare.asking import Answers, unpacked
from conformance.prepare.faults import told
from conformance.prepare.needs import needs_of_all
from conformance.prepare.plan_file import WrittenPlan
from conformance.prepare.prepare import lacks, selects


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What is asked of a target's plan.

    `choices` are the globs that a plan may be limited to: the first of which each matches a case.
    `lacked` says of each need that the host does not meet why, None to look that up.
    """

    thorough: bool
    choices: Sequence[Sequence[str]]
    lacked: Mapping[str, str] | None
    searching: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A plan as bytes, the needs of all knowledge if they were looked up, and what is lacked."""

    data: bytes
    needs: tuple[str, ...] | None
    lacked: Mapping[str, str]


_Reply: TypeAlias = Derived | ConformanceError
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def derive(target: Target, answers: Answers, asked: Derivation) -> Derived:
    """Return the plan of a target; raises UsageError for the source of another build."""
    knowledge = load_knowledge(target.cases)
    needs, lacked = None, asked.lacked
    if lacked is None:
        needs = needs_of_all(knowledge)
        lacked = lacks(needs, target)
    target = planning.described_as(target, answers)
    build = planning.introspected(target, answers, knowledge, thorough=asked.thorough, lacks=lacked)
    build = replace(build, searching=asked.searching)
    data = b""
    for globs in asked.choices:
        data = planning.planned(target, answers, build, knowledge, globs)
        if not globs or selects(WrittenPlan(data), globs):
            break
    return Derived(data=data, needs=needs, lacked=lacked)


def derive_apart(target: Target, body: bytes, asked: Derivation) -> Derived:
    """Do the same in a process of its own: what a long plan takes is given back with it.

    `body` holds the answers. Whatever ends the wait, an interruption as well, ends that process.
    Raises what it raised, HarnessError for what is no error on purpose.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(theirs, target, body, asked), daemon=True)
    with ours:
        try:
            # What is for all processes of a terminal or a job is this one's to handle: the other
            # one begins, and goes on, with the signals held back.
            resource_tracker.ensure_running()
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            # Else the pipe would stay open when the process has died.
            theirs.close()
            reply: _Reply = ours.recv()
        except EOFError:
            process.join()
            raise HarnessError(
                f"the process that planned the cases ended early (status {process.exitcode})",
                "See what ended it: it may have been short of memory.",
            ) from None
        finally:
            if process.pid is not None:
                process.kill()
                process.join()
    if isinstance(reply, ConformanceError):
        raise reply
    return reply


def _work(reply: Connection, target: Target, body: bytes, asked: Derivation) -> None:
    """Derive in this process, for the one that waits for the reply."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    answer: _Reply
    try:
        answer = derive(target, unpacked(body), asked)
    except Exception as error:  # of any kind: it is told where the reply is read
        answer = told(error)
    reply.send(answer)


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "it was started by multiprocessing"
    wait([parent.sentinel])
    os._exit(1)
