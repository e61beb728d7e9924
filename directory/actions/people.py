"""People are added, deactivated and reactivated; names and addresses stay out of the log's leaves."""

from collections.abc import Sequence

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actions import record, record_many, settle, settle_many
from directory import grants
from directory.errors import BadPerson
from directory.models import Person
from directory.models.people import normal_email
from directory.permissions import Actor, check_may_administer, check_may_set_password
from directory.policies import check_not_erased, check_person
from directory.rows import NewPerson
from directory.rules import tidy

BATCH = 1_000


@transaction.atomic
def add_person(
    *, full_name: str, email: str, by: Actor, title: str = "", synthetic: bool = False, password: str | None = None
) -> Person:
    """Record a person. Without a password they cannot sign in until one is set.

    Raises BadPerson when the details cannot be recorded or the address is taken, PermissionDenied for outsiders.
    """
    row = NewPerson(full_name=full_name, email=email, title=title, synthetic=synthetic, password=password)
    return add_many(people=[row], by=by)[0]


@transaction.atomic
def add_many(*, people: Sequence[NewPerson], by: Actor) -> list[Person]:
    """Record many people with set-based inserts, one event each, in the order given."""
    check_may_administer(by)
    for row in people:
        check_person(row)
    _check_addresses_free([normal_email(row.email) for row in people])
    new = [_build(row) for row in people]
    record_many(new, "person.added", by=by, public=_public, private=_private)
    settle_many(new, ["email"])
    return new


@transaction.atomic
def deactivate_person(*, person: Person, by: Actor, reason: str = "") -> Person:
    """Shut a person out: no sign-in, no grants. Their posts and all they did stay on record."""
    check_may_administer(by)
    person = lock(person)
    if not person.is_active:
        raise BadPerson(f"{person.display_name} is already deactivated.")
    return _activate(person, active=False, by=by, reason=reason)


@transaction.atomic
def reactivate_person(*, person: Person, by: Actor, reason: str = "") -> Person:
    """Let a person back in, with the grants of the posts they still hold."""
    check_may_administer(by)
    person = lock(person)
    check_not_erased(person)
    if person.is_active:
        raise BadPerson(f"{person.display_name} is already active.")
    return _activate(person, active=True, by=by, reason=reason)


@transaction.atomic
def set_password(*, person: Person, password: str, by: Actor) -> Person:
    """Set a password that passes the site's rules; the log records that, and never what."""
    check_may_set_password(by, person)
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadPerson(" ".join(error.messages)) from None
    person = lock(person)
    check_not_erased(person)
    person.password = make_password(password)
    record(person, "person.password_set", by=by)
    settle(person)
    return person


def lock(person: Person) -> Person:
    """The person re-read under the row lock that every change of a person or their posts takes first."""
    locked: Person = Person.objects.select_for_update().get(pk=person.pk)
    return locked


def _activate(person: Person, *, active: bool, by: Actor, reason: str) -> Person:
    person.is_active = active
    event_type = "person.reactivated" if active else "person.deactivated"
    record(person, event_type, by=by, private={"free_text": {"reason": reason}} if reason else None)
    settle(person)
    grants.synchronise([person.pk])
    return person


def _build(row: NewPerson) -> Person:
    return Person(
        full_name=tidy(row.full_name),
        email=normal_email(row.email),
        title=tidy(row.title),
        synthetic=row.synthetic,
        password=make_password(row.password),
    )


def _public(person: Person) -> dict[str, bool]:
    return {"synthetic": person.synthetic}


def _private(person: Person) -> dict[str, dict[str, str]]:
    return {"person": {"title": person.title, "full_name": person.full_name, "email": person.email}}


def _check_addresses_free(emails: list[str]) -> None:
    seen: set[str] = set()
    for email in emails:
        if email in seen:
            raise BadPerson(f"{email} is given to two people: every person needs an address of their own.")
        seen.add(email)
    for start in range(0, len(emails), BATCH):
        taken = Person.objects.filter(email__in=emails[start : start + BATCH]).values_list("email", flat=True).first()
        if taken:
            raise BadPerson(f"{taken} already belongs to somebody: look the person up, or use another address.")
