"""Why somebody may read a case: every reason once. The guard is their OR, and the explanation reads the same tables.

An office reads the cases of the organisations it is for. A seat reads the cases before its panel while every one of
`seat_conditions` holds; whoever asks why a seat reads nothing is told which of them does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from directory.models import Person
from directory.queries import board_id, today
from panels.models import Appointment, AppointmentState, DisinterestCheck, PanelGrant, Recusal
from panels.rules import Effect

READS_ALL: Final = frozenset({"administer", "assess", "read_second", "audit", "rule_on_conflicts"})
READS_REGION: Final = frozenset({"sign_off", "agree_plan"})
# Every answer of the tests but "barred": no answer at all opens nothing.
READS_AS: Final = frozenset(Effect) - {Effect.BARRED}

# codename, organisation
Held = tuple[str, int]


@dataclass(frozen=True)
class Office:
    """A grant on an organisation that opens cases: those whose organisation is at one of `paths`, or all of them.

    paths: lookups from a case to the organisation the grant must be on; none means the Board, and every case.
    """

    key: str
    heading: str
    codenames: frozenset[str]
    paths: tuple[str, ...]
    because: str

    def opens(self, held: Iterable[Held]) -> Q | None:
        """The cases that these grants open; None when they open none."""
        places = [organisation for codename, organisation in held if codename in self.codenames]
        if not self.paths:
            return Q() if board_id() in places else None
        if not places:
            return None
        condition = Q()
        for path in self.paths:
            condition |= Q(**{f"{path}__in": places})
        return condition

    def places(self, found: Mapping[str, int | None]) -> set[int]:
        """The organisations on which a grant opens one case, of which `found` gives what is at each path."""
        if not self.paths:
            return {board_id()}
        return {place for path in self.paths if (place := found[path])}


OFFICES: Final[Sequence[Office]] = (
    Office(
        "board",
        "Offices of the Board, which read every case",
        READS_ALL,
        (),
        "the Board's offices of that kind read every case",
    ),
    Office(
        "region",
        "Offices of its region and area team",
        READS_REGION,
        ("ccg__parent", "ccg__parent__parent"),
        "{ccg} lies in its area",
    ),
    Office(
        "applicant",
        "The applicant, who sees findings with the report and the decision with its letter",
        frozenset({"act_for"}),
        ("ccg",),
        "the application is its own",
    ),
)
SEATS: Final = ("seat", "Members of panels with the case on their agenda")


def offices_open(held: Sequence[Held]) -> list[Q]:
    """What each kind of office opens to somebody who holds these grants."""
    return [condition for office in OFFICES if (condition := office.opens(held)) is not None]


def seats_and_cases() -> QuerySet[Any]:
    """Every appointment with each case before its panel: `item`, `case_ref` and the `effect` of the latest tests."""
    tested = DisinterestCheck.objects.filter(appointment=OuterRef("pk"), item=OuterRef("item")).order_by("-pk")
    return Appointment.objects.annotate(
        item=F("panel__items"),
        case_ref=F("panel__items__case_ref"),
        effect=Subquery(tested.values("effect")[:1]),
    ).filter(item__isnull=False)


def seat_conditions(on: date) -> Mapping[str, Q]:
    """What must be so, on a day, that a seat opens a case (I3). All of it, in the order in which a refusal names it.

    Leaving the room for a case closes it on the earlier panels too; a later one, with its own declaration and tests,
    opens it again.
    """
    granted = PanelGrant.objects.filter(
        user=OuterRef("person"), content_object=OuterRef("panel"), permission__codename="sit"
    )
    stands = Q(nomination__starts__lte=on) & (Q(nomination__ends__isnull=True) | Q(nomination__ends__gte=on))
    return {
        "accepted": Q(state=AppointmentState.ACCEPTED),
        "panel": Q(panel__closed_at__isnull=True),
        "granted": Q(Exists(granted)),
        "nominated": Q(nomination__isnull=True) | stands,
        "tested": Q(effect__in=[each.value for each in READS_AS]),
        "present": ~Q(Exists(left_for_case())),
    }


def left_for_case() -> QuerySet[Recusal]:
    """Who left the room for the case of the outer row, at its item or a later one."""
    return Recusal.objects.filter(
        item__case_ref=OuterRef("case_ref"), item__gte=OuterRef("item"), appointment__person=OuterRef("person")
    )


def open_seats() -> QuerySet[Any]:
    """Every appointment with each case it opens today; whether the person is active is asked elsewhere."""
    return seats_and_cases().filter(*seat_conditions(today()).values())


def seats_open(person: Person) -> Q:
    """The cases that this person's seats open today."""
    return Q(ref__in=open_seats().filter(person=person).order_by().values("case_ref"))
