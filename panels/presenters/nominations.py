"""Who the Coalition bodies nominate, in which order, and how evenly the seats fall to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q

from directory.models import Organisation, OrganisationKind, Post
from directory.queries import today
from directory.rules import is_bodys_office
from panels.models import Accreditation, AppointmentState, Nomination
from panels.offers import loads

WAITING = (AppointmentState.PROPOSED, AppointmentState.INVITED)
WHOLE = 100


@dataclass(frozen=True)
class Nominee:
    """One person a body nominates: where they are from, in which place, and what they have been asked to do."""

    pk: int
    name: str
    homes: Sequence[str]
    starts: date
    ends: date | None
    accepted: int
    offered: int
    rank: int
    capacity: int | None
    rounds: Mapping[str, int]
    trained: bool

    @property
    def load(self) -> Sequence[str]:
        """In words, how many sittings they have in each round, and of how many they may."""
        most = f" of {self.capacity}" if self.capacity else ""
        return [f"{label}: {number}{most}" for label, number in sorted(self.rounds.items()) if label]


@dataclass(frozen=True)
class Body:
    """One Coalition body and the people it nominates."""

    code: str
    name: str
    nominees: Sequence[Nominee]
    mine: bool
    rounds: Mapping[str, int] = field(default_factory=dict)
    offices: Sequence[Post] = ()

    @property
    def accepted(self) -> int:
        """Seats its nominees have taken."""
        return sum(each.accepted for each in self.nominees)

    @property
    def offered(self) -> int:
        """Seats its nominees have been offered and not answered."""
        return sum(each.offered for each in self.nominees)

    @property
    def standing(self) -> Sequence[Nominee]:
        """Those who can be reordered."""
        return [each for each in self.nominees if each.ends is None or each.ends >= today()]


@dataclass(frozen=True)
class Bar:
    """One body's part of a whole: where it begins and how wide it is, in hundredths, and the number in words."""

    name: str
    number: int
    begins: int
    width: int


@dataclass(frozen=True)
class Balance:
    """How some seats fall to the bodies."""

    label: str
    bars: Sequence[Bar]

    @property
    def text(self) -> str:
        """The same in words."""
        return ", ".join(f"{bar.name} {bar.number}" for bar in self.bars)


def balances(found: Sequence[Body]) -> list[Balance]:
    """How all seats taken, and those of each round, fall to the bodies; a round nobody sits in is left out."""
    labels = sorted({label for body in found for label in body.rounds if label})
    whole = [Balance("All seats taken", _bars([(body.name, body.accepted) for body in found]))]
    return whole + [
        Balance(label, _bars([(body.name, body.rounds.get(label, 0)) for body in found])) for label in labels
    ]


def _bars(parts: Sequence[tuple[str, int]]) -> list[Bar]:
    total = sum(number for _, number in parts)
    bars, done = [], 0
    for name, number in parts:
        begins = round(WHOLE * done / total) if total else 0
        done += number
        bars.append(Bar(name, number, begins, (round(WHOLE * done / total) if total else 0) - begins))
    return bars


def bodies(mine: set[int]) -> list[Body]:
    """Every Coalition body by name; `mine` are the keys of those the reader nominates for. Seven queries."""
    rows = Organisation.objects.filter(kind=OrganisationKind.COALITION_BODY).prefetch_related(
        Prefetch("nominations", queryset=_nominations(), to_attr="standing")
    )
    found = list(rows.order_by("name"))
    every = [each for row in found for each in row.standing]
    load, trained = loads(every), _trained()
    offices = _offices(mine) if mine else []
    return [
        Body(
            row.code,
            row.name,
            [_nominee(each, load[each.pk], trained=each.person_id in trained) for each in row.standing],
            row.pk in mine,
            _sum(load[each.pk] for each in row.standing),
            [each for each in offices if each.organisation_id == row.pk],
        )
        for row in found
    ]


def _offices(places: set[int]) -> list[Post]:
    """Who holds which office of these bodies today."""
    rows = Post.objects.filter(in_force=True, organisation__in=places).select_related("person", "organisation")
    return [each for each in rows.order_by("kind", "pk") if is_bodys_office(each.kind, each.organisation.kind)]


def _sum(loads_of: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for load in loads_of:
        total.update(load)
    return dict(total)


def _trained() -> set[int]:
    """Who has training of any kind on record today."""
    on = today()
    rows = Accreditation.objects.filter(Q(ends__isnull=True) | Q(ends__gte=on), starts__lte=on)
    return set(rows.values_list("person_id", flat=True))


def _nominations() -> Any:
    posts = Post.objects.filter(in_force=True).select_related("organisation").order_by("pk")
    return (
        Nomination.objects.select_related("person")
        .prefetch_related(Prefetch("person__posts", queryset=posts))
        .annotate(
            accepted=Count(
                "appointments", filter=Q(appointments__state=AppointmentState.ACCEPTED, appointments__rank=0)
            ),
            offered=Count("appointments", filter=Q(appointments__state__in=WAITING)),
        )
        .order_by("rank", "person__full_name", "pk")
    )


def _nominee(row: Any, load: Mapping[str, int], *, trained: bool) -> Nominee:
    return Nominee(
        pk=row.pk,
        name=row.person.display_name,
        homes=[post.organisation.name for post in row.person.posts.all()],
        starts=row.starts,
        ends=row.ends,
        accepted=row.accepted,
        offered=row.offered,
        rank=row.rank,
        capacity=row.capacity,
        rounds=load,
        trained=trained,
    )
