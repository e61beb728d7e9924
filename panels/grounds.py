"""The plain facts the tests of disinterest were asked about, in the form an event keeps them.

They name people's posts and interests, so they go into a private group only. Whoever is shown them can ask every test
again with nothing of ours: `audit/verify_log.py rules --disclosures` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from audit.leaf import written

if TYPE_CHECKING:
    from panels.models import Appointment, Item
    from panels.queries import Asked
    from panels.rules import CaseFacts, Declared, MemberFacts, Objected, Ruled


def grounds(asked: Asked, members: Iterable[Appointment], item: Item) -> dict[str, Any]:
    """What was known of an item's case and of everybody tested for it, and when; empty parts are left out."""
    known = asked.known
    return {
        "at": written(asked.at),
        "tier": known.plan.kind,
        "windows": dict(known.plan.windows),
        "case": _case(known.cases[item.case_ref]),
        "members": [
            {
                "person": each.person.stream,
                "seat": each.seat.kind,
                **_member(known.members[each.person_id]),
                **_given(
                    rulings=_sorted(map(_ruling, known.rulings.get(each.person_id, ()))),
                    objections=_sorted(map(_objection, known.objections.get(each.person_id, ()))),
                ),
            }
            for each in members
        ],
    }


def declared_at(asked: Asked, each: Appointment) -> str:
    """When a member last declared for the panel, "" when they never did."""
    made = asked.known.members[each.person_id].declared_at
    return written(made) if made else ""


def _case(case: CaseFacts) -> dict[str, Any]:
    return {
        "code": case.code,
        "ref": case.ref,
        "cycle": case.cycle,
        "parent": case.parent,
        **_given(
            neighbours=sorted(case.neighbours),
            practices=sorted(case.practices),
            sharers=sorted(case.sharers),
            supporters=sorted(case.supporters),
            providers=sorted(case.providers),
            provider_mates=[list(pair) for pair in sorted(case.provider_mates.items())],
            named=sorted(case.named),
        ),
    }


def _member(member: MemberFacts) -> dict[str, Any]:
    return {
        "declared_at": _moment(member.declared_at),
        **_given(
            posts=[
                {
                    "at": post.organisation,
                    "at_kind": post.organisation_kind,
                    "parent": post.parent,
                    "kind": post.kind,
                    "starts": _day(post.starts),
                    "ends": _day(post.ends),
                }
                for post in member.posts
            ],
            declared=_sorted(map(_declared, member.declared)),
            roles=_sorted({"tier": r.tier, "case": r.case_ref, "on": _day(r.on)} for r in member.roles),
            past=_sorted(
                {"at": p.organisation, "case": p.case_ref, "cycle": p.cycle, "on": _day(p.on)} for p in member.past
            ),
            judged_by=_sorted(
                {"judge": each.judge, "judged": each.judged, "cycle": each.cycle} for each in member.judged_by
            ),
            left=_sorted({"case": case, "on": _day(on)} for case, on in member.left),
        ),
    }


def _declared(each: Declared) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "at": each.organisation,
        "at_kind": each.organisation_kind,
        "parent": each.parent,
        "starts": _day(each.starts),
        "ends": _day(each.ends),
        "made_at": _moment(each.made_at),
    }


def _ruling(each: Ruled) -> dict[str, Any]:
    return {
        "rule": each.rule,
        "organisation": each.organisation,
        "verdict": str(each.verdict),
        "effect": each.effect.value,
        "at": written(each.at),
        "objection": each.objection,
    }


def _objection(each: Objected) -> dict[str, Any]:
    return {"key": each.key, "organisation": each.organisation, "case": each.case_ref, "at": written(each.at)}


def _sorted(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """In one order, whatever order a set gave them in."""
    return sorted(rows, key=lambda row: [("" if value is None else str(value)) for value in row.values()])


def _given(**lists: list[Any]) -> dict[str, list[Any]]:
    return {name: rows for name, rows in lists.items() if rows}


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _moment(at: datetime | None) -> str | None:
    return written(at) if at else None
