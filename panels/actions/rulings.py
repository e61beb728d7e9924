"""The conflicts guardian confirms or dismisses a suggested interest, with a reason. Nothing disappears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from audit import clock
from audit.actions import record, settle
from directory.actions.messages import write_many
from directory.rows import NewMessage
from panels.actions.items import settle_items
from panels.actions.refusals import noting
from panels.conflicts import holding, live_member
from panels.errors import RulingRefused
from panels.models import Item, Objection, Panel, Ruling, Verdict
from panels.permissions import check_rules
from panels.policies.interests import OBJECTION, check_applies, check_member, check_ruling, check_weight
from panels.queries import answers_now, examine, open_items
from panels.rules import SEVERITY, Effect
from panels.rules.rulings import MEANS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audit.models import Event
    from directory.models import Organisation, Person
    from panels.models import Appointment


@noting("rule")
@transaction.atomic
def rule(
    *,
    panel: Panel,
    person: Person,
    organisation: Organisation,
    rule: str,
    verdict: str,
    effect: str,
    reason: str,
    by: Person,
    objection: Objection | None = None,
) -> Ruling:
    """Rule on one test of one member for one organisation, or on an objection; `effect` is what stands after it.

    The latest ruling counts and all are kept. The member is tested again for every item not closed, and leaves the
    room at once where that bars them. Raises RulingRefused for a test nobody lifts or that does not apply now.
    """
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    check_rules(by, panel, organisation)
    member = check_member(panel, live_member(panel, person), person)
    check_ruling(rule, verdict, effect, reason, member=member, objection=objection)
    listed = open_items(panel)
    _check_answer(panel, member, organisation, listed, rule, verdict, effect, objection)
    ruling = Ruling(
        panel=panel,
        person=person,
        organisation=organisation,
        rule=rule,
        objection=objection,
        verdict=verdict,
        effect=effect,
        reason=reason,
        ruled_by=by,
        ruled_at=clock.now(),
    )
    event = _recorded(ruling)
    examine(event, panel, [member], listed, moment="ruled")
    settle_items(event, panel, "rule")
    _tell(event, ruling, member)
    return ruling


def _recorded(ruling: Ruling) -> Event:
    """Write a ruling with its event; the panel is locked."""
    objection, panel = ruling.objection, ruling.panel
    event = record(
        panel,
        "conflict.ruled",
        by=ruling.ruled_by,
        ruleset=panel.ruleset,
        public={
            "person": ruling.person.stream,
            "organisation": ruling.organisation.code,
            "rule": ruling.rule,
            "verdict": str(ruling.verdict),
            "effect": str(ruling.effect),
            "case": objection.case_ref if objection else "",
            **({"objection": objection.event.stream_seq} if objection else {}),
        },
        private={"free_text": {"reason": ruling.reason}},
    )
    settle(panel)
    ruling.event = event
    ruling.save(force_insert=True)
    return event


def _check_answer(
    panel: Panel,
    member: Appointment,
    organisation: Organisation,
    listed: Sequence[Item],
    rule: str,
    verdict: str,
    effect: str,
    objection: Objection | None,
) -> None:
    """The test says something of this member, and the ruling is what it says it is."""
    items = [item for item in listed if item.organisation_id == organisation.pk]
    if not items:
        raise RulingRefused(f"Nothing of {organisation.code} is before {panel.ref} any more.")
    if objection and (objection.panel_id, objection.person_id, objection.organisation_id) != (
        panel.pk,
        member.person_id,
        organisation.pk,
    ):
        raise RulingRefused(f"That objection is not to {member.person} for {organisation.code} on {panel.ref}.")
    earlier = Ruling.objects.filter(
        panel=panel, person=member.person, organisation=organisation, rule=rule, objection=objection
    )
    ruled = earlier.exists()
    if rule == OBJECTION:
        return
    found = max(
        (each.effect for _, _, results in answers_now(panel, [member], items) for each in results if each.rule == rule),
        key=SEVERITY.__getitem__,
        default=Effect.CLEAR,
    )
    check_applies(rule, found, member, organisation, ruled=ruled)
    if not ruled:
        check_weight(rule, verdict, effect, found, member)


def _tell(event: Event, ruling: Ruling, member: Appointment) -> None:
    """The member, the secretariat and whoever objected learn what was ruled; the reason stands on the page alone."""
    panel, verdict = ruling.panel, Verdict(ruling.verdict).label.lower()
    what = f"the objection of {ruling.organisation.name}" if ruling.objection else f"{ruling.rule}"
    text = (
        f"The conflicts guardian has {verdict} {what} for {member.person}, {member.place} on {panel.ref}, for "
        f"{ruling.organisation.name}: the member {MEANS[Effect(ruling.effect)]}."
    )
    people = [member.person, *holding("administer"), *([ruling.objection.raised_by] if ruling.objection else [])]
    write_many(
        event=event,
        rows=[
            NewMessage(
                to=to,
                kind="conflict.ruled",
                subject=f"Ruling on {panel.ref}: {ruling.organisation.code}",
                text=text,
                link=reverse("conflicts"),
                about=panel.stream,
            )
            for to in {each.pk: each for each in people}.values()
        ],
    )
