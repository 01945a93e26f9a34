"""What makes the schema of the miniature contradict itself, one defect for each word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Entries = dict[str, dict[str, Any]]


def contradict(by_name: Entries, broken: frozenset[str]) -> None:
    """Break in the entries of a schema what the words say."""
    for word in sorted(DEFECTS.keys() & broken):
        DEFECTS[word](by_name)


def _value_twice(by_name: Entries) -> None:
    by_name["HostMemPolicy"]["members"].append({"name": "bind"})
    by_name["HostMemPolicy"]["values"].append("bind")


def _branch_repeats(by_name: Entries) -> None:
    by_name["Toy"]["members"].append({"name": "id", "type": "str"})


def _name_twice(by_name: Entries) -> None:
    by_name["STOP again"] = dict(by_name["STOP"])


def _odd_meta_type(by_name: Entries) -> None:
    by_name["odd"] = {"name": "odd", "meta-type": "odd"}


def _no_return(by_name: Entries) -> None:
    del by_name["balloon"]["ret-type"]


def _plain_arguments(by_name: Entries) -> None:
    by_name["balloon"]["arg-type"] = "int"


def _plain_data(by_name: Entries) -> None:
    by_name["RESET"]["arg-type"] = "int"


def _tag_nowhere(by_name: Entries) -> None:
    by_name["ObjectOptions"]["tag"] = "nowhere"


def _untyped_member(by_name: Entries) -> None:
    del by_name["Balloon"]["members"][0]["type"]


def _odd_case(by_name: Entries) -> None:
    by_name["ObjectOptions"]["variants"].append({"case": "odd", "type": "Toy"})


def _branches_alike(by_name: Entries) -> None:
    by_name["IntOrMode"]["members"].append({"type": "str"})


def _no_element(by_name: Entries) -> None:
    del by_name["[Property]"]["element-type"]


def _fewer_values(by_name: Entries) -> None:
    by_name["ShutdownCause"]["values"].pop()


def _odd_builtin(by_name: Entries) -> None:
    by_name["null"]["json-type"] = "odd"


def _type_nowhere(by_name: Entries) -> None:
    by_name["Balloon"]["members"][0]["type"] = "Nowhere"


DEFECTS: dict[str, Callable[[Entries], None]] = {
    "value-twice": _value_twice,
    "branch-repeats-member": _branch_repeats,
    "name-twice": _name_twice,
    "meta-type-unknown": _odd_meta_type,
    "command-returns-nothing": _no_return,
    "command-takes-plain": _plain_arguments,
    "event-bears-plain": _plain_data,
    "tag-nowhere": _tag_nowhere,
    "member-of-no-type": _untyped_member,
    "case-of-no-value": _odd_case,
    "branches-alike": _branches_alike,
    "array-of-nothing": _no_element,
    "values-disagree": _fewer_values,
    "builtin-of-odd-type": _odd_builtin,
    "type-nowhere": _type_nowhere,
}
