"""Who could be offered a seat. Whether they may take it, the tests of disinterest say when it is offered."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from directory.models import Organisation, OrganisationKind, Person
from directory.queries import today
from panels.models import LIVE, Nomination, Panel

APPOINTS = (OrganisationKind.BOARD, OrganisationKind.REGION, OrganisationKind.AREA_TEAM)


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


def appointing_bodies() -> list[Organisation]:
    """The Board's offices, which appoint to every seat but the Coalition's."""
    return list(Organisation.objects.filter(kind__in=APPOINTS, closed__isnull=True).order_by("-kind", "name"))


def organisation_of(code: str) -> Organisation | None:
    """The organisation with a code, in whatever case it was typed."""
    return Organisation.objects.filter(code__iexact=code.strip()).first()


def coalition_bodies() -> QuerySet[Organisation]:
    """The bodies that nominate for the Coalition seat."""
    return Organisation.objects.filter(kind=OrganisationKind.COALITION_BODY)


def nominations_made() -> QuerySet[Nomination]:
    """Every nomination, with its body and its person."""
    return Nomination.objects.select_related("body", "person")
