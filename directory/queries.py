"""Reads worth a name."""

from datetime import date
from functools import cache

from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import clock
from directory.errors import BadOrganisation
from directory.models import DeliveryState, Message, Organisation, Post, PostKind, Tie, TieKind
from directory.rules import BOARD_CODE, RECORD_KEEPERS


def today() -> date:
    """The day it is in London, by the clock that the replay moves."""
    return timezone.localdate(clock.now())


def board() -> Organisation:
    """The Board itself. Raises BadOrganisation where nobody has recorded it yet."""
    try:
        return Organisation.objects.get(code=BOARD_CODE)
    except Organisation.DoesNotExist:
        raise BadOrganisation(
            f"The Board is not in the directory: add an organisation with code {BOARD_CODE}."
        ) from None


@cache
def board_id() -> int:
    """The key of the Board, asked once a process: rows are never deleted and keep their codes.

    Raises BadOrganisation where nobody has recorded it yet.
    """
    return board().pk


def forget_board(**_signal: object) -> None:
    """Drop the cached key: migrations, and the flush between tests, start with an empty directory."""
    board_id.cache_clear()


def tied(kind: TieKind, organisation_id: int, on: date) -> set[int]:
    """The organisations at the other end of a tie of this kind that stands on a day, whichever end was stored first."""
    pairs = (
        Tie.objects.filter(_standing(on), kind=kind)
        .filter(Q(one=organisation_id) | Q(other=organisation_id))
        .values_list("one_id", "other_id")
    )
    return {other if one == organisation_id else one for one, other in pairs}


def neighbours(organisation_id: int, on: date) -> set[int]:
    """The organisations that border this one on a day."""
    return tied(TieKind.NEIGHBOUR, organisation_id, on)


def posts_of(person_id: int, on: date) -> QuerySet[Post]:
    """The posts a person holds on a day, each with its organisation."""
    return Post.objects.filter(_standing(on), person=person_id).select_related("organisation").order_by("starts", "pk")


def posts_held(on: date) -> QuerySet[Post]:
    """The posts everybody holds on a day, each with its organisation."""
    return Post.objects.filter(_standing(on)).select_related("organisation").order_by("starts", "pk")


def record_offices() -> QuerySet[Post]:
    """The offices of the Board, in force, whose holders keep, rule on or audit the record."""
    return Post.objects.filter(in_force=True, kind__in=list(RECORD_KEEPERS), organisation__code=BOARD_CODE)


def record_keepers() -> dict[int, PostKind]:
    """Who holds such an office, and which one. One query."""
    held = record_offices().order_by("pk").values_list("person", "kind")
    return {person: PostKind(kind) for person, kind in held}


def posts_between(person_id: int, since: date, until: date) -> QuerySet[Post]:
    """The posts a person held on any day from `since` to `until`, both included: how far back an interest reaches."""
    held = Q(starts__lte=until) & (Q(ends__isnull=True) | Q(ends__gt=since))
    return Post.objects.filter(held, person=person_id).select_related("organisation").order_by("starts", "pk")


def _standing(on: date) -> Q:
    return Q(starts__lte=on) & (Q(ends__isnull=True) | Q(ends__gt=on))


def messages_about(seen: QuerySet[Message], *, state: str = "", words: str = "") -> QuerySet[Message]:
    """Messages the newest first, narrowed to a state and to recipients whose names hold every word."""
    if state in DeliveryState.values:
        seen = seen.filter(delivery__state=state)
    for word in words.split():
        seen = seen.filter(to__full_name__icontains=word)
    return seen.select_related("to", "delivery").order_by("-pk")
