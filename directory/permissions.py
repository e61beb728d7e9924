"""May this person? `check_x` raises PermissionDenied, `x` answers."""

from typing import Literal, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from directory.models import Person

# Who acts: a signed-in person, or "system" for commands and sweeps.
Actor: TypeAlias = Person | Literal["system"]


def may_administer(by: Actor) -> bool:
    """Administrators of the Board and the system itself keep the directory. One query for a person."""
    return by == "system" if isinstance(by, str) else by.administers()


def check_may_administer(by: Actor) -> None:
    """Raise unless the actor keeps the directory."""
    if not may_administer(by):
        raise PermissionDenied("Only the secretariat of the Board may change the directory.")


def may_set_password(by: Actor, person: Person) -> bool:
    """Everybody sets their own password; the secretariat sets anybody's."""
    return may_administer(by) or (isinstance(by, Person) and by.is_active and by.pk == person.pk)


def check_may_set_password(by: Actor, person: Person) -> None:
    """Raise unless the actor may set this person's password."""
    if not may_set_password(by, person):
        raise PermissionDenied("You may set only your own password.")


def may_see_email(viewer: Person | AnonymousUser, person: Person) -> bool:
    """E-mail addresses are for oneself and the secretariat."""
    if not isinstance(viewer, Person) or not viewer.is_active:
        return False
    return viewer.pk == person.pk or viewer.administers()


def may_send_again(by: Actor) -> bool:
    """The secretariat sees to messages that failed."""
    return may_administer(by)


def check_may_send_again(by: Actor) -> None:
    """Raise unless the actor may send messages again."""
    if not may_send_again(by):
        raise PermissionDenied("Only the secretariat of the Board may send a message again.")
