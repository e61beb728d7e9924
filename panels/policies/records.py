"""Whether something may be recorded as training, declared as an interest, or noted as an absence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from panels.errors import SeatRefused
from panels.models import LIVE, InterestKind
from panels.rules import months_before

if TYPE_CHECKING:
    from panels.actions.seats import Interest
    from panels.models import Absence, Accreditation, Appointment

# Years, as the sentences say.
LONGEST_AGO = 60
TRAINED_AHEAD = 10
AWAY_AHEAD = 2
REASON_LENGTH = 400
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


def check_interests(interests: Iterable[Interest], now: date) -> None:
    """Raise SeatRefused for an interest of no known kind, or whose dates or organisation cannot be meant."""
    for each in interests:
        if each.kind not in InterestKind.values:
            raise SeatRefused(f'"{each.kind}" is not a kind of interest: use one of {", ".join(InterestKind.values)}.')
        _check_dates(each, now)
        _check_standing(each, now)


def _check_dates(each: Interest, now: date) -> None:
    oldest = months_before(now, 12 * LONGEST_AGO)
    if each.starts and each.ends and each.ends < each.starts:
        raise SeatRefused(
            f"The interest would end on {_day(each.ends)}, before it began on {_day(each.starts)}: correct the dates."
        )
    if each.kind == InterestKind.STATEMENT and each.starts and each.starts > now:
        raise SeatRefused(f"A public statement cannot be dated {_day(each.starts)}, which is still to come.")
    for day in (each.starts, each.ends):
        if day and day < oldest:
            raise SeatRefused(
                f"{_day(day)} is more than {LONGEST_AGO} years ago: correct the date, or leave it out if you do not "
                "know it."
            )


def _check_standing(each: Interest, now: date) -> None:
    organisation = each.organisation
    if organisation is None or organisation.closed is None or organisation.closed >= now:
        return
    if each.ends and each.ends <= organisation.closed + timedelta(days=1):
        return
    raise SeatRefused(
        f"{organisation.name} ({organisation.code}) closed on {_day(organisation.closed)}: name the organisation that "
        "took its place, or say when the interest ended."
    )


def check_accreditation(kind: str, starts: date, ends: date | None, now: date) -> None:
    """Raise SeatRefused for training of no proper name, or with days that cannot be meant."""
    if not _KIND.fullmatch(kind):
        raise SeatRefused(f'"{kind[:60]}" is no kind of training: use a name of the rule set, such as panel_training.')
    if ends and ends < starts:
        raise SeatRefused(f"The training would end on {_day(ends)}, before it starts: correct the dates.")
    latest = months_before(now, -12 * TRAINED_AHEAD)
    for day in (starts, ends):
        if day and day > latest:
            raise SeatRefused(f"{_day(day)} is more than ten years ahead: give a day up to {_day(latest)}.")


def check_accreditation_end(row: Accreditation, ends: date, now: date) -> None:
    """Raise SeatRefused for training that has an end already, or a last day that cannot be meant."""
    if row.ends is not None:
        raise SeatRefused(f"The training of {row.person} ends on {_day(row.ends)} already.")
    if ends < row.starts:
        raise SeatRefused(f"The training of {row.person} starts on {_day(row.starts)}: it cannot end before.")
    check_accreditation(row.kind, row.starts, ends, now)


def check_absence(
    appointment: Appointment, starts: date, ends: date, noted: Iterable[Absence], now: date, reason: str
) -> None:
    """Raise SeatRefused for somebody with no seat, or days that are past, reversed, noted already or too far ahead."""
    if appointment.state not in LIVE:
        raise SeatRefused(f"{appointment.person} has left the seat of {appointment.place}: no absence is needed.")
    if ends < starts:
        raise SeatRefused(f"The absence would end on {_day(ends)}, before it starts: correct the dates.")
    if starts < now:
        raise SeatRefused(f"{_day(starts)} is past: note an absence from today, {_day(now)}, on.")
    if ends > (latest := months_before(now, -12 * AWAY_AHEAD)):
        raise SeatRefused(f"{_day(ends)} is more than two years ahead: give a day up to {_day(latest)}.")
    if len(reason) > REASON_LENGTH:
        raise SeatRefused(f"The reason is longer than {REASON_LENGTH} characters: shorten it.")
    for each in noted:
        if each.withdrawn_at is None and each.starts <= ends and starts <= each.ends:
            raise SeatRefused(
                f"{appointment.person} is noted as away from {_day(each.starts)} to {_day(each.ends)} already: end "
                "that absence first, or give other days."
            )


def check_absence_withdrawal(row: Absence) -> None:
    """Raise SeatRefused for an absence that was withdrawn already."""
    if row.withdrawn_at is not None:
        raise SeatRefused(
            f"The absence of {row.appointment.person} from {_day(row.starts)} to {_day(row.ends)} was withdrawn: note "
            "another one."
        )


def check_absence_end(row: Absence, ends: date, now: date) -> None:
    """Raise SeatRefused for a last day that does not shorten the absence, or lies before yesterday."""
    check_absence_withdrawal(row)
    who = row.appointment.person
    if ends < row.starts:
        raise SeatRefused(
            f"The absence of {who} starts on {_day(row.starts)}: its last day is that one at the earliest."
        )
    if ends >= row.ends:
        raise SeatRefused(f"The absence of {who} ends on {_day(row.ends)}: give an earlier day, or note another one.")
    if ends < now - timedelta(days=1):
        raise SeatRefused(f"{_day(ends)} is past: the absence of {who} can end yesterday at the earliest.")


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
