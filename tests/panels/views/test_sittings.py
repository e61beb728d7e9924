"""The page of a sitting and its minutes: what it asks of the database, and what it keeps from whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from panels.actions import items, seats, sittings
from panels.actions.minutes import sign_minutes
from panels.models import Panel, Position, Recusal, Stance
from tests.factories import Walk, convened, decide, london, opened, sitting_on, spoken

pytestmark = pytest.mark.django_db
NOW = london(2012, 6, 4)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def meeting(world, case):
    return convened(sitting_on(world, "moderation", [case]))


@pytest.fixture
def item(meeting, case):
    return opened(meeting, case)


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")


def path(meeting, kind="sitting"):
    return f"/panels/{meeting.panel.ref}/{kind}/{meeting.sitting.pk}/"


def shown(client, meeting, **options):
    answer = client.get(path(meeting), **options)
    assert answer.status_code == 200
    return answer.content.decode()


def version(meeting):
    return Panel.objects.get(pk=meeting.panel.pk).audit_seq


def test_page_that_is_up_to_date_costs_one_query_more_than_knowing_who_asks(client, world, meeting, item):
    sign_in(client, world.lay)
    client.get(path(meeting))
    seq = version(meeting)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"{path(meeting)}?seq={seq}", **HTMX)
    assert (answer.status_code, answer.content) == (204, b"")
    tables = [each["sql"].partition(" FROM ")[2].split()[0].strip('"') for each in asked if " FROM " in each["sql"]]
    assert tables == ["django_session", "directory_person", "panels_panel"]


def test_page_costs_the_same_for_more_cases(client, world, case):
    def count(meeting):
        sign_in(client, world.secretary)
        client.get(path(meeting))
        with CaptureQueriesContext(connection) as asked:
            shown(client, meeting)
        return len(asked)

    one = sitting_on(world, "moderation", [case], accept=False)
    others = [Walk(world, ccg=code).case for code in ("03A", "04A")]
    assert count(sitting_on(world, "moderation", [case, *others], accept=False)) == count(one)


def test_fragment_holds_the_state_and_the_form_only_when_it_is_another(client, world, meeting, item):
    sign_in(client, world.lay)
    page = shown(client, meeting)
    assert page.count('id="act"') == page.count('id="live"') == 1
    assert f"form={item.pk}" in page
    part = shown(client, meeting, data={"seq": 1, "form": item.pk}, **HTMX)
    assert 'id="live"' in part
    assert 'id="act"' not in part
    assert "<html" not in part
    items.recuse(item=item, appointment=meeting.of("lay"), reason="Friend", by=world.secretary)
    part = shown(client, meeting, data={"seq": 1, "form": item.pk}, **HTMX)
    assert f'id="act-{item.pk}" hx-swap-oob="delete"' in part
    assert "<textarea" not in part
    assert "CCG-01A-2012" not in part


def test_form_of_a_stopped_item_stays_and_another_item_has_its_own(client, world, case):
    other = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, other]))
    item = opened(meeting, case)
    sign_in(client, world.lay)
    items.recuse(item=item, appointment=meeting.of("voice"), reason="Friend", by=meeting.of("voice").person)
    part = shown(client, meeting, data={"seq": 1, "form": item.pk}, **HTMX)
    assert f"form={item.pk}s" in part
    assert f'hx-swap-oob="innerHTML:#act-go-{item.pk}"' in part
    assert "CCG-01A-2012 has stopped. What you typed stays here" in part
    assert "<textarea" not in part
    assert "disabled" in part
    part = shown(client, meeting, data={"seq": 1, "form": f"{item.pk}s"}, **HTMX)
    assert "hx-swap-oob" in part
    assert "#act-go-" not in part
    page = shown(client, meeting)
    assert page.count("<textarea") == 1
    part = shown(client, meeting, data={"seq": 1, "form": "0.x.\u0663"}, **HTMX)
    assert 'hx-swap-oob="beforeend:#act"' in part
    assert part.count("<textarea") == 1


def test_sitting_that_is_over_says_what_was_not_decided(client, world, meeting, item):
    items.recuse(item=item, appointment=meeting.of("voice"), reason="Friend", by=meeting.of("voice").person)
    sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    sign_in(client, world.secretary)
    page = shown(client, meeting)
    assert "Not decided: list the case again for another day." in page
    for gone in ("Who could fill the seat", "The item has stopped", "takes the seat", "Note who leaves", "<textarea"):
        assert gone not in page
    page = client.get(f"/panels/{meeting.panel.ref}/").content.decode()
    assert "Not decided: list the case again for another day." in page
    assert "The item has stopped" not in page


@pytest.mark.parametrize("name", ["officer_1", "outsider", "director"])
def test_nobody_outside_the_room_sees_what_is_said_in_it(client, world, meeting, item, name):
    spoken(item, lay=items.Said(Stance.DISSENT, "Too soon for this group."))
    sign_in(client, world.people[name])
    for options in ({}, HTMX):
        page = shown(client, meeting, **options)
        assert "Too soon" not in page
        assert "Dissented" not in page
        assert "<textarea" not in page


def test_reason_for_leaving_is_on_no_page_of_the_sitting(client, world, meeting, item):
    items.recuse(item=item, appointment=meeting.of("lay"), reason="An old quarrel", by=world.lay)
    for name in ("secretary", "chair", "voice", "auditor"):
        sign_in(client, world.people[name])
        for kind in ("sitting", "minutes"):
            answer = client.get(path(meeting, kind)).content.decode()
            assert "Left the room" in answer or "left the room" in answer
            assert "An old quarrel" not in answer


def test_minutes_give_each_reader_the_cases_they_may_read(client, world, case):
    far = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, far], voices=("near_voice", "voice")))
    decide(meeting, case, "full", lay=items.Said(Stance.DISSENT, "Too soon."))
    decide(meeting, far, "full", lay=items.Said(Stance.DISSENT, "Too late."))
    sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    sign_minutes(sitting=meeting.sitting, by=world.chair)
    sign_in(client, world.near_voice)
    page = client.get(path(meeting, "minutes")).content.decode()
    assert "Too late." in page
    assert "Too soon." not in page
    assert "What happened to this case is not open to you." in page
    assert "The text has changed" not in page
    answer = client.get(f"{path(meeting, 'minutes')}minutes.pdf")
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    sign_in(client, world.voice)
    assert "Too soon." in client.get(path(meeting, "minutes")).content.decode()


def test_member_enters_their_own_position_on_the_page(client, world, meeting, item):
    sign_in(client, world.lay)
    do = f"/panels/{meeting.panel.ref}/do/position/{item.pk}/"
    answer = client.post(do, {"stance": "dissent", "reasons": " "})
    assert answer.status_code == 422
    assert "needs its reasons" in answer.content.decode()
    answer = client.post(do, {"stance": "dissent", "reasons": "Too soon."})
    assert answer["Location"] == path(meeting)
    assert Position.objects.get().entered_by == world.lay
    sign_in(client, world.outsider)
    assert client.get(do).status_code == 403


def test_secretary_enters_for_others_and_the_chair_records_the_outcome(client, world, meeting, item):
    do = f"/panels/{meeting.panel.ref}/do"
    sign_in(client, world.secretary)
    page = client.get(f"{do}/positions/{item.pk}/").content.decode()
    assert "Position of Lay" in page
    assert "Position of Voice" not in page
    names = ("chair", "lay", "clinician", "board_member", "second_board_member")
    client.post(f"{do}/positions/{item.pk}/", {f"stance-{meeting.members[name].pk}": "concur" for name in names})
    sign_in(client, world.voice)
    client.post(f"{do}/position/{item.pk}/", {"stance": "abstain", "reasons": ""})
    sign_in(client, world.secretary)
    answer = client.post(f"{do}/decide/{item.pk}/", {"outcome": "full", "reasons": "So."})
    assert (answer.status_code, "You entered the position of Chair" in answer.content.decode()) == (422, True)
    sign_in(client, world.chair)
    answer = client.post(f"{do}/decide/{item.pk}/", {"outcome": "full", "reasons": "So."})
    assert answer["Location"] == path(meeting)


def test_member_declares_an_interest_at_the_table(client, world, meeting, item, case):
    do = f"/panels/{meeting.panel.ref}/do/declare/{item.pk}/"
    sign_in(client, world.lay)
    given = {"kind": "family", "code": "ZZZ", "statement": "My sister works there."}
    assert "No organisation has the code ZZZ" in client.post(do, given).content.decode()
    answer = client.post(do, {**given, "code": case.ccg.code})
    assert answer["Location"] == path(meeting)
    assert Recusal.objects.get().appointment == meeting.members["lay"]
    assert client.get(do).status_code == 403


def test_whoever_is_not_signed_in_signs_in_first(client, meeting):
    assert client.get(path(meeting)).status_code == 302
    assert client.get(path(meeting), **HTMX)["HX-Refresh"] == "true"


def test_room_reads_which_test_bars_a_member_and_not_why(client, world, meeting, item, case):
    """What she declares of her family is for her, the guardian, the auditors and the secretariat."""
    voice = meeting.of("voice")
    interests = [seats.Interest("family", case.ccg, "My brother.")]
    items.declare_at_table(item=item, appointment=voice, interests=interests, by=voice.person)
    for person, told in ((world.lay, False), (world.chair, False), (world.auditor, True), (world.secretary, True)):
        sign_in(client, person)
        page = shown(client, meeting)
        assert "Barred by D8" in page
        assert ("close family" in page) == told
