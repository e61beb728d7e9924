"""Why can, or can't, this person see this? One sentence, from the reasons the guard itself asks.

Whom `reasons` opens a case to is told by which post or seat; everybody else, by the conditions that do not hold.
Five queries tell all readers of a case, and four more why the people asked about are not among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from authorisation.models import Application
from authorisation.reasons import OFFICES, SEATS, Office, left_for_case, open_seats, seat_conditions, seats_and_cases
from directory.models import OrganisationGrant, Person, Post
from directory.queries import today
from directory.rules import POST_GRANTS, grants_of
from panels.models import Appointment, AppointmentState, DisinterestCheck, Recusal
from panels.rules import Effect

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

MOST_ASKED = 10


@dataclass(frozen=True)
class Reader:
    """Somebody who reads a case, and by what: a sentence for one reason."""

    person: Person
    sentence: str


@dataclass(frozen=True)
class Group:
    """Everybody who reads a case for one reason, by name."""

    key: str
    heading: str
    readers: Sequence[Reader]


@dataclass(frozen=True)
class Answer:
    """Whether one person reads a case, and why, in one sentence."""

    person: Person
    reads: bool
    sentence: str


def readers(case: Application, among: Collection[int] | None = None) -> list[Group]:
    """Everybody who can read a case, or those of some people, by reason. Five queries, whatever their number."""
    groups = [*_officers(case, among), Group(*SEATS, _members(case, among))]
    return [each for each in groups if each.readers]


def why(person: Person, case: Application) -> Answer:
    """Why this person can, or cannot, read a case."""
    return whys([person], case)[0]


def whys(people: Sequence[Person], case: Application) -> list[Answer]:
    """Why each of these people can, or cannot, read a case; the same number of queries for any number of them."""
    asked = {person.pk for person in people}
    open_to: defaultdict[int, list[str]] = defaultdict(list)
    for group in readers(case, asked):
        for each in group.readers:
            open_to[each.person.pk].append(each.sentence)
    closed = _closed([person for person in people if person.pk not in open_to], case)
    return [
        Answer(person, bool(open_to[person.pk]), _one(open_to[person.pk]) or closed[person.pk]) for person in people
    ]


def people_called(name: str, viewer: Person | AnonymousUser) -> list[Person]:
    """The people somebody may mean: by part of the name, or by the whole e-mail address. One more than `MOST_ASKED`.

    Those the viewer may see in the directory, and everybody who was ever offered a seat.
    """
    seen = Person.objects.visible_to(viewer).values("pk")
    found = Person.objects.filter(Q(pk__in=seen) | Q(pk__in=Appointment.objects.values("person")))
    words = Q()
    for word in name.split():
        words &= Q(full_name__icontains=word) | Q(title__iexact=word)
    return list(found.filter(words | Q(email__iexact=name)).order_by("full_name", "pk")[: MOST_ASKED + 1])


def _one(sentences: Sequence[str]) -> str:
    """Several reasons as one sentence."""
    if not sentences:
        return ""
    first, *others = sentences
    return (
        " ".join([first.rstrip("."), *("and " + each.partition(" because ")[2].rstrip(".") for each in others)]) + "."
    )


# By office


def _officers(case: Application, among: Collection[int] | None) -> list[Group]:
    paths = [path for office in OFFICES for path in office.paths]
    found = Application.objects.filter(pk=case.pk).values(*paths, "ccg__name").get()
    places = {office.key: office.places(found) for office in OFFICES}
    condition = Q(pk__in=())
    for office in OFFICES:
        condition |= Q(permission__codename__in=office.codenames, content_object__in=places[office.key])
    rows = OrganisationGrant.objects.filter(condition, user__is_active=True)
    if among is not None:
        rows = rows.filter(user__in=among)
    held: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    known: dict[int, Person] = {}
    for row in rows.select_related("user", "permission").order_by("user__full_name", "user"):
        held[row.user_id, row.content_object_id].add(row.permission.codename)
        known[row.user_id] = row.user
    posts = _posts(held)
    groups = []
    for office in OFFICES:
        by_person: dict[int, list[str]] = {}
        for (person, place), codenames in held.items():
            if place in places[office.key] and (opened := codenames & office.codenames):
                given = _given_by(posts[person, place], opened)
                by_person.setdefault(person, []).extend(given)
        groups.append(
            Group(
                office.key,
                office.heading,
                [
                    Reader(known[person], _office_sentence(known[person], case, office, given, found["ccg__name"]))
                    for person, given in by_person.items()
                ],
            )
        )
    return groups


def _posts(held: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], list[Post]]:
    """The posts in force of these people, by person and organisation."""
    pairs = list(held)
    rows = Post.objects.filter(
        in_force=True, person__in={person for person, _ in pairs}, organisation__in={place for _, place in pairs}
    )
    found: defaultdict[tuple[int, int], list[Post]] = defaultdict(list)
    for row in rows.select_related("organisation").order_by("starts", "pk"):
        found[row.person_id, row.organisation_id].append(row)
    return found


def _given_by(posts: Iterable[Post], codenames: Collection[str]) -> list[str]:
    """The posts that give these permissions, in words; a grant no post gives is a fault, and says so (I12)."""
    told = [
        f"{each.get_kind_display()} at {each.organisation.name} since {_day(each.starts)}"
        for each in posts
        if set(grants_of(each.kind, each.organisation.kind)) & set(codenames)
    ]
    return told or [f"holder of '{', '.join(sorted(codenames))}' without a post that gives it"]


def _office_sentence(person: Person, case: Application, office: Office, given: Sequence[str], ccg: str) -> str:
    because = office.because.format(ccg=ccg)
    return f"{person} reads {case.ref} because they are {' and '.join(given)}, and {because}."


# By seat


def _members(case: Application, among: Collection[int] | None) -> list[Reader]:
    rows = _seats(open_seats(), case, among).filter(person__is_active=True)
    checks = _checks(rows)
    told: dict[int, list[str]] = {}
    people: dict[int, Person] = {}
    for row in rows:
        people[row.person_id] = row.person
        told.setdefault(row.person_id, []).append(_seat_words(row, checks[_of(row).tests]))
    return [
        Reader(person, f"{person} reads {case.ref} because {' and '.join(told[pk])}.") for pk, person in people.items()
    ]


def _seats(rows: QuerySet[Any], case: Application, among: Collection[int] | None) -> QuerySet[Any]:
    """Seats with the case before them and what their sentences need; `tests` is the key of the latest ones."""
    tested = DisinterestCheck.objects.filter(appointment=OuterRef("pk"), item=OuterRef("item")).order_by("-pk")
    rows = rows.filter(case_ref=case.ref).annotate(tests=Subquery(tested.values("pk")[:1]))
    if among is not None:
        rows = rows.filter(person__in=among)
    loaded = rows.select_related("panel", "seat", "person", "nomination__body", "appointed_by")
    return loaded.order_by("person__full_name", "person", "item", "pk")


def _of(row: Appointment) -> Any:
    """The row with its annotations, which no type of the model knows."""
    return row


def _checks(rows: Iterable[Appointment]) -> dict[int | None, DisinterestCheck]:
    keys = {_of(row).tests for row in rows} - {None}
    return dict(DisinterestCheck.objects.in_bulk(list(keys)))


def _seat_words(row: Appointment, check: DisinterestCheck) -> str:
    given = f"nominated by {row.nomination.body.name}" if row.nomination else f"appointed by {row.appointed_by.name}"
    accepted = f", accepted {_day(row.answered_at)}" if row.answered_at else ""
    return f"they hold the {row.place} seat on {row.panel.ref} ({given}{accepted}), and {_tested(check)}"


def _tested(check: DisinterestCheck) -> str:
    asked = f"when last asked on {_day(check.checked_at)}"
    if check.effect == Effect.CLEAR:
        return f"the tests of disinterest were clear {asked}"
    may = "speak and not vote" if check.effect == Effect.DISCUSS_NO_VOTE else "sit with an interest declared"
    return f"the tests of disinterest let them {may} {asked} ({check.rule}: {_facts(check)})"


def _facts(check: DisinterestCheck) -> str:
    """A test's sentence without its beginning, so that it can stand within another."""
    begins, found, facts = check.sentence.partition(f"{check.rule}: ")
    return (facts if found and len(begins.split()) <= 2 else check.sentence).rstrip(".")  # noqa: PLR2004  "Barred by"


# Why not


def _closed(people: Sequence[Person], case: Application) -> dict[int, str]:
    """Why each of these people, none of whom reads the case, does not."""
    if not people:
        return {}
    keys = {person.pk for person in people}
    told: defaultdict[int, list[str]] = defaultdict(list)
    for person in people:
        if not person.is_active:
            told[person.pk].append("their account is closed")
    for person_id, words in [*_seats_closed(case, keys), *_posts_over(case, keys)]:
        told[person_id].append(words)
    return {
        person.pk: f"{person} does not read {case.ref}: "
        f"{'; '.join(dict.fromkeys(told[person.pk])) or 'no post and no seat of theirs opens it'}."
        for person in people
    }


def _seats_closed(case: Application, keys: Collection[int]) -> list[tuple[int, str]]:
    """Each seat with the case before it that opens nothing, and the first condition of the guard it does not meet."""
    conditions = seat_conditions(today())
    asked = {f"is_{key}": ExpressionWrapper(condition, BooleanField()) for key, condition in conditions.items()}
    left = left_for_case().order_by("-pk").values("pk")[:1]
    rows = list(_seats(seats_and_cases(), case, keys).annotate(**asked, left=Subquery(left)))
    checks = _checks(rows)
    recusals = Recusal.objects.select_related("item__panel").in_bulk([each for row in rows if (each := _of(row).left)])
    first = [(row, next((key for key in conditions if not getattr(row, f"is_{key}")), "")) for row in rows]
    return [
        (row.person_id, BROKEN[key](row, checks.get(_of(row).tests), recusals.get(_of(row).left)))
        for row, key in first
        if key
    ]


def _seat(row: Appointment) -> str:
    return f"the {row.place} seat on {row.panel.ref}"


def _not_accepted(row: Appointment, *_: object) -> str:
    if row.state == AppointmentState.DECLINED:
        return f"declined {_seat(row)} on {_day(row.answered_at)}"
    if row.state == AppointmentState.STOOD_DOWN:
        return f"stood down from {_seat(row)} on {_day(row.answered_at)}"
    return f"offered {_seat(row)} on {_day(row.proposed_at)} and not accepted yet"


def _panel_closed(row: Appointment, *_: object) -> str:
    return f"{row.panel.ref} closed on {_day(row.panel.closed_at)}"


def _not_granted(row: Appointment, *_: object) -> str:
    return f"{_seat(row)} is accepted and its grant is missing (check_invariants names it)"


def _not_nominated(row: Appointment, *_: object) -> str:
    if row.nomination is None:
        return f"{_seat(row)} has no nomination"
    whose = f"the nomination by {row.nomination.body.name} for {_seat(row)}"
    if row.nomination.ends and row.nomination.ends < today():
        return f"{whose} ended on {_day(row.nomination.ends)}"
    return f"{whose} begins on {_day(row.nomination.starts)}"


def _not_clear(row: Appointment, check: DisinterestCheck | None, *_: object) -> str:
    if check is None:
        return f"never tested against it for {_seat(row)}"
    return f"barred by {check.rule} on {row.panel.ref}: {_facts(check)}"


def _not_present(row: Appointment, _check: object, recusal: Recusal | None) -> str:
    panel, at = (recusal.item.panel, recusal.recused_at) if recusal else (row.panel, None)
    return f"left the room for it on {panel.ref} on {_day(at)}"


# What to say of a seat that does not meet a condition of the guard; one for each of `seat_conditions`.
BROKEN: Mapping[str, Callable[[Appointment, DisinterestCheck | None, Recusal | None], str]] = {
    "accepted": _not_accepted,
    "panel": _panel_closed,
    "granted": _not_granted,
    "nominated": _not_nominated,
    "tested": _not_clear,
    "present": _not_present,
}


def _posts_over(case: Application, keys: Collection[int]) -> list[tuple[int, str]]:
    """Posts that would open the case and are not in force."""
    paths = [path for office in OFFICES for path in office.paths]
    found = Application.objects.filter(pk=case.pk).values(*paths).get()
    opens = {(code, place) for office in OFFICES for code in office.codenames for place in office.places(found)}
    kinds = [kind for kind, codenames in POST_GRANTS.items() if codenames]
    rows = Post.objects.filter(person__in=keys, in_force=False, kind__in=kinds).select_related("organisation")
    return [
        (row.person_id, _post_over(row))
        for row in rows.order_by("starts", "pk")
        if any((code, row.organisation_id) in opens for code in grants_of(row.kind, row.organisation.kind))
    ]


def _post_over(row: Post) -> str:
    post = f"the post of {row.get_kind_display()} at {row.organisation.name}"
    if row.starts > today() or row.ends is None:
        return f"{post} begins on {_day(row.starts)}"
    return f"{post} ended on {_day(row.ends)}"


def _day(moment: date | datetime | None) -> str:
    """A day as people write it, in London."""
    if moment is None:
        return "a day not recorded"
    day = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    return f"{day:%-d %B %Y}"


__all__ = ["MOST_ASKED", "Answer", "Group", "Reader", "people_called", "readers", "why", "whys"]
