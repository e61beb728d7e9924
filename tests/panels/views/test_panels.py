"""Panels on their pages: who sits, what stands in the way, and what chair and secretariat do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from authorisation.enums import Stage
from panels.actions.items import Said
from panels.actions.sittings import close_sitting
from panels.models import Appointment, Declaration, DisinterestCheck, Item, Panel, Sitting, Stance
from tests.factories import Walk, convened, days, opened, sitting_on
from tests.factories.pages import Page, Reader
from tests.factories.panels import spoken


@pytest.fixture
def walk(world):
    """A case before moderation, its panel seated but for the Coalition's answer."""
    made = Walk(world).to(Stage.MODERATION)
    with clock.at(made.now):
        made.meeting = sitting_on(world, "moderation", [made.case])
    return made


def address(walk, tail=""):
    return f"/panels/{walk.meeting.panel.ref}/{tail}"


def who(walk, name):
    """The person of that name, or whoever sits for them, on the panel at hand."""
    return walk.meeting.of(name).person


def do(walk, person, tail, **given):
    with clock.at(walk.now):
        return Reader(person).send(address(walk, tail), **given)


def test_panels_names_the_coalition_representative_of_each(walk):
    page = Reader(walk.world.outsider).get("/panels/")
    assert page.heading == "Panels"
    assert "Voice, NHS Alliance" in page.words
    assert page.links["moderation panel"] == address(walk)


def test_panels_marks_one_without_its_coalition_representative(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        sitting_on(world, "moderation", [walk.case], voices=())
    assert "None yet" in Reader(world.secretary).get("/panels/", kind="moderation").words


def test_panels_can_be_narrowed_to_mine(walk):
    assert "moderation panel" in Reader(who(walk, "voice")).get("/panels/", mine="1").words
    assert "No panel fits." in Reader(walk.world.outsider).get("/panels/", mine="1").words


def test_panels_cost_the_same_for_one_and_for_three(walk):
    def cost():
        reader = Reader(walk.world.auditor)
        reader.get("/panels/")
        with CaptureQueriesContext(connection) as asked:
            reader.get("/panels/")
        return len(asked)

    once = cost()
    for ccg in ("02A", "03A"):
        Walk(walk.world, ccg=ccg).to(Stage.CONDITIONS_PANEL)
    assert cost() == once


def test_panel_says_what_stands_in_the_way(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], voices=())
        page = Reader(world.secretary).get(address(walk))
    assert "Coalition representative: 0 of 1 accepted." in page.words
    with clock.at(walk.now):
        refused = Reader(world.secretary).refused(address(walk, f"do/convene/{walk.meeting.sitting.pk}/"))
    assert refused.status == 422
    assert "cannot be convened. Coalition representative: 0 of 1 accepted." in refused.words
    assert Sitting.objects.get(pk=walk.meeting.sitting.pk).convened_at is None


def test_panel_shows_composition_to_all_and_outcomes_to_those_who_may_read(world):
    walk = Walk(world).to(Stage.SIGN_OFF)
    walk.meeting = walk.meetings["moderation"]
    for name, may in (("auditor", True), ("voice", True), ("outsider", False), ("officer_2", False)):
        page = Reader(world.people[name]).get(address(walk))
        assert "NHS Alliance" in page.words
        assert ("What the evidence shows." in page.words) is may
        assert ("Clear of every test." in page.words) is may
        assert ("What happens to this case is not open to you." in page.words) is not may


def test_panel_says_nothing_to_the_applicant_before_the_letter(world):
    """What the case's own page keeps back is not to be read one page further on."""
    walk = Walk(world, unmet=()).to(Stage.LETTER)
    pages = [address(walk) for walk.meeting in walk.meetings.values()]
    for page in pages:
        assert "What the evidence shows." in Reader(world.secretary).get(page).words
        assert "What the evidence shows." not in Reader(world.officer_1).get(page).words
        assert "Concur" not in Reader(world.officer_1).get(page).html
    walk.to(Stage.PUBLICATION)
    assert all("What the evidence shows." in Reader(world.officer_1).get(page).words for page in pages)


@pytest.mark.parametrize("ref", ["PAN-9999", "PAN-x", "other", "PAN-99999999999999999999"])
def test_panel_unknown_is_not_found(walk, ref):
    assert Reader(walk.world.secretary).get(f"/panels/{ref}/").status == 404


def test_seat_accepted_with_a_nil_declaration(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], accept=False)
    voice = walk.meeting.members["voice"]
    assert do(walk, who(walk, "voice"), f"answer/{voice.pk}/", answer="nil").status_code == 302
    assert Appointment.objects.get(pk=voice.pk).state == "accepted"
    assert Declaration.objects.get(person=who(walk, "voice"), panel=walk.meeting.panel).nil


def test_declaration_renewed_by_the_member_before_it_is_too_old(walk):
    walk.wait(days(29))
    voice = walk.meeting.members["voice"]
    with clock.at(walk.now):
        link = Reader(who(walk, "voice")).get(address(walk)).links["Renew your declaration"]
        assert "Renew your declaration" not in Reader(walk.world.secretary).get(address(walk)).links
    assert link == address(walk, f"answer/{voice.pk}/")
    assert do(walk, who(walk, "chair"), f"answer/{voice.pk}/", answer="nil").status_code == 403
    given = {"answer": "declare", "kind-1": "statement", "code-1": "01A", "statement-1": "I praised it."}
    assert do(walk, who(walk, "voice"), f"answer/{voice.pk}/", **given).status_code == 302
    lines = Declaration.objects.filter(person=who(walk, "voice"), panel=walk.meeting.panel).order_by("pk")
    assert list(lines.values_list("nil", flat=True)) == [True, False]
    newest = DisinterestCheck.objects.filter(appointment=voice).latest("pk")
    assert (newest.moment, newest.effect) == ("declared", "declare_only")


def test_member_leaves_the_room_by_themselves_and_sends_nobody_else_out(walk):
    with clock.at(walk.now):
        item = opened(convened(walk.meeting), walk.case)
        link = Reader(who(walk, "lay")).get(address(walk)).links["Leave the room for CCG-01A-2012"]
        assert link == address(walk, f"do/recuse/{item.pk}/")
        assert "Leave the room for CCG-01A-2012" not in Reader(walk.world.auditor).get(address(walk)).links
    tail, voice = f"do/recuse/{item.pk}/", walk.meeting.members["voice"]
    assert do(walk, who(walk, "lay"), tail, member=str(voice.pk), reason="Away with them.").status_code == 422
    assert do(walk, who(walk, "lay"), tail, reason="A friend of the chair.").status_code == 302
    assert list(item.recusals.values_list("appointment__person", flat=True)) == [who(walk, "lay").pk]
    with clock.at(walk.now):
        assert Reader(walk.world.auditor).get(address(walk, tail)).status == 403


@pytest.fixture
def offered(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], accept=False)
    walk.tail = f"answer/{walk.meeting.members['voice'].pk}/"
    return walk


def test_seat_accepted_with_an_interest_declared(offered):
    given = {"answer": "declare", "kind-1": "statement", "code-1": "01a", "statement-1": "I praised it once."}
    assert do(offered, who(offered, "voice"), offered.tail, **given).status_code == 302
    line = Declaration.objects.get(person=who(offered, "voice"), panel=offered.meeting.panel)
    assert (line.kind, line.organisation.code, line.statement) == ("statement", "01A", "I praised it once.")


def test_declaration_that_bars_from_every_case_is_recorded_and_said_so(offered):
    given = {"answer": "declare", "kind-1": "post", "code-1": "01A", "statement-1": "I advise it."}
    with clock.at(offered.now):
        reader = Reader(who(offered, "voice"))
        answered = reader.send(address(offered, offered.tail), **given)
        page = reader.get(answered.url)
    assert (answered.status_code, page.status) == (302, 200)
    assert (
        "✓ Your declaration is recorded. It keeps you from every case before this panel "
        "(Barred by D1: declared an interest in 01A itself), so the seat is free for somebody else."
    ) in page.words
    assert Appointment.objects.get(pk=offered.meeting.members["voice"].pk).state == "declined"
    assert Declaration.objects.get(person=who(offered, "voice"), panel=offered.meeting.panel).organisation.code == "01A"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Choose whether you take the seat"),
        ({"answer": "declare"}, "Choose a kind of interest, or say that you have nothing to declare"),
        ({"answer": "nil", "kind-1": "other"}, "You entered an interest: declare it, or clear its boxes"),
        ({"answer": "declare", "kind-1": "post", "code-1": "ZZZ"}, "No organisation has the code ZZZ"),
        ({"answer": "declare", "statement-2": "What?"}, "Choose the kind of this interest"),
    ],
)
def test_seat_answer_refused_says_why_and_keeps_it(offered, given, told):
    page = Page(do(offered, who(offered, "voice"), offered.tail, **given))
    assert page.status == 422
    assert told in page.words
    assert {name: page.fields[name] for name in given if name != "answer"} == {
        name: [value] for name, value in given.items() if name != "answer"
    }
    assert not Declaration.objects.filter(person=who(offered, "voice"), panel=offered.meeting.panel).exists()


def test_seat_declined_is_free_again(offered):
    assert do(offered, who(offered, "voice"), offered.tail, answer="decline", reason="Away.").status_code == 302
    page = Reader(offered.world.secretary).get(address(offered))
    assert "Nobody holds it." in page.words


def test_seat_of_another_is_not_mine_to_answer(offered):
    page = Reader(who(offered, "lay")).get(address(offered, offered.tail))
    assert page.status == 403
    assert "Only the person proposed may accept or decline a seat" in page.words


def test_seat_offered_by_the_secretariat_on_a_nomination(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], voices=())
    seat = walk.meeting.panel.seats.get(kind="coalition_representative", required=True)
    nomination = str(world.nominations["other_voice"].pk)
    assert do(walk, world.secretary, f"seat/{seat.number}/", nomination=nomination).status_code == 302
    assert Appointment.objects.get(seat=seat).person == world.other_voice
    assert Reader(world.chair).get(address(walk, f"seat/{seat.number}/")).status == 403


def test_seat_refused_to_somebody_barred_names_the_test(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], voices=())
    seat = walk.meeting.panel.seats.get(kind="coalition_representative", required=True)
    nomination = str(world.nominations["near_voice"].pk)
    page = Page(do(walk, world.secretary, f"seat/{seat.number}/", nomination=nomination))
    assert page.status == 422
    assert "Barred by D4" in page.words


def test_sitting_from_convening_to_closing_on_its_pages(walk):
    world, sitting, item = walk.world, walk.meeting.sitting, walk.meeting.item(walk.case)
    everybody = [str(each.pk) for each in walk.meeting.everybody]
    assert do(walk, who(walk, "chair"), f"do/convene/{sitting.pk}/").status_code == 302
    assert do(walk, who(walk, "chair"), f"do/open/{item.pk}/", present=everybody).status_code == 302
    with clock.at(walk.now):
        spoken(item, lay=Said(Stance.DISSENT, "Too soon."))
    given = {"outcome": "conditional", "reasons": "Agreed."}
    assert do(walk, who(walk, "chair"), f"do/decide/{item.pk}/", **given).status_code == 302
    assert do(walk, who(walk, "chair"), f"do/close/{sitting.pk}/").status_code == 302
    page = Reader(world.auditor).get(address(walk))
    assert "Authorised with conditions. Agreed." in page.words
    assert "Too soon." in page.words
    assert Item.objects.get(pk=item.pk).outcome.composition.sha256 in page.words


def test_recusal_that_empties_the_coalition_seat_stops_the_item(walk):
    world, item = walk.world, walk.meeting.item(walk.case)
    with clock.at(walk.now):
        opened(convened(walk.meeting), walk.case)
    voice = str(walk.meeting.members["voice"].pk)
    told = {"member": voice, "reason": "A friend works there."}
    by_another = Page(do(walk, who(walk, "chair"), f"do/recuse/{item.pk}/", **told))
    assert (by_another.status, "only they themselves may leave" in by_another.words) == (422, True)
    assert do(walk, who(walk, "voice"), f"do/recuse/{item.pk}/", **told).status_code == 302
    page = Reader(world.auditor).get(address(walk))
    assert "The item has stopped" in page.words
    assert "A friend works there." in page.words
    assert Reader(who(walk, "voice")).get(address(walk)).words.count("A friend works there.") == 0


def test_item_without_the_coalition_representative_is_refused_in_words(walk):
    item = walk.meeting.item(walk.case)
    with clock.at(walk.now):
        convened(walk.meeting)
    here = [str(each.pk) for each in walk.meeting.everybody if each.person != who(walk, "voice")]
    page = Page(do(walk, who(walk, "chair"), f"do/open/{item.pk}/", present=here))
    assert page.status == 422
    assert "No Coalition representative is present" in page.words
    assert Item.objects.get(pk=item.pk).state == "listed"


def test_member_stands_down(walk):
    lay = walk.meeting.members["lay"]
    assert do(walk, walk.world.secretary, f"do/stand-down/{lay.pk}/", reason="Unwell.").status_code == 302
    assert Appointment.objects.get(pk=lay.pk).state == "stood_down"


@pytest.mark.parametrize("deed", ["convene", "close"])
def test_sitting_is_run_by_chair_and_secretariat_alone(walk, deed):
    page = Reader(who(walk, "lay")).get(address(walk, f"do/{deed}/{walk.meeting.sitting.pk}/"))
    assert page.status == 403


def test_deed_unknown_is_not_found(walk):
    assert Reader(walk.world.secretary).get(address(walk, "do/nothing/1/")).status == 404
    assert Reader(walk.world.secretary).get(address(walk, "do/open/999999/")).status == 404


def test_panel_proposed_and_sitting_listed(world):
    walk = Walk(world).to(Stage.MODERATION)
    reader = Reader(world.secretary)
    with clock.at(walk.now):
        assert reader.send("/panels/new/", kind="moderation", name="Moderation, wave 1").status_code == 302
        panel = Panel.objects.latest("pk")
        day = {"on_0": "5", "on_1": "7", "on_2": "2012"}
        listed = reader.send(f"/panels/{panel.ref}/list-sitting/", **day, cases=["CCG-01A-2012"], place="Leeds")
    assert listed.status_code == 302
    sitting = panel.sittings.get()
    assert (f"{sitting.on}", sitting.place) == ("2012-07-05", "Leeds")
    assert [item.case_ref for item in sitting.items.all()] == ["CCG-01A-2012"]


def test_case_left_undecided_when_a_sitting_closed_can_be_listed_again(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = convened(sitting_on(world, "moderation", [walk.case]))
        assert "No case is at the stage" in Reader(world.secretary).get(address(walk, "list-sitting/")).words
        close_sitting(sitting=walk.meeting.sitting, by=world.secretary)
        day = {"on_0": "5", "on_1": "7", "on_2": "2012"}
        listed = do(walk, world.secretary, "list-sitting/", **day, cases=["CCG-01A-2012"])
    assert listed.status_code == 302
    assert Item.objects.filter(case_ref="CCG-01A-2012", panel=walk.meeting.panel).count() == 2


def test_sitting_on_a_day_that_does_not_exist_is_refused(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "conditions", [walk.case])
        page = Page(do(walk, world.secretary, "list-sitting/", on_0="31", on_1="2", on_2="2012"))
    assert page.status == 422
    assert page.links["Enter a real day, such as 5 12 2012"] == "#id_on_0"


@pytest.mark.parametrize("tail", ["list-sitting/", "seat/1/"])
def test_seating_is_for_the_secretariat(walk, tail):
    assert Reader(who(walk, "chair")).get(address(walk, tail)).status == 403
    assert Reader(who(walk, "chair")).get("/panels/new/").status == 403


def test_panel_costs_the_same_for_one_item_and_for_three(world):
    def cost(cases):
        with clock.at(walk.now):
            ref = sitting_on(world, "decision", cases).panel.ref
        reader = Reader(world.auditor)
        reader.get(f"/panels/{ref}/")
        with CaptureQueriesContext(connection) as asked:
            reader.get(f"/panels/{ref}/")
        return len(asked)

    walk, *others = [Walk(world, ccg=ccg) for ccg in ("01A", "02A", "03A")]
    assert cost([walk.case]) == cost([walk.case, *(other.case for other in others)])
