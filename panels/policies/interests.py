"""Objections and rulings: what may be objected to, and how it may be ruled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from panels.errors import RulingRefused, SeatRefused
from panels.models import LIVE, InterestKind, Verdict
from panels.rules import SEVERITY, Effect
from panels.states import SittingState

if TYPE_CHECKING:
    from directory.models import Organisation, Person
    from panels.models import Appointment, Item, Objection, Panel

LONGEST = 4_000
OBJECTION = "OB"
# The tests a guardian may rule on, in the order of the dossier; and why the others are nobody's to lift.
RULED = ("D2", "D3", "D4", "D5", "D6", "D7", "D8", "D10", "D11", "D12", "DI", OBJECTION)
NEVER: Mapping[str, str] = {
    "D1": "nobody judges their own organisation",
    "D9": "nobody acts at two tiers of one case",
    "D13": "the Coalition seat is kept free of the Board, whose guardian would rule",
    "D14": "the member cures it by declaring",
}


def check_objection(panel: Panel, items: Sequence[Item], person: Person, kind: str, statement: str) -> None:
    """Raise SeatRefused unless an applicant may object so: of a known kind, with a statement, before the panel sits."""
    if kind not in InterestKind.values:
        raise SeatRefused(f'"{kind}" is not a kind of interest: use one of {", ".join(InterestKind.values)}.')
    if not statement.strip():
        raise SeatRefused(f"Say why {person} is not disinterested: the conflicts guardian rules on what you say.")
    if len(statement) > LONGEST:
        raise SeatRefused(f"The statement is longer than {LONGEST} characters: shorten it.")
    if not any(item.sitting.state == SittingState.LISTED for item in items):
        last = max(items, key=lambda item: item.sitting.on)
        raise SeatRefused(
            f"{panel.ref} sat on {last.sitting.on:%-d %B %Y}: an objection to {person} on {last.case_ref} is raised "
            "before the panel sits. Write to the conflicts guardian."
        )


def check_not_open(objections: Collection[Objection], person: Person, case_ref: str, kind: str) -> None:
    """Raise SeatRefused when the same objection waits for the guardian already."""
    if objections:
        raise SeatRefused(
            f"An objection to {person} on {case_ref}, {InterestKind(kind).label.lower()}, waits for the conflicts "
            "guardian already."
        )


def check_ruling(
    rule: str, verdict: str, effect: str, reason: str, *, member: Appointment, objection: Objection | None
) -> None:
    """Raise RulingRefused for a test nobody lifts, a ruling without a reason, or one that contradicts itself."""
    if rule in NEVER:
        raise RulingRefused(f"{rule} is never ruled on: {NEVER[rule]}.")
    if rule not in RULED:
        raise RulingRefused(f'"{rule}" is not a test that is ruled on: use one of {", ".join(RULED)}.')
    if verdict not in Verdict.values or effect not in list(Effect):
        raise RulingRefused("Rule that the interest is confirmed or dismissed, and what the member may do.")
    if not reason.strip():
        raise RulingRefused(f"Give the reason for ruling on {rule} of {member.person}: it is part of the record.")
    if len(reason) > LONGEST:
        raise RulingRefused(f"The reason is longer than {LONGEST} characters: shorten it.")
    if (rule == OBJECTION) is (objection is None):
        raise RulingRefused(f"Name the objection for {OBJECTION}, and none for a test.")
    if verdict == Verdict.DISMISSED and effect == Effect.BARRED:
        raise RulingRefused(f"A dismissal of {rule} does not bar: confirm it, or say what {member.person} may do.")
    if rule == OBJECTION and (verdict == Verdict.DISMISSED) is not (effect == Effect.CLEAR):
        raise RulingRefused("An objection that is dismissed leaves the member clear; one that is upheld does not.")


def check_applies(rule: str, found: Effect, member: Appointment, organisation: Organisation, *, ruled: bool) -> None:
    """Raise RulingRefused for a test that says nothing of this member now, unless it was ruled on before."""
    if found is Effect.CLEAR and not ruled:
        raise RulingRefused(
            f"{rule} does not apply to {member.person} for {organisation.code} now: there is nothing to rule on."
        )


def check_weight(rule: str, verdict: str, effect: str, found: Effect, member: Appointment) -> None:
    """Raise RulingRefused for a confirmation milder than the test, or a dismissal that is not."""
    milder = SEVERITY[Effect(effect)] < SEVERITY[found]
    if verdict == Verdict.CONFIRMED and milder:
        raise RulingRefused(
            f"{rule} says {_words(found)} of {member.person}: a confirmation is nothing milder. Dismiss it to allow "
            "more."
        )
    if verdict == Verdict.DISMISSED and not milder:
        raise RulingRefused(
            f"{rule} says {_words(found)} of {member.person}: a dismissal is milder than that. Confirm it instead."
        )


def check_member(panel: Panel, member: Appointment | None, person: Person) -> Appointment:
    """The member's live appointment; raises SeatRefused when there is none."""
    if member is None or member.state not in LIVE:
        raise SeatRefused(f"{person} has no seat on {panel.ref}, and none is offered to them.")
    return member


def _words(effect: Effect) -> str:
    return effect.value.replace("_", " ")
