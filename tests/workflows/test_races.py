"""Two at the same moment: one wins, the other reads a clear sentence, and nothing is half done. On both databases."""

import threading

import pytest
from django.db import connection

from audit import clock
from audit.errors import Refused
from authorisation.actions.applications import Bid
from authorisation.enums import Stage
from authorisation.models import Application, Window
from panels.actions import seats, sittings
from panels.errors import NotCompetent, SeatRefused, SittingRefused
from panels.models import Appointment
from tests.factories import Walk, build_world, days, london, opened, sitting_on
from workflows import queue
from workflows.actions import cases
from workflows.engine import sweep
from workflows.engine.errors import NotNow
from workflows.management.commands.check_invariants import all_checks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 10
NOW = london(2012, 6, 4)


@pytest.fixture
def world(transactional_db):
    return build_world()


def race(*acts, at=NOW):
    """Everybody at once, each on its own connection: what they got and what they were told."""
    barrier = threading.Barrier(len(acts))
    got, told = [], []

    def run(act):
        try:
            with queue.held(), clock.at(at):
                barrier.wait(20)
                got.append(act())
        except Exception as error:  # noqa: BLE001  judged by the test
            told.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) + len(told) == len(acts)
    return got, told


def nothing_broken():
    assert {name: found for name, check in all_checks().items() if (found := check())} == {}


def test_one_of_two_submits(world):
    for number in range(ROUNDS):
        walk = Walk(world, ccg=f"0{number % 6 + 1}A")
        officer = world.officer(walk.case.ccg.code)
        case, bid = walk.case, Bid("C", "Dr A", 2)
        got, told = race(*[lambda: cases.submit(case, bid=bid, by=officer)] * 2)  # noqa: B023  run before the next
        assert len(got) == 1
        assert [type(each) for each in told] == [NotNow]
        assert "is not open for" in told[0].message
        assert case.submissions.count() == 1
        walk.withdraw()
    nothing_broken()


def test_one_of_two_opens_an_application(world):
    for code in ("01A", "02A", "03A", "04A", "05A", "06A"):
        got, told = race(
            *[
                lambda: cases.open_application(
                    ccg=world.organisations[code],  # noqa: B023  run before the next
                    wave=world.waves[1],
                    ruleset=world.ruleset,
                    by=world.secretary,
                )
            ]
            * 2
        )
        assert len(got) == len(told) == 1
        assert isinstance(told[0], Refused), told[0]
        assert Application.objects.filter(ccg__code=code).count() == 1
    nothing_broken()


def test_alternate_takes_the_seat_once(world):
    """Whoever was asked answers twice at once; each round on a day of its own, as nobody sits twice a day."""
    case = Walk(world).case
    for number in range(ROUNDS):
        with clock.at(NOW + days(number)):
            meeting = sitting_on(world, "site_visit", [case], accept=False)
        offered = meeting.members["voice"]
        acts = [lambda: seats.accept_seat(appointment=offered, by=world.voice)] * 2  # noqa: B023
        got, told = race(*acts, at=NOW + days(number))
        assert len(got) == 1
        assert [type(each) for each in told] == [SeatRefused]
        assert "is accepted: open the panel again" in told[0].message
    nothing_broken()


def test_two_people_for_one_seat(world):
    case = Walk(world).case
    for number in range(ROUNDS):
        with clock.at(NOW + days(number)):
            meeting = sitting_on(world, "site_visit", [case], voices=())
        seat = meeting.panel.seats.get(kind="coalition_representative")
        panel = meeting.panel

        def offer(name, panel=panel, seat=seat):
            nomination = world.nominations[name]
            given = seats.Proposal(seat, world.people[name], nomination.body, nomination)
            return seats.fill_seats(panel=panel, proposals=[given], by=world.secretary)

        got, told = race(lambda: offer("voice"), lambda: offer("other_voice"), at=NOW + days(number))
        assert len(got) == 1
        assert [type(each) for each in told] == [SeatRefused]
        assert "stand them down first" in told[0].message
        assert Appointment.objects.filter(seat=seat, state="proposed").count() == 1
    nothing_broken()


def test_answer_against_the_sweep(world):
    """At the last second both are right; the case goes on once."""
    for number in range(ROUNDS):
        walk = Walk(world, ccg=f"0{number % 4 + 1}A").to(Stage.REPORT_COMMENTS)
        case, closes = walk.case, walk.window.closes_at
        officer = world.officer(case.ccg.code)
        race(
            lambda: cases.comment_on_report(case, text="At last.", by=officer),  # noqa: B023
            sweep.sweep,
            at=closes,
        )
        with clock.at(closes):
            sweep.sweep()
        window = Window.objects.get(application=case)
        assert (window.answered_at is None) != (window.lapsed_at is None)
        assert walk.stage == Stage.MODERATION
        walk.now = closes
        walk.withdraw()
    nothing_broken()


def test_two_sweeps_and_two_workers_do_each_thing_once(world):
    walk = Walk(world, silent=True).to(Stage.REPORT_COMMENTS)
    closes = walk.window.closes_at + days(1)
    got, told = race(*[lambda: sweep.sweep().fired] * 3, at=closes)
    assert (sum(got), told) == (1, [])
    walk.now = closes
    walk.to(Stage.LETTER)
    job = walk.case.process.task_set.get(flow_task_type="JOB", finished=None)
    got, told = race(*[lambda: sweep.run_job(job.pk)] * 3, at=walk.now)
    assert (sorted(got), told) == ([False, False, True], [])
    nothing_broken()


def test_convening_against_standing_down(world):
    """The Coalition's only member leaves as the chair convenes: either order is lawful, and no item is then taken."""
    case = Walk(world).case
    for number in range(ROUNDS):
        with clock.at(NOW + days(number)):
            meeting = sitting_on(world, "moderation", [case])
        voice, sitting = meeting.members["voice"], meeting.sitting
        _, told = race(
            lambda: sittings.convene(sitting=sitting, by=world.chair),  # noqa: B023
            lambda: seats.stand_down(appointment=voice, by=world.voice, reason="Ill"),  # noqa: B023
            at=NOW + days(number),
        )
        assert [type(each) for each in told] in ([], [NotCompetent])
        with clock.at(NOW + days(number)), pytest.raises((NotCompetent, SittingRefused)):
            opened(meeting, case)
    nothing_broken()


def test_deferral_against_the_next_step(world):
    for number in range(4):
        walk = Walk(world, ccg=f"0{number % 6 + 1}A").to(Stage.SIGN_OFF if number < 3 else Stage.SECOND_READING)
        case = walk.case
        step = (
            (lambda: cases.sign_off(case, by=world.director))  # noqa: B023
            if number < 3
            else (lambda: cases.read_again(case, by=world.reader))  # noqa: B023
        )
        race(
            lambda: cases.defer(case, to_wave=world.waves[4], reason="Agreed.", by=world.secretary),  # noqa: B023
            step,
            at=walk.now,
        )
        assert walk.stage == Stage.DEFERRED
    nothing_broken()
