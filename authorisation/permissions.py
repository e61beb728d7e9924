"""May this person? One rule for who reads which application; pages, lists, counts and search all use it (I10)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q

from authorisation.reasons import READS_ALL, READS_REGION, offices_open, seats_open
from directory import grants
from directory.models import Organisation, Person
from directory.queries import board_id
from panels.permissions import audits

if TYPE_CHECKING:
    from authorisation.models import Application
    from panels.permissions import Actor

__all__ = [
    "READS_ALL",
    "READS_REGION",
    "check_takes_bundle",
    "own_applications",
    "readable",
    "readable_cases",
    "takes_bundle",
]


def readable(person: Person | AnonymousUser) -> Q:
    """The condition an application must meet for this person to read it: any one of `authorisation.reasons`."""
    if isinstance(person, AnonymousUser) or not person.is_active:
        return Q(pk__in=())
    conditions = [*offices_open(grants.held_by(person)), seats_open(person)]
    # An office that reads everything needs no second reason, and the database no second question.
    return Q() if Q() in conditions else reduce(or_, conditions)


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


def takes_bundle(by: Actor, application: Application) -> bool:
    """Whether this person may take the case's record away: who audits, and its own CCG once its letter is out."""
    from authorisation.models import Letter

    if by == "system" or audits(by):
        return True
    if not grants.holds(by, "act_for", application.ccg_id):
        return False
    return Letter.objects.filter(decision__application=application).exists()


def check_takes_bundle(by: Actor, application: Application) -> None:
    """Raise PermissionDenied for all others, and for the case's own CCG before its letter."""
    if not takes_bundle(by, application):
        raise PermissionDenied(
            f"The record of {application.ref} is for auditors, the conflicts guardian and the secretariat, and for "
            "its own CCG once the decision's letter is out."
        )
