"""What the explorer marks, each on its own."""

from datetime import timedelta

import pytest

from audit import clock
from panels.actions import seats, sittings
from panels.exceptional import EXCEPTIONS, any_of
from panels.models import Sitting
from panels.presenters.explorer import in_order
from tests.factories import convened, decide
from tests.factories.panels import coalition, seated
from tests.factories.raw import run, unfenced
from tests.panels.explorer.scenes import SCENES
from tests.panels.explorer.steps import figures, meeting, page, said


@pytest.mark.parametrize("key", SCENES)
def test_exception_is_marked_said_and_comes_first(walk, key):
    scene, sentence = SCENES[key]
    made = scene(walk)
    sentence = sentence.format(**{name: each.person.display_name for name, each in made.members.items()})
    found = page(walk, result=key)
    assert sentence in found.words
    assert figures(found)["sitting found"] == 1
    with clock.at(walk.now):
        assert in_order(Sitting.objects.all())[0].pk == made.sitting.pk
        assert page(walk, result="clear").words.count("PAN-0") == Sitting.objects.exclude(any_of()).count()


def test_every_kind_of_exception_is_tried():
    assert {each.key for each in EXCEPTIONS} == {*SCENES, "without"}


def test_sitting_without_a_coalition_position_is_counted_whatever_made_it(walk):
    """Triggers refuse it; a restored or tampered database may hold it, and the auditor sees it."""
    sitting = Sitting.objects.get()
    with unfenced():
        run(
            "DELETE FROM panels_position WHERE appointment_id IN (SELECT a.id FROM panels_appointment a "
            "JOIN panels_seat s ON s.id = a.seat_id WHERE s.kind = 'coalition_representative')"
        )
        assert figures(page(walk))["without a Coalition representative"] == 1
        assert said(sitting) == "Sat, or decided, without a Coalition representative."


def test_seat_offered_to_a_member_and_an_alternate_is_one_exception(walk):
    made = meeting(walk, accept=False)
    seat = made.members["voice"].seat
    with clock.at(walk.now):
        seated(made, coalition(walk.world, seat, "other_voice", rank=1), accept=False)
    told = f"The Coalition seat is only offered: {made.members['voice'].person} has not answered."
    assert said(made.sitting).count("The Coalition seat is only offered") == 1
    assert told in said(made.sitting)


def test_member_who_stands_down_after_the_sitting_is_no_exception(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        decide(convened(made), walk.case, "full")
        sittings.close_sitting(sitting=made.sitting, by=walk.world.secretary)
    with clock.at(walk.now + timedelta(days=1)):
        seats.stand_down(appointment=made.of("voice"), by=walk.world.secretary, reason="Moved.")
        assert said(made.sitting) == ""
    assert "Voice At Moderation 1, NHS Alliance" in page(walk, kind="moderation").words
