"""Who could be offered a seat. Whether they may take it, the tests of disinterest say when it is offered."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from directory.models import Organisation, OrganisationKind, Person
from directory.queries import today
from panels.models import LIVE, Absence, Accreditation, Nomination, Panel, Seat

# What the panels of most rule sets ask for; others are offered once a seat has asked for them.
TRAINING = "panel_training"
APPOINTS: Sequence[str] = (OrganisationKind.BOARD, OrganisationKind.REGION, OrganisationKind.AREA_TEAM)


def nominations_on(panel: Panel) -> list[Nomination]:
    """Nominations of Coalition bodies that stand today, of people with no seat on the panel."""
    day = today()
    rows = Nomination.objects.filter(Q(ends__isnull=True) | Q(ends__gte=day), starts__lte=day, person__is_active=True)
    seated = panel.appointments.filter(state__in=LIVE).values("person")
    return list(
        rows.exclude(person__in=seated).select_related("person", "body").order_by("person__full_name", "body__code")
    )


def people_for(panel: Panel) -> list[Person]:
    """Active people with a post today and no seat on the panel, by name."""
    day = today()
    seated = panel.appointments.filter(state__in=LIVE).values("person")
    rows = Person.objects.filter(
        Q(posts__ends__isnull=True) | Q(posts__ends__gt=day), posts__starts__lte=day, is_active=True
    )
    return list(rows.exclude(pk__in=seated).distinct().order_by("full_name", "pk"))


def appointing_bodies(seat: Seat | None = None) -> list[Organisation]:
    """Who may appoint to a seat, of the kind it asks for; the Board and its offices where it asks for none."""
    kinds = APPOINTS if seat is None or not seat.appointed_by else [seat.appointed_by]
    if seat is not None and seat.appointed_by == OrganisationKind.REGION:
        kinds = [OrganisationKind.REGION, OrganisationKind.AREA_TEAM]
    return list(Organisation.objects.filter(kind__in=kinds, closed__isnull=True).order_by("-kind", "name"))


def organisation_of(code: str) -> Organisation | None:
    """The organisation with a code, in whatever case it was typed."""
    return Organisation.objects.filter(code__iexact=code.strip()).first()


def coalition_bodies() -> QuerySet[Organisation]:
    """The bodies that nominate for the Coalition seat."""
    return Organisation.objects.filter(kind=OrganisationKind.COALITION_BODY)


def nominations_made() -> QuerySet[Nomination]:
    """Every nomination, with its body and its person."""
    return Nomination.objects.select_related("body", "person")


def absences_on(panel: Panel) -> QuerySet[Absence]:
    """Every absence noted on a panel, with whose it is."""
    rows = Absence.objects.filter(appointment__panel=panel)
    return rows.select_related("appointment__person", "appointment__seat")


def trained() -> QuerySet[Accreditation]:
    """Training on record, with whose it is and who gave it."""
    return Accreditation.objects.select_related("person", "given_by")


def training_kinds() -> list[str]:
    """The kinds of training that seats have asked for or people have had."""
    asked = Seat.objects.exclude(accreditation="").order_by().values_list("accreditation", flat=True).distinct()
    had = Accreditation.objects.order_by().values_list("kind", flat=True).distinct()
    return sorted({*asked, *had}) or [TRAINING]


def trainers() -> list[Organisation]:
    """Who gives training: the Board and its offices, and the Coalition bodies."""
    kinds = [*APPOINTS, OrganisationKind.COALITION_BODY]
    return list(Organisation.objects.filter(kind__in=kinds, closed__isnull=True).order_by("-kind", "name"))
