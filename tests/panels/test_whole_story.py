"""Issue 3 as one story on the pages: a panel is built, refused with reasons, mended, convened and decided, and audited.

Its Coalition representative declares an interest late, at the table; her alternate takes the seat; somebody dissents.
"""

import pytest

from audit import clock
from authorisation.enums import Stage
from directory.models import Message
from panels.models import Appointment, Item, Panel, Refusal, Sitting
from tests.factories import Walk, days, london
from tests.factories.pages import Page, Reader
from tests.panels.actions.steps import nothing_broken

pytestmark = pytest.mark.django_db
# Who is offered which seat: nobody who sat on the visit. The Coalition's come on a nomination.
MEMBERS = {"chair": "chair_two", "board_member": "board_member", "clinician": "clinician_two", "lay": "lay_two"}


class Story:
    """What each person does on the pages, in order, on a clock that stands at the day."""

    def __init__(self, world):
        self.world, self.walk = world, Walk(world).to(Stage.MODERATION)
        self.now, self.case = max(self.walk.now, london(2012, 7, 3)), self.walk.case
        for name in ("chair", "clinician", "lay"):
            world.add_like(name, f"{name}_two")

    def read(self, who, /, tail="", **query):
        with clock.at(self.now):
            return Reader(self.world.people[who]).get(self.path(tail), **query)

    def send(self, who, /, tail="", **given):
        """Fill in the page and send it: what the person then reads, whether done or refused."""
        with clock.at(self.now):
            reader = Reader(self.world.people[who])
            answer = reader.send(self.path(tail), **given)
            return Page(answer) if answer.status_code != 302 else reader.get(answer.url)

    def path(self, tail):
        return tail if tail.startswith("/") else f"/panels/{self.panel.ref}/{tail}"

    @property
    def panel(self):
        return Panel.objects.filter(title="Moderation of wave 1").get()

    @property
    def sitting(self):
        return Sitting.objects.get(panel=self.panel)

    @property
    def item(self):
        return Item.objects.get(panel=self.panel)

    def place(self, name):
        return Appointment.objects.get(panel=self.panel, person=self.world.people[name])

    def seat(self, kind):
        return self.panel.seats.filter(kind=kind).order_by("number")[0].number

    def offers(self, kind, name, tail=""):
        """The secretary offers a seat, on a nomination where it is the Coalition's."""
        person = self.world.people[name]
        given = {"person": str(person.pk), "body": str(self.world.organisations["BOARD"].pk)}
        if kind == "coalition_representative":
            given = {"nomination": str(self.world.nominations[name].pk)}
        return self.send("secretary", f"seat/{self.seat(kind)}/{tail}", **given)


@pytest.fixture
def story(world):
    return Story(world)


def builds(story):
    """The secretary proposes the panel and lists its day; she is refused what cannot be."""
    story.send("secretary", "/panels/new/", kind="moderation", name="Moderation of wave 1", ruleset="small")
    day = (story.now + days(1)).date()
    on = {"on_0": str(day.day), "on_1": str(day.month), "on_2": str(day.year)}
    listed = story.send("secretary", "list-sitting/", **on, cases=[story.case.ref])
    assert listed.status == 200, listed.words
    for kind, name in MEMBERS.items():
        offered = story.offers(kind, name)
        assert offered.status == 200, offered.words
    refused = story.offers("coalition_representative", "near_voice")
    assert refused.status == 422
    assert "Near Voice cannot take the seat of Coalition representative. Barred by D4" in refused.words
    shut = story.send("secretary", "confirm/")
    assert (shut.status, "Coalition representative: 0 of 1 accepted." in shut.words) == (422, True)


def mends(story):
    """Somebody clear is offered the seat, and an alternate; all are invited by message, declare and accept."""
    story.offers("coalition_representative", "spare_voice")
    story.offers("coalition_representative", "other_voice", "alternate/")
    asked = story.read("secretary", "invite/").fields["who"]
    story.send("secretary", "invite/", who=asked)
    early = story.send("secretary", "confirm/")
    assert (early.status, "Spare Voice is invited and has not answered." in early.words) == (422, True)
    for name in (*MEMBERS.values(), "spare_voice", "other_voice"):
        told = Message.objects.get(to=story.world.people[name], kind="panel.invited")
        assert told.subject == f"You are asked to sit on {story.panel.ref}"
        papers = story.path(f"/applications/{story.case.ref}/")
        assert story.read(name, papers).status == 404
        page = story.send(name, told.link, answer="nil")
        assert page.status == 200
        assert story.read(name, papers).status == 200
    assert story.send("secretary", "confirm/").status == 200
    assert story.panel.state == "confirmed"


def convenes(story):
    """Not before its day; on it, the item opens with her in the room and her alternate outside."""
    tail = f"do/convene/{story.sitting.pk}/"
    early = story.send("chair_two", tail)
    assert (early.status, "can be convened on that day, not before." in early.words) == (422, True)
    story.now += days(1)
    assert story.send("chair_two", tail).status == 200
    here = [str(story.place(name).pk) for name in (*MEMBERS.values(), "spare_voice", "other_voice")]
    both = story.send("chair_two", f"do/open/{story.item.pk}/", present=here)
    assert (both.status, "Spare Voice and Other Voice cannot both sit in the seat" in both.words) == (422, True)
    assert story.send("chair_two", f"do/open/{story.item.pk}/", present=here[:-1]).status == 200
    assert story.item.state == "open"


def declares_late(story):
    """She leaves, the item stops, nobody decides it; it says who could fill the seat, and her alternate comes."""
    given = {"kind": "family", "code": "01A", "statement": "My brother is to chair it."}
    assert story.send("spare_voice", f"do/declare/{story.item.pk}/", **given).status == 200
    assert story.item.state == "stopped"
    assert story.read("spare_voice", f"/applications/{story.case.ref}/").status == 404
    waiting = story.read("secretary", f"sitting/{story.sitting.pk}/")
    assert "Other Voice" in waiting.words
    decided = story.send("chair_two", f"do/decide/{story.item.pk}/", outcome="conditional", reasons="So.")
    assert (decided.status, "this needs it to be open" in decided.words) == (422, True)
    back = story.send("secretary", f"do/arrive/{story.item.pk}/", member=str(story.place("spare_voice").pk))
    assert back.status == 422
    arrived = story.send("secretary", f"do/arrive/{story.item.pk}/", member=str(story.place("other_voice").pk))
    assert (arrived.status, story.item.state) == (200, "open")


def decides(story):
    """Each enters their own position; one dissents, with reasons; the chair records what was carried."""
    for name in (*MEMBERS.values(), "other_voice"):
        if name == "other_voice":
            early = story.send("secretary", f"do/decide/{story.item.pk}/", outcome="conditional", reasons="So.")
            assert (early.status, "The position of Other Voice" in early.words) == (422, True)
        dissents = {"stance": "dissent", "reasons": "The plan has no money."}
        said = dissents if name == "lay_two" else {"stance": "concur", "reasons": ""}
        assert story.send(name, f"do/position/{story.item.pk}/", **said).status == 200
    given = {"outcome": "conditional", "reasons": "One criterion is not shown."}
    assert story.send("chair_two", f"do/decide/{story.item.pk}/", **given).status == 200
    assert story.item.state == "closed"


def rows_of(page):
    """Every row of every table, as one line of words."""
    return page.text("tr")


def is_audited(story):
    """At that moment: who sat in which seat, why they were allowed to, and who was refused, and why."""
    page = story.read("auditor", f"/audit/panels/{story.panel.ref}/", on=story.now.date().isoformat())
    rows = rows_of(page)
    alternate = next(each for each in rows if "Other Voice" in each and "Yes, votes" in each)
    assert "National Association of Primary Care" in alternate
    assert "Concur" in alternate
    assert "Clear of every test." in alternate
    left = next(each for each in rows if "Left the room" in each)
    assert left.startswith(("Seat Coalition representative", "Coalition representative"))
    assert "Declared an interest at the table: NHS Group 1 CCG." in left
    dissent = next(each for each in rows if "Dissent" in each)
    assert "Lay Two" in dissent
    assert "The plan has no money." in dissent
    kept = list(Refusal.objects.filter(panel=story.panel).order_by("pk"))
    assert {each.act for each in kept} >= {"fill_seats", "confirm_panel", "convene", "open_item", "decide_item"}
    assert "Near Voice cannot take the seat of Coalition representative. Barred by D4" in page.words
    assert all(each.sentence in page.words for each in kept)
    before = story.read("auditor", f"/audit/panels/{story.panel.ref}/", after=kept[0].event.stream_seq)
    assert "Near Voice cannot take the seat" in before.words
    assert not [each for each in rows_of(before) if "Other Voice" in each]


def test_panel_is_built_refused_mended_convened_decided_and_audited(story):
    for part in (builds, mends, convenes, declares_late, decides, is_audited):
        part(story)
    with clock.at(story.now):
        nothing_broken()
