"""Who may read what of objections and rulings: one guard, for the desk, the pages of members and their counts (I10).

The guardian, auditors and the secretariat read all of it. A member reads what is said and ruled of them, with the
reasons; an applicant what it said itself, and the verdict and effect it led to.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, OuterRef, Q, QuerySet

from directory.models import OrganisationGrant, Person
from directory.queries import board_id
from panels.models import LIVE, Appointment, DisinterestCheck, Item, ItemState, Objection, Panel, Ruling
from panels.permissions import answers_for, audits
from panels.rules import Effect


@dataclass(frozen=True)
class Reading:
    """What one person may read of conflicts of interest."""

    person: Person

    @cached_property
    def everything(self) -> bool:
        """Whether this is the guardian, an auditor or the secretariat."""
        return audits(self.person)

    @cached_property
    def organisations(self) -> Collection[int]:
        """Those this person answers for."""
        return answers_for(self.person)

    @property
    def objections(self) -> QuerySet[Objection]:
        """The objections this person may know of."""
        rows = Objection.objects.select_related("panel", "person", "organisation", "raised_by")
        mine = Q(person=self.person) | Q(organisation__in=self.organisations)
        return rows if self.everything else rows.filter(mine)

    @property
    def rulings(self) -> QuerySet[Ruling]:
        """The rulings this person may know of."""
        rows = Ruling.objects.select_related("panel", "person", "organisation", "ruled_by", "objection")
        mine = Q(person=self.person) | Q(objection__organisation__in=self.organisations)
        return rows if self.everything else rows.filter(mine)

    def reason(self, ruling: Ruling) -> str:
        """Why it was ruled so; nothing for the applicant, who reads the verdict and the effect."""
        return ruling.reason if self.everything or ruling.person_id == self.person.pk else ""

    def statement(self, objection: Objection) -> str:
        """What the applicant said, for whoever may read it."""
        theirs = objection.person_id == self.person.pk or objection.organisation_id in self.organisations
        return objection.statement if self.everything or theirs else ""


def suggestions() -> QuerySet[DisinterestCheck]:
    """The latest tests, of live members for cases to come, that are not clear."""
    later = DisinterestCheck.objects.filter(
        item=OuterRef("item"), appointment=OuterRef("appointment"), pk__gt=OuterRef("pk")
    )
    rows = DisinterestCheck.objects.filter(
        ~Exists(later), appointment__state__in=LIVE, item__sitting__closed_at__isnull=True
    )
    rows = rows.exclude(item__state=ItemState.CLOSED).exclude(effect=Effect.CLEAR)
    return rows.select_related(
        "appointment__person", "appointment__seat", "item__organisation", "item__sitting", "item__panel"
    )


def latest_sentence(appointment: Appointment, item: Item, rule: str) -> str:
    """What a test last said of a member for an item; nothing when it was clear or never asked."""
    last = appointment.checks.filter(item=item).order_by("-pk").first()
    said = [each for each in last.results if each["rule"] == rule] if last else []
    return next((str(each["sentence"]) for each in said if each["effect"] != Effect.CLEAR), "")


def live_member(panel: Panel, person: Person) -> Appointment | None:
    """The seat somebody holds on a panel, or is offered; None without one."""
    rows = panel.appointments.filter(person=person, state__in=LIVE)
    return rows.select_related("seat", "person", "nomination__body", "appointed_by").first()


def holding(codename: str) -> list[Person]:
    """Everybody active who holds a grant on the Board: its guardians, its secretariat."""
    held = OrganisationGrant.objects.filter(
        permission__codename=codename, content_object=board_id(), user__is_active=True
    )
    return list(Person.objects.filter(pk__in=held.values("user")).order_by("pk"))
