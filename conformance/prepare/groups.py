"""Divides the selected cases of a target into groups, one for each pytest item."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.model.case import Subject
from conformance.model.terms import Aspect, SubjectKind
from conformance.prepare.campaign import Campaign
from conformance.prepare.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cases of one (subject, aspect) of a target by number, in plan order.

    Of the cases in a known state, that names the subject. `weight` says how much work they are.
    """

    subject: Subject
    aspect: Aspect
    numbers: Sequence[int]
    weight: int


def groups(campaign: Campaign, selection: Selection) -> tuple[Group, ...]:
    """Return the groups of a target's selected cases.

    Subjects are in plan order, their aspects in the order of `Aspect`.
    """
    plan = campaign.plan
    dealt: dict[int, array[int]] = {}
    for number in campaign.selected(selection):
        dealt.setdefault(plan.item_of(number), array("I")).append(number)
    found: dict[Subject, dict[Aspect, array[int]]] = {}
    for group, numbers in dealt.items():
        subject, aspect = plan.items[group]
        found.setdefault(subject, {})[aspect] = numbers
    return tuple(
        Group(
            subject=subject,
            aspect=aspect,
            numbers=aspects[aspect],
            weight=plan.weight_of(aspects[aspect]),
        )
        for subject, aspects in found.items()
        for aspect in Aspect
        if aspect in aspects
    )


def subject_name(group: Group) -> str:
    """Return the name of a group's subject in node ids, with a prefix unless it is a command."""
    name = group.subject.name
    match group.subject.kind:
        case SubjectKind.COMMAND:
            return name
        case SubjectKind.OBJECT_TYPE:
            return f"object-add.{name}"
        case SubjectKind.DEVICE_TYPE:
            return f"device_add.{name}"
        case SubjectKind.EVENT:
            return f"event.{name}"
        case SubjectKind.PROTOCOL:
            return f"wire.{name}"


def node_id(campaign: Campaign, group: Group) -> str:
    """Return the node id of the pytest item that runs the group."""
    return f"{campaign.target.name}::{subject_name(group)}::{group.aspect}"
