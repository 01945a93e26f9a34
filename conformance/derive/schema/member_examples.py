"""Finds the strings that members with a documented form must take, by the object that has them."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.knowledge.arguments import Catalogue
from conformance.knowledge.recipes import Wish
from conformance.knowledge.versions import Version
from conformance.qapi.model import Builtin, JsonType, Schema
from conformance.space.objects import object_places
from conformance.space.paths import BranchTaken, Way


def member_examples(
    schema: Schema, catalogue: Catalogue, version: Version
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the accepted strings by the name of an object type and of its member.

    Those of a branch are by the name of the union.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, command in schema.commands.items():
        places = object_places(schema, command.arg_type).places
        owners = {place.way: place.owner for place in places}
        for place in places:
            owner = owners[_of_union(place.way)]
            for member in place.members:
                match schema.types[member.type]:
                    case Builtin(json_type=JsonType.STRING):
                        forms = catalogue.forms_of(name, place.label_with(member), version)
                        texts = [t for t, p in forms.texts().items() if p.wish is Wish.ACCEPT]
                        if texts:
                            found.setdefault((owner, member.name), tuple(texts))
                    case _:
                        pass
    return found


def _of_union(way: Way) -> Way:
    """Return the way to the object itself, of which `way` leads to a branch."""
    while way and isinstance(way[-1], BranchTaken):
        way = way[:-1]
    return way
