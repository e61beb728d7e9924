"""Who filled which seat, by whose nomination, under which checks, at one moment: what is stored and hashed.

Plain values without personal data: people are named by their streams, and of a test only its rule and its effect are
given. The sentences with the facts stand in the checks themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.leaf import written
from panels.grounds import declared_at
from panels.models import Appointment, Position
from panels.room import Room, is_coalition
from panels.rules import Effect


def roll(now: Room) -> list[dict[str, Any]]:
    """Who sat where: enough to check the Coalition seat and quorum without the database."""
    return [
        {
            "seat": each.seat.kind,
            "rank": each.rank,
            "person": each.person.stream,
            "by": each.appointed_by.code,
            "present": now.noted.get(each.pk, False),
            "recused": each.pk in now.out,
            "effect": now.effect(each).value,
            "rule": now.verdict(each).rule if now.effect(each) is not Effect.CLEAR else "",
        }
        for each in now.appointments
    ]


def composed(now: Room, counted: Mapping[int, Position]) -> dict[str, Any]:
    """The whole composition of an item that is decided on these positions of its counted members.

    With the moments of the question and of the declarations, by which anybody counts how old they were (D14).
    """
    return {
        "ruleset": now.panel.ruleset,
        "kind": now.panel.kind,
        "on": now.item.sitting.on.isoformat(),
        "asked_at": written(now.basis.at),
        "quorum": {
            "needed": now.plan.quorum_to_decide,
            "counted": now.voting,
            "to_sit": {"needed": now.plan.quorum_to_sit, "there": now.sitting},
            "to_decide": {"needed": now.plan.quorum_to_decide, "voting": now.voting},
        },
        "seats": _seats(now),
        "members": [
            {**row, **_member(now, each, counted.get(each.pk))}
            for row, each in zip(roll(now), now.appointments, strict=True)
        ],
    }


def _seats(now: Room) -> list[dict[str, Any]]:
    """Each kind of seat in the plan: what it asks, and how many filled it for this item."""
    return [
        {
            "seat": rule.type,
            "minimum": rule.minimum,
            "maximum": rule.maximum,
            "appointed_by": rule.appointed_by,
            "accreditation": rule.accreditation,
            "required_to_sit": rule.required_to_sit,
            "required_to_decide": rule.required_to_decide,
            "filled": sum(now.sits(each) for each in now.appointments if each.seat.kind == rule.type),
        }
        for rule in now.plan.seats
    ]


def _member(now: Room, each: Appointment, position: Position | None) -> dict[str, Any]:
    return {
        "number": each.seat.number,
        "required": each.seat.required,
        "coalition": is_coalition(each),
        "by_kind": each.appointed_by.kind,
        "nominated_by": each.nomination.body.code if each.nomination else "",
        "accreditation": each.seat.accreditation,
        "accredited": each.pk in now.trained,
        "away": each.pk in now.away,
        "declared_at": declared_at(now.basis, each),
        "sits": now.sits(each),
        "votes": now.votes(each),
        "checks": [{"rule": result.rule, "effect": result.effect.value} for result in now.results[each.pk]],
        "stance": position.stance if position else "",
        "entered_by": position.entered_by.stream if position and position.entered_by else "",
    }
