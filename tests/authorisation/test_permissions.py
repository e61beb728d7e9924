"""Who reads a case, and why: the explanation and the guard say the same of everybody."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from authorisation import reasons
from authorisation.enums import Stage
from authorisation.explaining import BROKEN, people_called, readers, why, whys
from authorisation.models import Application
from authorisation.permissions import readable
from directory.actions import people, posts
from directory.models import Person, PostKind
from directory.queries import today
from panels.actions import items, seats
from panels.actions.nominations import end_nomination
from panels.models import Panel, PanelGrant
from tests.access.papers import build_sealed
from tests.factories import Walk, convened, days, opened, sitting_on
from tests.factories.pages import Reader
from tests.factories.raw import unfenced


@pytest.fixture
def walk(world):
    """A case before the decision, whose sub-committee is seated and has not met."""
    made = Walk(world).to(Stage.MODERATION)
    with clock.at(made.now):
        made.meeting = sitting_on(world, "moderation", [made.case])
    return made


def voice(walk):
    """Who holds the Coalition seat: the usual voice, or somebody like them who has not sat on the case before."""
    return walk.meeting.of("voice").person


def another(walk, **how):
    """One more panel with the case on its agenda, tomorrow."""
    how |= {"on": today() + days(1), "voices": ("other_voice",)}
    return sitting_on(walk.world, "moderation", [walk.case], **how)


def asked(walk, person):
    with clock.at(walk.now):
        return why(Person.objects.get(pk=person.pk), walk.case)


def test_explanation_and_guard_agree_on_everybody_and_every_case(db):
    sealed = build_sealed()
    everybody = list(Person.objects.order_by("pk"))
    with clock.at(sealed.walk.now):
        for case in Application.objects.select_related("ccg"):
            listed = {each.person.pk for group in readers(case) for each in group.readers}
            answers = {each.person.pk: each for each in whys(everybody, case)}
            for person in everybody:
                reads = Application.objects.visible_to(person).filter(pk=case.pk).exists()
                answer = answers[person.pk]
                assert (reads, person.pk in listed, answer.reads) == (reads, reads, reads), answer.sentence
                says = f"{person} {'reads' if reads else 'does not read'} {case.ref}"
                assert answer.sentence.startswith(says)
                assert answer.sentence.endswith(".")
                assert answer == why(person, case)
        told = {who: answers_of(sealed, person) for who, person in sealed.shut_out.items() if person}
    assert {who for who, sentence in told.items() if "opens it" in sentence} == {
        "another_applicant",
        "other_region",
        "bodys_guardian",
    }


def answers_of(sealed, person):
    return why(person, sealed.walk.case).sentence


def test_every_condition_of_a_seat_has_its_words():
    assert list(BROKEN) == list(reasons.seat_conditions(clock.now().date()))


def test_seat_says_by_whose_nomination_and_under_which_tests(walk):
    ref, on = walk.meeting.panel.ref, f"{walk.now:%-d %B %Y}"
    answer = asked(walk, voice(walk))
    assert answer.reads
    said = f"they hold the Coalition representative seat on {ref} (nominated by NHS Alliance, accepted {on}), "
    assert f"{said}and the tests of disinterest were clear when last asked on {on}" in answer.sentence


@pytest.mark.parametrize(
    ("who", "because"),
    [
        ("auditor", "they are Auditor at NHS Commissioning Board since 1 May 2012, and the Board's offices of that"),
        ("director", "they are Regional director at North since 1 May 2012, and NHS Group 1 CCG lies in its area."),
        ("contact", "they are Area team contact at Area team one since 1 May 2012, and NHS Group 1 CCG lies in its"),
        ("officer_1", "they are Accountable officer at NHS Group 1 CCG since 1 May 2012, and the application is its"),
    ],
)
def test_office_says_which_post(walk, who, because):
    answer = asked(walk, walk.world.people[who])
    assert answer.reads
    assert f" reads CCG-01A-2012 because {because}" in answer.sentence


def test_two_reasons_are_one_sentence(walk):
    board = walk.world.organisations["BOARD"]
    posts.appoint(
        person=walk.world.director, organisation=board, kind=PostKind.AUDITOR, starts=walk.now.date(), by="system"
    )
    with clock.at(walk.now):
        posts.begin(walk.now)
    sentence = asked(walk, walk.world.director).sentence
    assert sentence.count(" reads ") == 1
    assert "Auditor at" in sentence
    assert " and they are Regional director at North" in sentence


def test_nobody_without_post_or_seat_reads(walk):
    answer = asked(walk, walk.world.outsider)
    assert (answer.reads, answer.sentence) == (
        False,
        "Outsider does not read CCG-01A-2012: no post and no seat of theirs opens it.",
    )


def test_barred_member_is_told_by_which_test(world):
    walk, other = Walk(world).to(Stage.MODERATION), Walk(world, ccg="04A")
    other.now = walk.now
    with clock.at(walk.now):
        panel = sitting_on(world, "moderation", [walk.case, other.case], voices=("near_voice",)).panel
    barred = f"barred by D4 on {panel.ref}: own organisation, 02A, borders 01A."
    assert asked(walk, world.near_voice).sentence == f"Near Voice does not read CCG-01A-2012: {barred}"
    assert asked(other, world.near_voice).reads


def test_offer_opens_nothing(walk):
    with clock.at(walk.now):
        panel = another(walk, accept=False).panel
    sentence = asked(walk, walk.world.other_voice).sentence
    seat = f"the Coalition representative seat on {panel.ref}"
    assert sentence.endswith(f": offered {seat} on {walk.now:%-d %B %Y} and not accepted yet.")


def test_standing_down_closes_the_case(walk):
    with clock.at(walk.now):
        seats.stand_down(appointment=walk.meeting.of("board_member"), by=walk.world.secretary, reason="Ill.")
    assert asked(walk, walk.meeting.of("board_member").person).sentence.endswith(
        f": stood down from the Board member seat on {walk.meeting.panel.ref} on {walk.now:%-d %B %Y}."
    )


def test_leaving_the_room_closes_the_case(walk):
    with clock.at(walk.now):
        convened(walk.meeting)
        item = opened(walk.meeting, walk.case)
        items.recuse(
            item=item, appointment=walk.meeting.of("board_member"), reason="My brother.", by=walk.world.secretary
        )
    sentence = asked(walk, walk.meeting.of("board_member").person).sentence
    assert f"left the room for it on {walk.meeting.panel.ref} on {walk.now:%-d %B %Y}" in sentence
    assert "brother" not in sentence


def test_nomination_closes_the_case_the_day_after_it_ends(walk):
    world = walk.world
    with clock.at(walk.now):
        ends = today()
        end_nomination(nomination=walk.meeting.of("voice").nomination, ends=ends, by=world.nominator)
    assert asked(walk, voice(walk)).reads
    walk.wait(days(1))
    sentence = asked(walk, voice(walk)).sentence
    seat = f"the Coalition representative seat on {walk.meeting.panel.ref}"
    assert f"the nomination by NHS Alliance for {seat} ended on {ends:%-d %B %Y}" in sentence


def test_post_closes_the_case_the_day_it_ends(walk):
    with clock.at(walk.now):
        posts.end_post(post=walk.world.reader.posts.get(), ends=today(), by="system")
    sentence = asked(walk, walk.world.reader).sentence
    assert sentence.endswith(f": the post of Second reader at NHS Commissioning Board ended on {walk.now:%-d %B %Y}.")


def test_deactivated_person_reads_nothing(walk):
    with clock.at(walk.now):
        people.deactivate_person(person=walk.world.auditor, by="system")
    assert asked(walk, walk.world.auditor).sentence.startswith("Auditor does not read CCG-01A-2012: their account is")


def test_closed_panel_closes_its_cases(walk):
    with unfenced():
        Panel.objects.update(closed_at=walk.now)
        sentence = asked(walk, voice(walk)).sentence
    assert f"{walk.meeting.panel.ref} closed on {walk.now:%-d %B %Y}" in sentence


def test_seat_without_its_grant_opens_nothing(walk):
    with unfenced():
        PanelGrant.objects.filter(user=voice(walk)).delete()
        sentence = asked(walk, voice(walk)).sentence
    assert f"the Coalition representative seat on {walk.meeting.panel.ref} is accepted and its grant" in sentence


def test_grant_without_a_post_says_so(walk):
    with unfenced():
        walk.world.auditor.posts.update(in_force=False)
        sentence = asked(walk, walk.world.auditor).sentence
    assert "they are holder of 'audit' without a post that gives it" in sentence


def test_office_of_the_whole_board_asks_the_database_nothing_about_seats(walk):
    assert not readable(walk.world.auditor).children
    assert "panels_appointment" not in str(Application.objects.visible_to(walk.world.auditor).query)


def test_office_moved_to_another_place_moves_guard_and_explanation(walk, monkeypatch):
    """Both ask one table: a row changed in it changes both."""
    moved = [replace(each, paths=("ccg",)) if each.key == "region" else each for each in reasons.OFFICES]
    for module in ("authorisation.reasons", "authorisation.explaining"):
        monkeypatch.setattr(f"{module}.OFFICES", moved)
    director = walk.world.director
    assert not Application.objects.visible_to(director).exists()
    assert not asked(walk, director).reads


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("near", ["Near Voice"]),
        ("voice near", ["Near Voice"]),
        ("AUDITOR@example.test", ["Auditor"]),
        ("auditor@", []),
        ("outsider", []),
    ],
)
def test_people_are_found_by_part_of_the_name_or_whole_address(world, typed, found):
    assert [str(each) for each in people_called(typed, world.auditor)] == found


# The page


def path(walk):
    return f"/applications/{walk.case.ref}/readers/"


def read(walk, person, **query):
    with clock.at(walk.now):
        return Reader(person).get(path(walk), **query)


@pytest.mark.parametrize("who", ["auditor", "guardian", "secretary"])
def test_readers_are_listed_for_those_who_audit(walk, who):
    person = walk.world.people[who]
    page = read(walk, person)
    assert page.heading == "CCG-01A-2012, NHS Group 1 CCG: Who can read this application"
    assert f"{voice(walk)} reads CCG-01A-2012 because they hold the Coalition representative seat" in page.words
    assert "Who can read this application, and why" in Reader(person).get("/applications/CCG-01A-2012/").links


@pytest.mark.parametrize("who", ["assessor", "director", "voice", "officer_1", "outsider"])
def test_readers_are_not_listed_for_others(walk, who):
    person = walk.world.people[who]
    assert read(walk, person).status == 403
    with clock.at(walk.now):
        assert Reader(person).get("/applications/CCG-99Z-2012/readers/").status == 403
        assert "Who can read this" not in Reader(person).get("/applications/CCG-01A-2012/").html


def test_readers_of_no_case_are_not_found(walk):
    assert Reader(walk.world.auditor).get("/applications/CCG-99Z-2012/readers/").status == 404


def test_readers_answers_for_one_person(walk):
    auditor = walk.world.auditor
    assert "Yes. Voice reads CCG-01A-2012 because they hold" in read(walk, auditor, who="voice").words
    assert "No. Officer 2 does not read CCG-01A-2012: no post" in read(walk, auditor, who="Officer 2").words
    assert "Nobody is called “Nemo”." in read(walk, auditor, who="Nemo").words
    assert "There are more people of that name" in read(walk, auditor, who="e").words


def test_readers_cost_the_same_for_few_and_for_many(walk):
    def cost(**query):
        with CaptureQueriesContext(connection) as made:
            read(walk, walk.world.auditor, **query)
        return len(made)

    cost()
    before, ten = cost(), cost(who="e")
    with clock.at(walk.now):
        another(walk)
    assert (cost(), cost(who="e")) == (before, ten)
