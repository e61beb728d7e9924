"""May this person? One rule for who reads which application; pages, lists, counts and search all use it (I10)."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, Subquery

from directory import grants
from directory.models import Organisation, Person
from directory.queries import board_id
from panels.models import AppointmentState, DisinterestCheck, Item, PanelGrant, Recusal
from panels.rules import Effect

READS_ALL = frozenset({"administer", "assess", "read_second", "audit", "rule_on_conflicts"})
READS_REGION = frozenset({"sign_off", "agree_plan"})


def readable(person: Person | AnonymousUser) -> Q:
    """The condition an application must meet for this person to read it."""
    if isinstance(person, AnonymousUser) or not person.is_active:
        return Q(pk__in=())
    held = grants.held_by(person)
    national = board_id()
    if any(codename in READS_ALL and organisation == national for codename, organisation in held):
        return Q()
    offices = [organisation for codename, organisation in held if codename in READS_REGION]
    own = [organisation for codename, organisation in held if codename == "act_for"]
    return (
        Q(ccg__in=own)
        | Q(ccg__parent__in=offices)
        | Q(ccg__parent__parent__in=offices)
        | Q(ref__in=_before_my_panels(person))
    )


def _before_my_panels(person: Person) -> object:
    """References of the cases before panels this person sits on, may judge, and has not left the room for (I3).

    Whoever is barred from a case, or was never tested against it, reads none of its papers. Leaving the room for a
    case closes it on the earlier panels too; a later one, with its own declaration and tests, opens it again.
    """
    sits = PanelGrant.objects.filter(user=person, user__is_active=True, permission__codename="sit")
    mine = Q(appointment__person=person, appointment__state=AppointmentState.ACCEPTED, item=OuterRef("pk"))
    left = Recusal.objects.filter(
        item__case_ref=OuterRef("case_ref"), item__gte=OuterRef("pk"), appointment__person=person
    )
    tested = DisinterestCheck.objects.filter(mine).order_by("-pk").values("effect")[:1]
    return (
        Item.objects.filter(panel__in=sits.values("content_object_id"))
        .annotate(effect=Subquery(tested))
        .exclude(Exists(left))
        .filter(effect__isnull=False)
        .exclude(effect=Effect.BARRED)
        .values("case_ref")
    )


def own_applications(person: Person) -> set[int]:
    """The CCGs whose cases this person reads as the applicant and in no other part.

    The applicant sees findings with the report, proposals with the window to answer them, and all else with the
    decision's letter; offices of the Board and panels see them as they are made.
    """
    held = grants.held_by(person)
    own = {organisation for codename, organisation in held if codename == "act_for"}
    # A post elsewhere counts only where it lets this case be read: a Coalition body's guardian reads none by it.
    if not own or any(codename in READS_ALL and organisation == board_id() for codename, organisation in held):
        return set()
    offices = [organisation for codename, organisation in held if codename in READS_REGION]
    if not offices:
        return own
    theirs = Organisation.objects.filter(Q(parent__in=offices) | Q(parent__parent__in=offices), pk__in=own)
    return own - set(theirs.values_list("pk", flat=True))


def readable_cases(person: Person | AnonymousUser, refs: Iterable[str]) -> set[str]:
    """Which of these references the person may read; the one guard again, for pages of panels.

    Those pages show what a panel concluded as soon as it did, so the applicant's own case is closed there until its
    letter; the page of the case tells them what they may know before.
    """
    from authorisation.models import Application

    cases = Application.objects.visible_to(person).filter(ref__in=list(refs))
    if isinstance(person, Person) and (own := own_applications(person)):
        cases = cases.exclude(ccg__in=own, decision__letter__isnull=True)
    return set(cases.values_list("ref", flat=True))
