"""Who could be offered a seat. Whether they may take it, the tests of disinterest say when it is offered."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from directory.models import Organisation, OrganisationKind, Person, Post
from directory.queries import record_offices, today
from panels.models import LIVE, Absence, Accreditation, Nomination, Panel, Seat

# What the panels of most rule sets ask for; others are offered once a seat has asked for them.
TRAINING = "panel_training"
APPOINTS: Sequence[str] = (OrganisationKind.BOARD, OrganisationKind.REGION, OrganisationKind.AREA_TEAM)


def nominations_on(panel: Panel) -> list[Nomination]:
    """Nominations of Coalition bodies that stand today, of people with no seat on the panel who may sit on one."""
    return list(_nominations_on(panel).exclude(person__in=record_offices().values("person")))


def shut_nominations_on(panel: Panel) -> list[Nomination]:
    """The same of those who keep the record of the Board and sit on no panel."""
    return list(_nominations_on(panel).filter(person__in=record_offices().values("person")))


def _nominations_on(panel: Panel) -> QuerySet[Nomination]:
    day = today()
    rows = Nomination.objects.filter(Q(ends__isnull=True) | Q(ends__gte=day), starts__lte=day, person__is_active=True)
    seated = panel.appointments.filter(state__in=LIVE).values("person")
    return rows.exclude(person__in=seated).select_related("person", "body").order_by("person__full_name", "body__code")


def people_for(panel: Panel, text: str = "") -> list[Person]:
    """Active people with a post today and no seat on the panel who may sit on one, by name.

    text: words each of which is in their name, their e-mail address, or the name or code of an organisation of theirs.
    """
    rows = _people_for(panel).exclude(pk__in=record_offices().values("person"))
    for word in text.split():
        held = Post.objects.filter(Q(ends__isnull=True) | Q(ends__gt=today()), starts__lte=today())
        at = held.filter(Q(organisation__name__icontains=word) | Q(organisation__code__iexact=word))
        rows = rows.filter(Q(full_name__icontains=word) | Q(email__icontains=word) | Q(pk__in=at.values("person")))
    return list(rows)


def shut_people_for(panel: Panel) -> list[Person]:
    """The same of those who keep the record of the Board and sit on no panel."""
    return list(_people_for(panel).filter(pk__in=record_offices().values("person")))


def _people_for(panel: Panel) -> QuerySet[Person]:
    day = today()
    seated = panel.appointments.filter(state__in=LIVE).values("person")
    rows = Person.objects.filter(
        Q(posts__ends__isnull=True) | Q(posts__ends__gt=day), posts__starts__lte=day, is_active=True
    )
    found: QuerySet[Person] = rows.exclude(pk__in=seated).distinct().order_by("full_name", "pk")
    return found


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
