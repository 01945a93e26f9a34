"""An object type of a build with all that its cases are made of, and the steps about an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypedDict, Unpack

from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import (
    ID,
    OBJECT_ADD,
    QOM_TYPE,
    ObjectShape,
    object_shape,
    object_types,
)
from conformance.digest.lookup import DocumentedMember
from conformance.digest.objectmodel import DeclaredObjects as SeedModel
from conformance.digest.objectmodel import object_model
from conformance.judge.expect_answer import Accept
from conformance.judge.expect_qom import Holds
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import ObjectRecipe
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.blocked import Blocked, behind_finding, not_applicable, unmet
from conformance.model.case import Case, DefaultOf, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, JsonValue, SubjectKind
from conformance.qapi.model import Member
from conformance.qapi.qom import ObjectModel
from conformance.space.values import exemplar

OBJECT_ID: Final = "obj"
OBJECTS: Final = "/objects"
SMALLEST: Final = "mandatory-only"
"""The case of the smallest request that succeeds."""


class CaseParts(TypedDict, total=False):
    """The optional parts of a case of an object type: see Case."""

    stage: Stage
    about: str
    fault: str | None
    together: tuple[str, ...]
    blocked: Blocked | None
    defaults: tuple[DefaultOf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeUnderTest:
    """The inputs for the cases of one object type.

    `blocked` says why nothing can be created here, None if it can; `lacks` maps each need that
    build or host do not meet to the reason. `documented` are the members in the source, and
    `documented_by` is the older release of that source, None for the build's own.
    """

    shape: ObjectShape
    recipe: ObjectRecipe
    stage: Stage
    lacks: Mapping[str, str]
    blocked: Blocked | None = None
    documented: Mapping[str, DocumentedMember] = field(default_factory=dict)
    documented_by: str | None = None

    @property
    def subject(self) -> Subject:
        """The object type as a subject."""
        return Subject(kind=SubjectKind.OBJECT_TYPE, name=self.shape.name)

    def base(self, **changes: JsonValue) -> dict[str, JsonValue]:
        """Return the arguments of the smallest request that succeeds here."""
        own = {m.name: exemplar(self.shape.schema, m.type) for m in self._mandatory()}
        known = self.shape.names()
        own |= {k: v for k, v in self.recipe.arguments.items() if k in known}
        return {QOM_TYPE: self.shape.name, ID: OBJECT_ID, **own, **changes}

    @property
    def smallest(self) -> ValidRequest:
        """The smallest request that succeeds here, with its set-up and what deletes the object."""
        return ValidRequest(
            request=Request(OBJECT_ADD, self.base()),
            spec=self.recipe.spec,
            setup=self.recipe.setup,
            cleanup=(delete().request,),
            effect=Effect.DESTRUCTIVE if self.recipe.alone else Effect.NONE,
        )

    def giving(self, name: str, value: JsonValue) -> dict[str, JsonValue]:
        """Return the smallest request that gives one member a value, with its companions."""
        recipe = self.recipe.member(name)
        base = {key: item for key, item in self.base().items() if key not in recipe.without}
        special = recipe.special(value)
        return {**base, **recipe.companions, name: value, **special.companions}

    def _mandatory(self) -> Iterator[Member]:
        for member in self.shape.members:
            if not member.optional:
                yield member

    def case(
        self, aspect: Aspect, name: str, steps: Iterable[Step], **more: Unpack[CaseParts]
    ) -> Case:
        """Return a case of this type; it is blocked if the type is, unless `more` says otherwise.

        For a type known to be broken only the smallest request is sent; for one whose every refusal
        is known to be fatal, only the refusals that its recipe names.
        """
        reason = self.recipe.broken if name != SMALLEST else None
        if aspect in (Aspect.INVALID, Aspect.VALUES, Aspect.PAIRS):
            reason = reason or self.recipe.refusals_crash
        if aspect in (Aspect.VALUES, Aspect.PAIRS):
            reason = reason or self.recipe.values_hang
        alone = self.recipe.alone or aspect is Aspect.VALUES
        blocked = more.get("blocked", self.blocked) or behind_finding(reason)
        return Case(
            id=f"{OBJECT_ADD}/{self.shape.name}/{aspect}/{name}",
            subject=self.subject,
            aspect=aspect,
            stage=more.get("stage", self.stage),
            steps=tuple(steps),
            # What some values leave behind is in the way of any object of the type.
            isolation=Isolation.ALONE if alone else Isolation.SHARED,
            about=more.get("about", ""),
            fault=more.get("fault"),
            together=more.get("together", ()),
            blocked=blocked,
            defaults=more.get("defaults", ()),
        )


@lru_cache(maxsize=1)
def types_under_test(build: Introspected, knowledge: Knowledge) -> Mapping[str, TypeUnderTest]:
    """Return the object types of a build by name."""
    facts = build.facts
    documented = _members_by_type(object_model(facts.entities)) if facts else {}
    # Before 6.0 no release documents its object types: the widths of later ones replace them.
    known = documented or _members_by_type(knowledge.seed)
    found = {}
    for name in object_types(build.schema, build.model):
        recipe = knowledge.recipes.find(name, build.version)
        found[name] = TypeUnderTest(
            shape=object_shape(
                name, build.schema, build.validator, build.model, recipe, known.get(name, {})
            ),
            recipe=recipe,
            stage=Stage(name=name, spec=recipe.spec, setup=recipe.setup),
            lacks=build.lacks,
            blocked=not_applicable(_absence(name, recipe, build.model))
            or unmet(recipe.needs, build.lacks),
            documented=documented.get(name, {}),
            documented_by=facts.name if facts and not facts.exact else None,
        )
    return found


def type_under_test(build: Introspected, knowledge: Knowledge, name: str) -> TypeUnderTest:
    """Return the object type of that name."""
    return types_under_test(build, knowledge)[name]


def _members_by_type(model: SeedModel) -> dict[str, dict[str, DocumentedMember]]:
    return {kind.name: {member.name: member for member in kind.members} for kind in model.types}


def _absence(name: str, recipe: ObjectRecipe, model: ObjectModel) -> str | None:
    if name in model.by_name or recipe.always_compiled:
        return None
    return "not compiled into this build: the schema names the type, qom-list-types does not"


def add(
    arguments: Mapping[str, JsonValue],
    *,
    role: Role = Role.SETUP,
    rule: str = "X14",
    expect: Expectation | None = None,
    why: str = "",
) -> Step:
    """Return the step that creates an object."""
    return Step(
        request=Request(OBJECT_ADD, arguments),
        expect=expect or Accept(),
        role=role,
        rule=rule,
        why=why,
    )


def delete(
    role: Role = Role.CLEANUP,
    expect: Expectation | None = None,
    *,
    object_id: str = OBJECT_ID,
    rule: str = "X22",
) -> Step:
    """Return the step that deletes the object."""
    return Step(
        request=Request("object-del", {ID: object_id}),
        expect=expect or Accept(),
        role=role,
        rule=rule,
    )


def listed(
    present: Mapping[str, str] | None = None, absent: tuple[str, ...] = (), *, rule: str = "X20"
) -> Step:
    """Return the step that lists the container of all objects."""
    types = tuple((name, f"child<{kind}>") for name, kind in (present or {}).items())
    return Step(
        request=Request("qom-list", {"path": OBJECTS}),
        expect=Holds(present=types, absent=absent),
        role=Role.CHECK,
        rule=rule,
    )


def read(name: str, expect: Expectation, rule: str = "X21", why: str = "") -> Step:
    """Return the step that reads one property of the object."""
    return Step(
        request=Request("qom-get", {"path": f"{OBJECTS}/{OBJECT_ID}", "property": name}),
        expect=expect,
        role=Role.CHECK,
        rule=rule,
        why=why,
    )
