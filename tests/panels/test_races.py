"""Two acts on one panel at the same moment, two hundred times each, on real threads and connections; both databases.

Small panels are made by the dozen in one world and each serves ten rounds. After each round what could break is looked
at; after the last, everything is. Whoever is refused reads a sentence: nothing else is ever raised.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
from django.db import connection

from audit import clock
from audit.errors import Refused
from authorisation.rulesets import seat_plan
from directory.actions import organisations, people
from directory.models import OrganisationKind
from directory.rows import NewOrganisation, NewPerson
from panels.actions import items, positions, rulings, seats, sittings
from panels.actions.panels import confirm_panel, propose_panel
from panels.errors import NotCompetent, RulingRefused, SeatRefused, SittingRefused
from panels.invariants import CHECKS
from panels.models import Appointment, DisinterestCheck, Item, Outcome, Panel, PanelGrant, Recusal, Sitting, Stance
from panels.rules import SeatPlan, SeatRule
from tests.factories import build_world, days, london
from tests.panels.machine import model
from workflows import queue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PANELS, EACH = 20, 10  # two hundred rounds
FEW = PANELS // 5  # of two more races, forty rounds each
NOW = london(2012, 6, 4)
PLACES = (
    SeatRule("chair", "Chair", 1, 1, "board", "", required_to_sit=True, required_to_decide=True),
    SeatRule("coalition_representative", "Coalition representative", 1, 1, "coalition_body", "", True, True),
    SeatRule("lay", "Lay member", 0, EACH, "board"),
)


@dataclass
class Ring:
    """The world, ten groups to judge, ten lay people, and two threads that keep their connections."""

    world: object
    groups: list
    lay: list
    pool: ThreadPoolExecutor

    def race(self, *acts, at):
        """Both at once: what each was refused, or nothing."""
        barrier = Barrier(len(acts))

        def run(act):
            with queue.held(), clock.at(at):
                barrier.wait(20)
                act()

        asked = [self.pool.submit(run, act) for act in acts]
        told = [error for one in asked if (error := one.exception(60)) is not None]
        assert [error for error in told if not isinstance(error, Refused)] == []
        assert all(error.message.endswith(".") for error in told)
        return told


@pytest.fixture
def ring(transactional_db):
    world = build_world()
    with clock.at(NOW):
        groups = organisations.add_many(
            organisations=[
                NewOrganisation(kind=OrganisationKind.CCG, code=f"9{n}Z", name=f"Group {n}") for n in range(EACH)
            ],
            by="system",
        )
        lay = people.add_many(
            people=[NewPerson(full_name=f"Lay {n}", email=f"lay{n}@example.test") for n in range(EACH)], by="system"
        )
    with ThreadPoolExecutor(2) as pool:
        yield Ring(world, groups, lay, pool)
        barrier = Barrier(2)
        for done in [pool.submit(lambda: (barrier.wait(20), connection.close())) for _ in range(2)]:
            done.result(30)


@dataclass
class Table:
    """One panel of a race: its chair, its Coalition representative, and its items in order."""

    panel: Panel
    chair: Appointment | None
    voice: Appointment | None
    items: list
    lay: list


def empty(ring, number):
    """A small panel nobody has been asked to."""
    world = ring.world
    small = SeatPlan("review", "Small panel", PLACES, 2, 2, seat_plan(world.ruleset.body, "review").windows)
    return propose_panel(plan=small, title=f"Race {number}", ruleset=world.ruleset.version, by=world.secretary)


def table(ring, number, *, days_of_ten=1, lay_rank=None, interests=(), seated=True):
    """A panel with ten cases on one day, or one on each of ten; its lay seats filled, in this rank, if asked."""
    world, by = ring.world, ring.world.secretary
    panel = empty(ring, number)
    first = clock.now().date()
    cases = [sittings.Case(group, f"CASE-{number}-{place}", 2012) for place, group in enumerate(ring.groups)]
    agendas = [cases] if days_of_ten == 1 else [[case] for case in cases]
    for day, agenda in enumerate(agendas):
        sittings.list_sitting(panel=panel, on=first + days(day), cases=agenda, by=by)
    places = {kind: list(panel.seats.filter(kind=kind).order_by("number")) for kind in ("chair", "lay")}
    board, nomination = world.organisations["BOARD"], world.nominations["voice"]
    coalition = panel.seats.get(kind="coalition_representative")
    offered = [
        seats.Proposal(places["chair"][0], world.chair, board),
        seats.Proposal(coalition, world.voice, nomination.body, nomination),
    ] * seated
    if lay_rank is not None:
        offered += [seats.Proposal(*pair, board, rank=lay_rank) for pair in zip(places["lay"], ring.lay, strict=True)]
    found = seats.invite(panel=panel, appointments=seats.fill_seats(panel=panel, proposals=offered, by=by), by=by)
    held = {each.person_id: each for each in found}
    chair, voice = held.get(world.chair.pk), held.get(world.voice.pk)
    if seated:
        for each in found:
            declared = interests if each is voice else ()
            seats.accept_seat(appointment=each, by=each.person, interests=declared)
        confirm_panel(panel=panel, by=by)
    rows = list(panel.items.order_by("number", "sitting__on").select_related("sitting", "organisation"))
    return Table(panel, chair, voice, rows, [held[each.pk] for each in ring.lay if each.pk in held])


def rounds(ring, *, panels=PANELS, apart=1, convene=True, **how):
    """Each table, its items one after the other, and the moment of the round."""
    for number in range(panels):
        start = NOW + days(number * apart)
        with clock.at(start):
            at_table = table(ring, number, **how)
            if convene:
                sittings.convene(sitting=at_table.items[0].sitting, by=ring.world.secretary)
        yield number, start, at_table


def taken(at_table, item, at, *, speak=True):
    """The item opened, and everybody's own position entered: hers by the act, the chair's beside it."""
    chair, voice = at_table.chair, at_table.voice
    with clock.at(at):
        items.open_item(item=item, present=[chair, voice], by=chair.person)
        if speak:
            said = {voice.pk: items.Said(Stance.CONCUR)}
            [row] = positions.enter_positions(item=item, positions=said, by=voice.person)
            row.pk, row.appointment, row.entered_by = None, chair, chair.person
            row.save(force_insert=True)


def held_by_the_coalition(item):
    """The few facts a race over one item could break: no open item, and no outcome, without its representative."""
    state = Item.objects.values_list("state", flat=True).get(pk=item.pk)
    gone = Recusal.objects.filter(item=item, appointment__seat__kind="coalition_representative").exists()
    last = DisinterestCheck.objects.filter(item=item, appointment__seat__kind="coalition_representative")
    barred = last.latest("pk").effect == "barred"
    decided = Outcome.objects.filter(item=item).exists()
    assert not (state == "open" and (gone or barred))
    assert decided == (state == "closed")
    assert not (decided and gone)
    return state


def nothing_broken():
    assert model.faults() == []
    assert {name: found for name, check in CHECKS.items() if (found := check())} == {}


def test_recusal_of_the_coalition_against_the_decision(ring):
    """An outcome and no recusal, or a recusal and no outcome; the other is told which."""
    for number, at, here in rounds(ring):
        for item in here.items:
            taken(here, item, at)
            told = ring.race(
                lambda: items.decide_item(item=item, outcome="full", reasons="So.", by=here.chair.person),  # noqa: B023
                lambda: items.recuse(
                    item=item,  # noqa: B023
                    appointment=here.voice,  # noqa: B023
                    reason="Interest.",
                    by=here.voice.person,  # noqa: B023
                ),
                at=at,
            )
            decided = held_by_the_coalition(item) == "closed"
            assert [type(each) for each in told] == [SittingRefused], number
            assert f"{item.case_ref} is {'closed' if decided else 'stopped'} before" in told[0].message
    nothing_broken()


def test_ruling_that_bars_the_coalition_against_the_decision(ring):
    """Ruled first: the room is empty of the Coalition and nothing is decided. Decided first: nothing to rule on."""
    praise = [seats.Interest("statement", group, "I praised it.") for group in ring.groups]
    for _, at, here in rounds(ring, panels=FEW, interests=praise):
        for item in here.items:
            taken(here, item, at)
            how = {"person": here.voice.person, "organisation": item.organisation, "rule": "D12"}
            ruled = {"verdict": "confirmed", "effect": "barred", "reason": "Too warm.", "by": ring.world.guardian}
            told = ring.race(
                lambda: items.decide_item(item=item, outcome="full", reasons="So.", by=here.chair.person),  # noqa: B023
                lambda: rulings.rule(panel=here.panel, **how, **ruled),  # noqa: B023
                at=at,
            )
            decided = held_by_the_coalition(item) == "closed"
            assert [type(each) for each in told] == [RulingRefused if decided else SittingRefused]
    nothing_broken()


@pytest.mark.parametrize("against", ["itself", "standing down"])
def test_acceptance_of_a_seat(ring, against):
    """The same offer accepted twice, from two browsers; or accepted as the secretariat takes it back."""
    for _, at, here in rounds(ring, convene=False, seated=False, lay_rank=0):
        for offered in here.lay:
            other = {
                "itself": lambda: seats.accept_seat(appointment=offered, by=offered.person),  # noqa: B023
                "standing down": lambda: seats.stand_down(
                    appointment=offered,  # noqa: B023
                    reason="Somebody else.",
                    by=ring.world.secretary,
                ),
            }[against]
            told = ring.race(
                lambda: seats.accept_seat(appointment=offered, by=offered.person),  # noqa: B023
                other,
                at=at,
            )
            assert all(isinstance(each, SeatRefused) for each in told)
            state = Appointment.objects.values_list("state", flat=True).get(pk=offered.pk)
            granted = PanelGrant.objects.filter(user=offered.person, content_object=here.panel).count()
            if against == "itself":
                assert (state, granted, len(told)) == ("accepted", 1, 1)
            else:
                assert (state, granted) == ("stood_down", 0)
                assert len(told) <= 1
    nothing_broken()


def test_one_person_for_two_panels_of_one_day(ring):
    """Both secretaries ask for the same person at once: one panel has them, the other is told where they sit."""
    by, board = ring.world.secretary, ring.world.organisations["BOARD"]
    for number in range(FEW):
        at = NOW + days(number)
        with clock.at(at):
            both = [empty(ring, f"{number}.{side}") for side in "ab"]
            for side, panel in enumerate(both):
                case = sittings.Case(ring.groups[side], f"CASE-{number}-{side}", 2012)
                sittings.list_sitting(panel=panel, on=at.date(), cases=[case], by=by)
        places = [list(panel.seats.filter(kind="lay").order_by("number")) for panel in both]
        for one, *pair in zip(ring.lay, *places, strict=True):
            told = ring.race(
                *(
                    lambda panel=panel, seat=seat: seats.fill_seats(
                        panel=panel,
                        proposals=[seats.Proposal(seat, one, board)],  # noqa: B023
                        by=by,
                    )
                    for panel, seat in zip(both, pair, strict=True)
                ),
                at=at,
            )
            assert [type(each) for each in told] == [SeatRefused]
            assert f"{one} already sits on" in told[0].message
            assert Appointment.objects.filter(person=one, panel__in=both).count() == 1
    nothing_broken()


def barring(group):
    return [seats.Interest("own", group, "I sit on its governing body.")]


def test_declaration_that_bars_against_convening(ring):
    """Both are done, in either order; what she said counts, and nothing is taken with her."""
    for _, start, here in rounds(ring, apart=EACH, convene=False, days_of_ten=EACH):
        for day, item in enumerate(here.items):
            at = start + days(day)
            told = ring.race(
                lambda: sittings.convene(sitting=item.sitting, by=here.chair.person),  # noqa: B023
                lambda: seats.declare_again(
                    appointment=here.voice,  # noqa: B023
                    by=here.voice.person,  # noqa: B023
                    interests=barring(item.organisation),  # noqa: B023
                ),
                at=at,
            )
            assert told == []
            assert held_by_the_coalition(item) == "listed"
            assert Sitting.objects.get(pk=item.sitting_id).convened_at is not None
            assert DisinterestCheck.objects.filter(item=item, appointment=here.voice).latest("pk").rule == "D1"
        with clock.at(at), pytest.raises(NotCompetent, match="No Coalition representative"):
            items.open_item(item=item, present=[here.chair, here.voice], by=here.chair.person)
    nothing_broken()


def test_declaration_that_bars_against_opening(ring):
    """Declared first: the item does not open. Opened first: she leaves at once, and the item stops."""
    for _, at, here in rounds(ring):
        for item in here.items:
            told = ring.race(
                lambda: items.open_item(item=item, present=[here.chair, here.voice], by=here.chair.person),  # noqa: B023
                lambda: seats.declare_again(
                    appointment=here.voice,  # noqa: B023
                    by=here.voice.person,  # noqa: B023
                    interests=barring(item.organisation),  # noqa: B023
                ),
                at=at,
            )
            state = held_by_the_coalition(item)
            assert [type(each) for each in told] == ([NotCompetent] if state == "listed" else [])
            assert state in {"listed", "stopped"}
            assert Recusal.objects.filter(item=item, appointment=here.voice).exists() == (state == "stopped")
    nothing_broken()


def test_substitution_against_the_arrival_of_the_alternate(ring):
    """Both are done: the alternate holds the seat and is in the room, once."""
    for _, at, here in rounds(ring, panels=FEW, lay_rank=1):
        item = here.items[0]
        taken(here, item, at, speak=False)
        for alternate in here.lay:
            told = ring.race(
                lambda: seats.substitute(seat=alternate.seat, by=here.chair.person),  # noqa: B023
                lambda: items.note_arrival(item=item, appointment=alternate, by=here.chair.person),  # noqa: B023
                at=at,
            )
            assert told == []
            assert Appointment.objects.values_list("rank", flat=True).get(pk=alternate.pk) == 0
            assert item.attendances.filter(appointment=alternate, present=True).count() == 1
        assert held_by_the_coalition(item) == "open"
    nothing_broken()
