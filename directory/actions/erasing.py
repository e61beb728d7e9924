"""Personal data and free text are erased by order: of one person, of single events, or of all that is old enough."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Exists, OuterRef

from audit import erasing
from audit.actions import record, settle
from audit.erasing import Erased, Ground, Order
from audit.mentions import Known
from audit.models import Event, Private
from directory import grants
from directory.actions.people import lock
from directory.models import Person
from directory.models.people import ERASED_DOMAIN, ERASED_NAME
from directory.permissions import check_may_erase
from directory.policies import check_can_be_erased


@transaction.atomic
def erase_person(
    *, person: Person, ground: Ground | str, reference: str, by: Person, authorised_by: Person, dry_run: bool = False
) -> Erased:
    """Erase name, address and what was said in private about a person. Their stream and what they did stay on record.

    What they or others wrote for a decision stays, unless the ground prevails over the public task. A second order of
    the same finds nothing and records nothing. Raises BadPerson while they hold a post, or for one of the two who act.
    """
    order = _order(ground, reference, by, authorised_by)
    check_can_be_erased(person, by, authorised_by)
    person = lock(person)
    scope = erasing.about(person.stream, _known(person))
    known = not person.erased
    if known and not dry_run:
        _anonymise(person, order)
    return replace(erasing.erase(scope, order, dry_run=dry_run), people=int(known))


@transaction.atomic
def erase_events(
    *,
    events: Collection[int],
    groups: Collection[str],
    ground: Ground | str,
    reference: str,
    by: Person,
    authorised_by: Person,
    dry_run: bool = False,
) -> Erased:
    """Erase some groups of some events, by their keys, with every copy of what these say."""
    order = _order(ground, reference, by, authorised_by)
    return erasing.erase(erasing.of_events(events, groups), order, dry_run=dry_run)


@transaction.atomic
def erase_older(
    *,
    than: datetime,
    groups: Collection[str],
    reference: str,
    by: Person,
    authorised_by: Person,
    dry_run: bool = False,
) -> Erased:
    """Erase some groups of everything that happened before a moment: the end of a retention period.

    With the group `person` go the names and addresses of people who were deactivated, and of whose streams nothing
    happened since; of everybody else they are still needed and stay.
    """
    order = _order(Ground.RETENTION, reference, by, authorised_by)
    scope = erasing.before(than, [group for group in groups if group != "person"])
    gone: list[Person] = []
    if "person" in groups:
        gone = _long_gone(than)
        known = Person.objects.exclude(pk__in=[person.pk for person in gone]).values("stream")
        scope |= erasing.before(than, ["person"], except_streams=known)
    if not dry_run:
        for person in gone:
            _anonymise(person, order)
    return replace(erasing.erase(scope, order, dry_run=dry_run), people=len(gone))


def _long_gone(than: datetime) -> list[Person]:
    since = Event.objects.filter(stream=OuterRef("stream"), occurred_at__gte=than)
    idle = Person.objects.filter(~Exists(since), is_active=False).exclude(email__endswith=f"@{ERASED_DOMAIN}")
    return list(idle.exclude(posts__in_force=True).select_for_update(of=("self",)).order_by("stream"))


def _known(person: Person) -> Known:
    """The names and addresses a person has, and had by their own stream."""
    if person.erased:
        return Known()
    kept = Private.objects.filter(event__stream=person.stream, grp="person")
    told = [{"email": person.email, "full_name": person.full_name}, *(row.document for row in kept)]
    return Known(
        addresses={each["email"] for each in told if each.get("email")},
        names={each["full_name"] for each in told if each.get("full_name")},
    )


def _order(ground: Ground | str, reference: str, by: Person, authorised_by: Person) -> Order:
    order = Order(ground=ground, reference=reference, by=by, authorised_by=authorised_by)
    check_may_erase(by, authorised_by)
    return order


def _anonymise(person: Person, order: Order) -> None:
    """Shut the person out and take name and address from the row; the stream keeps all it stands for together."""
    person.full_name, person.title = ERASED_NAME, ""
    person.email = f"{person.stream.partition(':')[2]}@{ERASED_DOMAIN}"
    person.password = make_password(None)
    person.is_active = person.is_staff = False
    record(
        person,
        "person.erased",
        by=order.by,
        public={
            "ground": str(order.ground),
            "reference": order.reference,
            "authorised_by": order.authorised_by.stream,
        },
    )
    settle(person)
    grants.synchronise([person.pk])
