"""May this person? `check_x` raises PermissionDenied, `x` answers."""

from typing import Literal, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from directory import grants
from directory.models import Organisation, OrganisationKind, Person
from directory.queries import board_id
from directory.rules import is_bodys_office

# Who acts: a signed-in person, or "system" for commands and sweeps.
Actor: TypeAlias = Person | Literal["system"]


def may_administer(by: Actor) -> bool:
    """Administrators of the Board and the system itself keep the directory. One query for a person."""
    return by == "system" if isinstance(by, str) else by.administers()


def check_may_administer(by: Actor) -> None:
    """Raise unless the actor keeps the directory."""
    if not may_administer(by):
        raise PermissionDenied("Only the secretariat of the Board may change the directory.")


def bodies_kept(by: Actor) -> set[int]:
    """The keys of the Coalition bodies whose nominations secretary this person is, and whose offices they record."""
    if isinstance(by, str):
        return set()
    held = [place for codename, place in grants.held_by(by) if codename == "nominate"]
    bodies = Organisation.objects.filter(pk__in=held, kind=OrganisationKind.COALITION_BODY) if held else ()
    return {each.pk for each in bodies}


def may_keep_posts(by: Actor) -> bool:
    """Whether the actor records posts of any kind anywhere."""
    return may_administer(by) or bool(bodies_kept(by))


def check_may_keep_posts(by: Actor) -> None:
    """Raise unless the actor records posts somewhere."""
    if not may_keep_posts(by):
        raise PermissionDenied(
            "Only the secretariat of the Board, and for its own offices a Coalition body, may record posts."
        )


def check_may_appoint(by: Actor, kind: str, place: Organisation) -> None:
    """Raise unless the actor may record, or end, this kind of post there.

    A Coalition body's offices are recorded by its own nominations secretary; every other post by the secretariat.
    """
    if not is_bodys_office(kind, place.kind):
        check_may_administer(by)
    elif not isinstance(by, str) and not grants.holds(by, "nominate", place.pk):
        raise PermissionDenied(
            f"Offices at {place.name} are recorded by its own nominations secretary, not by the secretariat of the "
            "Board; the first one by the installation, with an import or a command."
        )


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


def check_may_erase(by: Person, authorised_by: Person) -> None:
    """Raise unless the Board's secretariat erases and its conflicts guardian or an auditor allowed it.

    Nobody holds two of these offices at once, so two people always stand for an erasure.
    """
    check_may_administer(by)
    allowing = {codename for codename, place in grants.held_by(authorised_by) if place == board_id()}
    if not allowing & {"rule_on_conflicts", "audit"}:
        raise PermissionDenied(
            "Erasing is authorised by the conflicts guardian or an auditor of the Board: name one of them."
        )


def may_send_again(by: Actor) -> bool:
    """The secretariat sees to messages that failed."""
    return may_administer(by)


def check_may_send_again(by: Actor) -> None:
    """Raise unless the actor may send messages again."""
    if not may_send_again(by):
        raise PermissionDenied("Only the secretariat of the Board may send a message again.")
