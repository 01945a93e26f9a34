"""All knowledge as one value: the content of the files under cases/ and fixtures/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from conformance.digest.objectmodel import DeclaredObjects as SeedModel
from conformance.knowledge.absences import Absence, Conditional, absences_of_arch, refusals_of
from conformance.knowledge.arguments import Catalogue, Unchecked, names_for
from conformance.knowledge.behaviours import Behaviour
from conformance.knowledge.commands import CommandRecipe, CommandRecipes
from conformance.knowledge.dangers import Dangers
from conformance.knowledge.defaults import Showing
from conformance.knowledge.devices import Plugs
from conformance.knowledge.events import EventRecipes
from conformance.knowledge.examples import ExampleRecipes
from conformance.knowledge.exceptions import Intermittent, NamingException
from conformance.knowledge.exchanges import ExchangeRecipe
from conformance.knowledge.growth import FreshMemory, Growth
from conformance.knowledge.machines import StandIns
from conformance.knowledge.ranges import RangeRecipe, ranges_of_arch
from conformance.knowledge.readbacks import Readbacks
from conformance.knowledge.recipes import Recipes
from conformance.knowledge.state_queries import StateKnowledge
from conformance.knowledge.states import States
from conformance.knowledge.versions import Version


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Knowledge:
    """The content of all files under cases/ and fixtures/."""

    recipes: Recipes = field(default_factory=lambda: Recipes(()))
    commands: CommandRecipes = field(default_factory=lambda: CommandRecipes(()))
    showings: tuple[Showing, ...] = ()
    examples: ExampleRecipes = field(default_factory=lambda: ExampleRecipes(()))
    events: EventRecipes = field(default_factory=lambda: EventRecipes(()))
    ranges: Mapping[str, tuple[RangeRecipe, ...]] = field(default_factory=dict)
    unchecked: tuple[Unchecked, ...] = ()
    seed: SeedModel = field(default_factory=lambda: SeedModel(types=(), commands=()))
    naming: tuple[NamingException, ...] = ()
    dangers: Dangers = Dangers()
    stand_ins: Mapping[str, StandIns] = field(default_factory=dict)
    """By architecture, the replacements for machines and devices that recipes name."""
    walk: Mapping[str, str] = field(default_factory=dict)
    """The machines whose trees are walked where the build has them, with their types' prefixes."""
    ordinary: str = "none"
    """The machine where what needs none is asked, too."""
    coupled: frozenset[tuple[str, str]] = frozenset()
    """The properties, by path and name, that change others when set."""
    exchanges: tuple[ExchangeRecipe, ...] = ()
    absences: tuple[Absence, ...] = ()
    conditional: tuple[Conditional, ...] = ()
    fixed: tuple[str, ...] = ()
    """The refusals (globs) of properties that cannot be set."""
    intermittent: tuple[Intermittent, ...] = ()
    growths: tuple[Growth, ...] = ()
    fresh_memory: tuple[FreshMemory, ...] = ()
    state: StateKnowledge = StateKnowledge()
    states: States = States()
    readbacks: Readbacks = Readbacks()
    catalogue: Catalogue = Catalogue()
    plugs: Plugs = Plugs()
    behaviours: tuple[Behaviour, ...] = ()

    def of_build(self, version: Version, arch: str | None) -> Knowledge:
        """Return the part for a build; one with an unknown `arch`, None, may be of any."""
        return replace(
            self,
            commands=self.commands.for_build(version, arch),
            recipes=self.recipes.for_arch(arch),
            events=self.events.for_arch(arch),
            states=self.states.for_build(version, arch),
            readbacks=self.readbacks.for_build(version, arch),
            plugs=self.plugs.for_build(version, arch),
            ranges=ranges_of_arch(self.ranges, arch),
            absences=absences_of_arch(self.absences, arch),
            examples=self.examples.for_arch(arch),
        )

    def command(self, name: str) -> CommandRecipe:
        """Return the recipe of a command, an empty one if there is none."""
        return self.commands.get(name, CommandRecipe(name=name))

    def excused(self, name: str) -> tuple[str, ...]:
        """Return the refusals (globs) of a command that hang on something besides the request."""
        return refusals_of((*self.absences, *self.conditional), frozenset({name}))

    def untyped(self, version: Version) -> frozenset[str]:
        """Return the commands whose arguments a build does not check."""
        return frozenset(names_for(self.unchecked, version))
