"""Where a random search begins: known requests, what they must leave alone, words of the state.

Draws nothing.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from conformance.derive.commands.restored import OWN, is_possible, left_behind, undone
from conformance.derive.commands.unchanged import state_queries
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.derive.objects.under_test import type_under_test
from conformance.derive.searching.batches import history
from conformance.derive.steps import around, command_subject, success_of, supporting_steps
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.search import HistoryRecipe
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.model.blocked import Blocked, not_applicable, unmet
from conformance.model.case import Case, Isolation, Role, Step, Subject
from conformance.model.search import SEARCH, Search
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, Outcome, SubjectKind, as_object
from conformance.space.draws import texts_in
from conformance.space.values import exemplar

_BASES: Final = 4
"""The requests of a command that a search begins with."""
_OWN_CHAINS: Final = 12
_NEAR_CHAINS: Final = 60
"""The known requests of a history: of its own command, and of those that share its words."""
_NO_SANDBOX: Final = "without the sandbox, what is drawn at random could reach the host"


def search_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the searches that begin with the known requests of a command, or with a guessed one."""
    if not build.searching or name == OBJECT_ADD or name in knowledge.untyped(build.version):
        return
    why = knowledge.state.search.leaves_out(name)
    for valid in () if why else _bases(build, knowledge, name):
        yield _case(build, knowledge, valid, command_subject(name), name)


def type_search_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the search that begins with the smallest request for an object type."""
    if not build.searching or OBJECT_ADD in knowledge.untyped(build.version):
        return
    tested = type_under_test(build, knowledge, name)
    known = tested.recipe.broken or tested.recipe.refusals_crash or tested.recipe.values_hang
    if tested.blocked or known or tested.recipe.alone:
        return
    yield _case(build, knowledge, tested.smallest, tested.subject, f"{OBJECT_ADD}/{name}")


def _bases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[ValidRequest]:
    """Yield the requests of a command that are accepted and leave their machine alive."""
    requests = knowledge.command(name).requests(build.version) if name in knowledge.commands else ()
    found: list[ValidRequest] = []
    for valid in requests:
        usable = is_possible(valid, build) and valid.effect is Effect.NONE
        alone = valid.spec.companions or valid.spec.peers or valid.request.descriptor
        if usable and not alone and all(_differ(valid, other) for other in found):
            found.append(valid)
    if not found and name not in knowledge.commands:
        kind = build.schema.commands[name].arg_type
        guessed = Request(name, exemplar(build.schema, kind))
        found = [ValidRequest(request=guessed, status=Status.GUESSED)]
    yield from found[:_BASES]


def _differ(one: ValidRequest, other: ValidRequest) -> bool:
    """Return whether two requests do not only differ in the values of the same arguments."""
    return one.arguments.keys() != other.arguments.keys() or one.spec != other.spec


def _case(
    build: Introspected, knowledge: Knowledge, valid: ValidRequest, subject: Subject, start: str
) -> Case:
    state = knowledge.state
    command = valid.command
    changes = state.excused_files(command) or knowledge.state.search.does_parts(command)
    changes = changes or state.only_asks(command)
    settled = command not in state.unsettled and not changes
    creates = any(each.command == command for each in state.creations)
    back = undone(valid, build, knowledge) if creates else None
    restores = back is not None and left_behind(back, build, knowledge) == frozenset()
    restores = restores and not knowledge.state.search.leaves_more(command)
    requests = (*valid.setup, valid.request, *valid.cleanup)
    return Case(
        id=f"{start}/{Aspect.FUZZ}/{valid.name or OWN}",
        subject=subject,
        aspect=Aspect.FUZZ,
        stage=Stage(name=f"{Aspect.FUZZ}/{start}{valid.spec.mark}", spec=valid.spec),
        steps=around(valid, _subject_step(valid)),
        blocked=_blocked(build),
        search=Search(
            kept=knowledge.state.search.kept(command),
            words=words_of(requests),
            looks=state_queries(build, knowledge) if settled or restores else (),
            leaves=settled,
            restores=restores,
            lasting=subject.kind is SubjectKind.OBJECT_TYPE,
            probes=tuple(_anytime(build, knowledge)),
        ),
    )


def history_search_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the search through histories of a command and of those that share its words."""
    if not build.searching or knowledge.state.search.leaves_out(name):
        return
    own = [each for each in _chains(build, knowledge) if each.command == name]
    if not own or knowledge.state.only_asks(name):
        return
    spec = own[0].spec
    own = [each for each in own if each.spec == spec]
    near = [
        each
        for each in _chains(build, knowledge)
        if each.command != name and each.spec == spec and _shared(own, each)
    ]
    chains = [*own[:_OWN_CHAINS], *near[:_NEAR_CHAINS]]
    if len(chains) < 2:
        return
    steps = [step for each in chains for step in around(each, _subject_step(each))]
    anytime = _anytime(build, knowledge)
    requests = [r for each in chains for r in (*each.setup, each.request, *each.cleanup)]
    yield Case(
        id=f"{name}/{Aspect.STATEFUL}/{SEARCH}",
        subject=command_subject(name),
        aspect=Aspect.STATEFUL,
        stage=Stage(name=f"{Aspect.STATEFUL}/{name}{spec.mark}", spec=spec),
        steps=(*supporting_steps(anytime, Role.CHECK), *steps),
        blocked=_blocked(build),
        search=Search(
            kept=frozenset().union(*(knowledge.state.search.kept(r.execute) for r in requests)),
            words=words_of(requests),
            history=True,
            probes=tuple(_anytime(build, knowledge)),
        ),
    )


def _anytime(build: Introspected, knowledge: Knowledge) -> list[Request]:
    """Return the requests that may come at any time."""
    offered = (each for entry in knowledge.state.search.anytime for each in entry.requests)
    return [each for each in offered if each.execute in build.schema.commands]


def _subject_step(valid: ValidRequest) -> Step:
    return Step(request=valid.request, expect=success_of(valid), role=Role.SUBJECT, rule="Q30")


@lru_cache(maxsize=1)
def _chains(build: Introspected, knowledge: Knowledge) -> tuple[ValidRequest, ...]:
    """Return the known requests of all commands that a history may hold."""
    return tuple(
        valid
        for name in sorted(build.schema.commands)
        if name in knowledge.commands
        for valid in knowledge.command(name).requests(build.version)
        if is_possible(valid, build)
        and valid.effect is not Effect.END
        and not (valid.spec.companions or valid.spec.peers or valid.request.descriptor)
        and not any(each.companion or each.descriptor for each in valid.setup)
        and all(knowledge.state.search.leaves_out(each.execute) is None for each in valid.setup)
        and knowledge.state.search.leaves_out(name) is None
        and not knowledge.state.only_asks(name)
    )


def _shared(own: Sequence[ValidRequest], other: ValidRequest) -> bool:
    """Return whether a request names what one of the command's own names, too."""
    mine = {word for each in own for word in _named(each)}
    return not mine.isdisjoint(_named(other))


def _named(valid: ValidRequest) -> frozenset[str]:
    """Return the words of a request that are no type, driver or mode: those with a digit."""
    words = words_of((*valid.setup, valid.request, *valid.cleanup))
    return frozenset(word for word in words if any(map(str.isdigit, word)) and "/" not in word)


def words_of(requests: Iterable[Request]) -> tuple[str, ...]:
    """Return the strings in the arguments of requests, each once."""
    found = (text for each in requests for text in texts_in(as_object(each.arguments)))
    return tuple(dict.fromkeys(found))


def _blocked(build: Introspected) -> Blocked | None:
    if build.sandboxed:
        return None
    return Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=_NO_SANDBOX)


def history_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the histories about a command, or an object type, as they showed something once."""
    for recipe in knowledge.state.search.histories_of(build.version):
        if name == (recipe.type or recipe.about):
            yield _of_history(build, knowledge, recipe)


def histories(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands and object types that histories are about."""
    found = knowledge.state.search.histories_of(build.version)
    return sorted({each.type or each.about for each in found})


def _of_history(build: Introspected, knowledge: Knowledge, recipe: HistoryRecipe) -> Case:
    subject, start = command_subject(recipe.about), recipe.about
    if recipe.type:
        subject = Subject(kind=SubjectKind.OBJECT_TYPE, name=recipe.type)
        start = f"{OBJECT_ADD}/{recipe.type}"
    gone = {each.execute for each in recipe.all_requests} - build.schema.commands.keys()
    lacking = f"the build has no command {', '.join(sorted(gone))}" if gone else None
    case = Case(
        id=f"{start}/{Aspect.STATEFUL}/history/{recipe.name}",
        subject=subject,
        aspect=Aspect.STATEFUL,
        stage=Stage(name=f"{Aspect.STATEFUL}/{recipe.name}", spec=recipe.spec),
        steps=(),
        isolation=Isolation.ALONE,
        blocked=not_applicable(lacking) or unmet(recipe.needs, build.lacks) or _blocked(build),
    )
    if case.blocked:
        return case
    asked = {each.text() for each in recipe.looks}
    queries = [
        each
        for each in (state_queries(build, knowledge) if recipe.watched else ())
        if not asked or each.request.text() in asked
    ]
    return history(case, recipe.requests, recipe.watched, queries)
