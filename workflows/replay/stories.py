"""The stories that are known by name (domain.md 5.3-5.6), asked of what the flow wrote.

Each answers with a sentence and whether it holds. Nothing here reads the fact table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q

from authorisation.enums import AuthorisationOutcome, ReviewResult
from authorisation.models import Application, ApplicationReview, Condition, ConditionChange, Decision, Direction

FULL_AT_ONCE = {"02Q", "06M", "08J", "04C", "00Y", "11X", "02E", "02F"}
DIRECTED = {
    2: {"04G", "06N", "09W"},
    3: {"09F", "08M", "05F", "03M", "03Q"},
    4: {"99E", "07V", "09L", "07X", "99K", "07G", "08W"},
}
LEFT_IN_OCTOBER = {"03M", "03Q", "99E", "07V", "07G", "08W", "07M"}
SURREY_HEATH = {"1.3B", "4.2.1E", "4.2.3D", "5.3B", "5.3C", "6.4F", "6.4G"}
DARTFORD = {
    "1.1D": "II",
    "1.4.2B": "II",
    "2.2B": "II",
    "2.4.2A": "I",
    "2.4.2C": "III",
    "3.1.1B": "III",
    "3.1.1C": "III",
}
NUMBERS = {"02T": 1, "06H": 2, "09J": 22, "02N": 1, "02V": 13, "03G": 2, "09F": 13, "10C": 7, "99H": 7}


@dataclass(frozen=True)
class Story:
    """One story and whether the replay tells it."""

    sentence: str
    holds: bool


def told() -> list[Story]:
    """Every story. Meant for a whole replay; a partial one lacks some."""
    return [Story(sentence, check()) for sentence, check in _stories()]


def _stories() -> Iterator[tuple[str, Callable[[], bool]]]:
    yield "Wave 1: the eight full authorisations are the eight named", _eight
    yield "Liverpool: deferred from wave 1, decided in wave 4", _liverpool
    yield "Dartford, Gravesham and Swanley: 22 conditions, the known ones at their levels", _dartford
    yield "Surrey Heath: its seven conditions by id", _surrey_heath
    yield "Surrey Downs: 7 conditions, then 2, then none", _surrey_downs
    yield "Conditions at authorisation of the nine CCGs whose number is known", _numbers
    yield "Directions: the fifteen CCGs named, wave by wave", _directed
    yield "Barnet: directions added in March 2013", _barnet
    yield "Directions: the seven left in October 2013", _october
    yield "Level III at least once: nine CCGs in wave 1, seventeen in wave 2; highest III and IV", _levels
    yield "March 2013: 63 newly clear, 55 left with fewer than five, 47 with some discharged", _march
    yield "July 2013: 46 newly clear, 51 with some discharged; two lost directions and became full", _july
    yield "October 2013: 28 newly clear", _october_clear
    yield "Wave 4 was not reviewed in March 2013", _wave_four_spared


def _of(code: str) -> Q:
    return Q(application__ccg__code=code)


def _codes(**where: object) -> set[str]:
    return set(Decision.objects.filter(**where).values_list("application__ccg__code", flat=True))


def _imposed(code: str) -> dict[str, str]:
    """The conditions of a CCG at the levels they were imposed at: a review keeps the level it started from."""
    levels = dict(Condition.objects.filter(_of(code)).values_list("criterion__code", "level"))
    changes = ConditionChange.objects.filter(condition__application__ccg__code=code).order_by("-review__round__number")
    return levels | dict(changes.values_list("condition__criterion__code", "from_level"))


def _eight() -> bool:
    return _codes(application__wave__number=1, outcome=AuthorisationOutcome.FULL) == FULL_AT_ONCE


def _liverpool() -> bool:
    case = Application.objects.get(ccg__code="99A")
    moves = list(case.wave_moves.values_list("from_wave__number", "to_wave__number"))
    return moves == [(1, 4)] and case.wave.number == 4 and hasattr(case, "decision")  # noqa: PLR2004  the wave


def _dartford() -> bool:
    imposed = _imposed("09J")
    return len(imposed) == NUMBERS["09J"] and DARTFORD.items() <= imposed.items() and "3.1.4B" in imposed


def _surrey_heath() -> bool:
    return set(_imposed("10C")) == SURREY_HEATH


def _surrey_downs() -> bool:
    reviews = ApplicationReview.objects.filter(_of("99H")).order_by("round__number")
    return len(_imposed("99H")) == NUMBERS["99H"] and list(reviews.values_list("round__number", "conditions_left")) == [
        (1, 2),
        (2, 0),
    ]


def _numbers() -> bool:
    rows = Condition.objects.filter(application__ccg__code__in=NUMBERS).values_list("application__ccg__code")
    return dict(rows.annotate(number=Count("pk"))) == NUMBERS


def _directed() -> bool:
    return all(_codes(application__wave__number=wave, has_directions=True) == codes for wave, codes in DIRECTED.items())


def _barnet() -> bool:
    given = Direction.objects.filter(_of("07M"), review__round__number=0).exists()
    return given and not Direction.objects.filter(_of("07M"), decision__isnull=False).exists()


def _october() -> bool:
    left = Direction.objects.filter(ended_on__isnull=True).values_list("application__ccg__code", flat=True)
    return set(left) == LEFT_IN_OCTOBER


def _levels() -> bool:
    imposed = {
        (wave, code): set(_imposed(code).values())
        for wave, code in Decision.objects.filter(
            application__wave__number__in=(1, 2), outcome=AuthorisationOutcome.CONDITIONAL
        ).values_list("application__wave__number", "application__ccg__code")
    }
    given = [{level for key, levels in imposed.items() if key[0] == wave for level in levels} for wave in (1, 2)]
    third = [sum("III" in levels for key, levels in imposed.items() if key[0] == wave) for wave in (1, 2)]
    return third == [9, 17] and given == [{"I", "II", "III"}, {"I", "II", "III", "IV"}]


def _reviewed(number: int) -> tuple[int, int]:
    """Newly clear of everything, and still with conditions but some discharged."""
    discharged = ConditionChange.objects.filter(review=OuterRef("pk"), result=ReviewResult.DISCHARGE)
    rows = ApplicationReview.objects.filter(round__number=number)
    return (
        rows.filter(conditions_left=0, directions_left=0).count(),
        rows.filter(Exists(discharged), conditions_left__gt=0).count(),
    )


def _fewer_than_five() -> int:
    """CCGs with one to four conditions after the review of March 2013, wave 4's among them though not reviewed."""
    gone = Q(changes__review__round__number=0, changes__result=ReviewResult.DISCHARGE)
    left = Condition.objects.values("application").annotate(
        left=Count("pk", distinct=True) - Count("pk", filter=gone, distinct=True)
    )
    return sum(1 <= row["left"] < 5 for row in left)  # noqa: PLR2004  the published line


def _march() -> bool:
    return (*_reviewed(0), _fewer_than_five()) == (63, 47, 55)


def _july() -> bool:
    lost = ApplicationReview.objects.filter(
        round__number=1,
        conditions_left=0,
        directions_left=0,
        application__directions__ended_on=F("reviewed_at__date"),
    )
    return (*_reviewed(1), lost.distinct().count()) == (46, 51, 2)


def _october_clear() -> bool:
    return _reviewed(2)[0] == 28  # noqa: PLR2004  the published number


def _wave_four_spared() -> bool:
    return not ApplicationReview.objects.filter(round__number=0, application__wave__number=4).exists()
