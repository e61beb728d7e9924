"""What stands in the way of single cases to come: who could hold each seat for them, by the tests last kept.

The days as a whole are `policies.seating_faults`; here is only what a case adds to them, so that nothing is said twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from panels.models import AppointmentState, DisinterestCheck, Item, ItemState
from panels.rules import COALITION_SEAT, MAY_DECIDE, Effect, SeatPlan
from panels.seating import holders, in_rank, is_away, ready

if TYPE_CHECKING:
    from panels.models import Absence, Accreditation, Appointment, Panel

# Appointment and item; the effect and the test that decided it.
Pair = tuple[int, int]
Said = tuple[Effect, str]
CLEAR: Said = (Effect.CLEAR, "")


@dataclass(frozen=True)
class _Bench:
    """Everybody who has accepted, with when they can come and what the tests last said of each."""

    plan: SeatPlan
    people: Sequence[Appointment]
    absences: Sequence[Absence]
    accreditations: Sequence[Accreditation]
    kept: Mapping[Pair, Said]

    def said(self, each: Appointment, item: Item) -> Said:
        """What the tests last said; who was never asked is asked before the item opens."""
        return self.kept.get((each.pk, item.pk), CLEAR)

    def held(self, on: date, out: Collection[int] = ()) -> list[Appointment]:
        """Who holds the seats on a day."""
        return list(holders(self.people, on, self.absences, self.accreditations, out=out).values())

    def why(self, kind: str, item: Item, on: date) -> list[str]:
        """Why each of those named for a kind of seat cannot vote on a case, in a few words."""
        rows = [each for ranked in in_rank(self.people).values() for each in ranked if each.seat.kind == kind]
        return [words for each in rows if (words := self._why(each, item, on))]

    def _why(self, each: Appointment, item: Item, on: date) -> str:
        effect, rule = self.said(each, item)
        if is_away(each, self.absences, on):
            return f"{each.person} is away"
        if not ready(each, on, self.absences, self.accreditations):
            return f"{each.person} cannot sit that day"
        if effect is Effect.BARRED:
            return f"{each.person} is barred by {rule}"
        return f"{each.person} may speak and not vote by {rule}" if effect not in MAY_DECIDE else ""


def case_faults(
    panel: Panel,
    live: Iterable[Appointment],
    absences: Sequence[Absence],
    accreditations: Sequence[Accreditation],
    *,
    readable: Collection[str],
) -> list[str]:
    """Why a panel could not take or decide a case on its agenda, though it can sit that day; two queries.

    What is wrong with several cases in the same way is one sentence. Why each member cannot vote is said only of the
    cases in `readable`.
    """
    rows = panel.items.filter(state=ItemState.LISTED, sitting__closed_at__isnull=True)
    listed = list(rows.select_related("sitting").order_by("sitting__on", "number"))
    people = [each for each in live if each.state == AppointmentState.ACCEPTED]
    bench = _Bench(SeatPlan.from_json(panel.plan), people, absences, accreditations, _kept(people, listed))
    days = {item.sitting.on: bench.held(item.sitting.on) for item in listed}
    found: defaultdict[tuple[date, str], list[str]] = defaultdict(list)
    for item in listed:
        on = item.sitting.on
        for sentence in _faults(bench, item, on, days[on], open_to_reader=item.case_ref in readable):
            found[on, sentence].append(item.case_ref)
    return [f"For {', '.join(refs)} on {on.day} {on:%B %Y}: {said}" for (on, said), refs in found.items()]


def _kept(people: Sequence[Appointment], listed: Sequence[Item]) -> dict[Pair, Said]:
    later = DisinterestCheck.objects.filter(
        item=OuterRef("item"), appointment=OuterRef("appointment"), pk__gt=OuterRef("pk")
    )
    rows = DisinterestCheck.objects.filter(~Exists(later), appointment__in=people, item__in=listed)
    found = rows.values_list("appointment_id", "item_id", "effect", "rule")
    return {(each, item): (Effect(effect), rule) for each, item, effect, rule in found}


def _faults(
    bench: _Bench, item: Item, on: date, that_day: Sequence[Appointment], *, open_to_reader: bool
) -> Iterable[str]:
    """What the case lacks; what the whole day lacks is said of the day."""
    out = {each.pk for each in bench.people if bench.said(each, item)[0] is Effect.BARRED}
    held = bench.held(on, out)
    voting = [each for each in held if bench.said(each, item)[0] in MAY_DECIDE]
    come, sit, vote = (Counter(each.seat.kind for each in rows) for rows in (that_day, held, voting))
    for rule in sorted(bench.plan.seats, key=lambda rule: rule.type != COALITION_SEAT):
        to_vote = rule.required_to_decide or rule.type == COALITION_SEAT
        if not (to_vote or rule.required_to_sit) or come[rule.type] < rule.minimum:
            continue
        if (vote if to_vote else sit)[rule.type] < rule.minimum:
            who = (
                f"no {rule.title}" if not vote[rule.type] else f"only {vote[rule.type]} of {rule.minimum} {rule.title}"
            )
            why = bench.why(rule.type, item, on) if open_to_reader else []
            can = "who may vote" if to_vote else "who may take part"
            yield f"{who} {can}{': ' + ', '.join(why) if why else ''}."
    if len(held) < bench.plan.quorum_to_sit <= len(that_day):
        yield f"quorum to sit is {bench.plan.quorum_to_sit} and {len(held)} may take part."
    if len(voting) < bench.plan.quorum_to_decide <= len(that_day):
        yield f"quorum to decide is {bench.plan.quorum_to_decide} and {len(voting)} may vote."
