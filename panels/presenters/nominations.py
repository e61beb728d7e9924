"""Who the Coalition bodies nominate, and how evenly the seats fall to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Prefetch, Q

from directory.models import Organisation, OrganisationKind, Post
from panels.models import AppointmentState, Nomination


@dataclass(frozen=True)
class Nominee:
    """One person a body nominates: where they are from, and what they have been asked to do."""

    pk: int
    name: str
    homes: Sequence[str]
    starts: date
    ends: date | None
    accepted: int
    offered: int


@dataclass(frozen=True)
class Body:
    """One Coalition body and the people it nominates."""

    code: str
    name: str
    nominees: Sequence[Nominee]
    mine: bool

    @property
    def accepted(self) -> int:
        """Seats its nominees have taken."""
        return sum(each.accepted for each in self.nominees)

    @property
    def offered(self) -> int:
        """Seats its nominees have been offered and not answered."""
        return sum(each.offered for each in self.nominees)


def bodies(mine: set[int]) -> list[Body]:
    """Every Coalition body by name; `mine` are the keys of those the reader nominates for. Three queries."""
    rows = Organisation.objects.filter(kind=OrganisationKind.COALITION_BODY).prefetch_related(
        Prefetch("nominations", queryset=_nominations(), to_attr="standing")
    )
    return [
        Body(row.code, row.name, [_nominee(each) for each in row.standing], row.pk in mine)
        for row in rows.order_by("name")
    ]


def _nominations() -> Any:
    posts = Post.objects.filter(in_force=True).select_related("organisation").order_by("pk")
    return (
        Nomination.objects.select_related("person")
        .prefetch_related(Prefetch("person__posts", queryset=posts))
        .annotate(
            accepted=Count("appointments", filter=Q(appointments__state=AppointmentState.ACCEPTED)),
            offered=Count("appointments", filter=Q(appointments__state=AppointmentState.PROPOSED)),
        )
        .order_by("person__full_name", "pk")
    )


def _nominee(row: Any) -> Nominee:
    return Nominee(
        pk=row.pk,
        name=row.person.display_name,
        homes=[post.organisation.name for post in row.person.posts.all()],
        starts=row.starts,
        ends=row.ends,
        accepted=row.accepted,
        offered=row.offered,
    )
