"""An applicant objects to somebody who would judge it. The conflicts guardian rules; until then the member declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse

from audit import clock
from audit.actions import record, settle
from directory.actions.messages import write_many
from directory.rows import NewMessage
from panels.conflicts import holding, live_member
from panels.errors import SeatRefused
from panels.models import AppointmentState, InterestKind, Objection, Panel
from panels.permissions import check_objects
from panels.policies.interests import check_member, check_not_open, check_objection
from panels.queries import examine

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person
    from panels.models import Appointment


@transaction.atomic
def object_to(*, panel: Panel, person: Person, case_ref: str, kind: str, statement: str, by: Person) -> Objection:
    """Say that a member of the panel is not disinterested in a case; by whoever answers for its organisation.

    Raises SeatRefused once the panel has sat on the case, for somebody not invited to it, and while the
    same objection waits for its ruling. What is said is kept apart from the log.
    """
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    items = list(panel.items.filter(case_ref=case_ref).select_related("sitting", "organisation").order_by("pk"))
    if not items:
        raise SeatRefused(f"{case_ref} is not before {panel.ref}: object where it is on the agenda.")
    organisation = items[0].organisation
    check_objects(by, organisation)
    held = live_member(panel, person)
    asked = held if held and held.state != AppointmentState.PROPOSED else None
    member = check_member(panel, asked, person)
    check_objection(panel, items, person, kind, statement)
    same = Objection.objects.filter(panel=panel, person=person, case_ref=case_ref, kind=kind, rulings__isnull=True)
    check_not_open(same, person, case_ref, kind)
    event = record(
        panel,
        "objection.raised",
        by=by,
        ruleset=panel.ruleset,
        public={"case": case_ref, "person": person.stream, "kind": kind},
        private={"interest": {"statement": statement}},
    )
    settle(panel)
    objection = Objection.objects.create(
        event=event,
        panel=panel,
        person=person,
        organisation=organisation,
        case_ref=case_ref,
        kind=kind,
        statement=statement,
        raised_by=by,
        raised_at=clock.now(),
    )
    listed = [item for item in items if item.sitting.convened_at is None]
    examine(event, panel, [member], listed, moment="objected")
    _tell(event, objection, member)
    return objection


def _tell(event: Event, objection: Objection, member: Appointment) -> None:
    """The guardian and the member learn of it; what was said stands on the page alone."""
    panel, kind = objection.panel, InterestKind(objection.kind).label
    about = f"{objection.organisation.name} objects to {member.person}, {member.place}, on {objection.case_ref}"
    text = f"{about} before {panel.ref}. Kind of interest: {kind}. "
    asked = "Read what it says, and rule on it before the panel sits."
    told = "The conflicts guardian rules on it. Until then your interest counts as declared."
    write_many(
        event=event,
        rows=[
            NewMessage(
                to=to,
                kind="objection.raised",
                subject=f"Objection on {panel.ref}: {objection.case_ref}",
                text=text + (told if to.pk == member.person_id else asked),
                link=reverse("conflicts"),
                about=panel.stream,
            )
            for to in {each.pk: each for each in [*holding("rule_on_conflicts"), member.person]}.values()
        ],
    )
