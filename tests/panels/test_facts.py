"""The facts of a panel's tests are read from rows, in as many queries for many people and cases as for one."""

from datetime import date

import pytest
from django.utils import timezone

from audit import clock
from directory.actions import posts, ties
from directory.models import PostKind, TieKind
from directory.queries import today
from directory.rows import NewPost, NewTie
from panels import facts, roles
from panels.actions import items, seats
from panels.actions.objections import object_to
from panels.actions.rulings import rule
from panels.models import Declaration, Item
from panels.rules import CaseFacts, Declared, Effect, Objected, PastCase, PostFact, Reciprocal, Role, verdict
from tests.factories import Walk, convened, days, london, opened, sitting_on
from tests.factories.world import BEGIN

NOW = london(2012, 6, 4)


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture(autouse=True)
def _no_sources(monkeypatch):
    monkeypatch.setattr(roles, "_roles", [])
    monkeypatch.setattr(roles, "_named", [])


def hears(world, code="01A", ref="", cycle=2012):
    """An item as it would be listed."""
    return Item(organisation=world.organisations[code], case_ref=ref or f"CCG-{code}-{cycle}", cycle=cycle)


def tied(world, kind, one, other):
    row = NewTie(kind=kind, one=world.organisations[one], other=world.organisations[other], starts=BEGIN)
    ties.add_many(ties=[row], by="system")


def member(panel, person, *listed, **more):
    return facts.read(panel, [person.pk], listed, today(), **more).members[person.pk]


def test_posts_are_read_with_the_kind_and_the_parent_of_their_place(world, case):
    panel = sitting_on(world, "moderation", [case]).panel
    (post,) = member(panel, world.near_voice, hears(world)).posts
    assert post == PostFact("02A", "ccg", "governing_body_member", BEGIN, None, "AT1")
    (post,) = member(panel, world.secretary, hears(world)).posts
    assert (post.organisation_kind, post.parent) == ("board", "")


def test_case_is_read_with_its_ties_its_parent_and_its_provider_mates(world, case):
    tied(world, TieKind.MAIN_PROVIDER, "H01", "05A")
    roles.register_named(lambda refs: [(ref, "06A") for ref in refs if ref == "CCG-01A-2012"])
    listed = [hears(world), hears(world, "05A"), hears(world, "03A")]
    found = facts.case_facts(listed, today())
    assert found["CCG-01A-2012"] == CaseFacts(
        "01A",
        ref="CCG-01A-2012",
        cycle=2012,
        parent="AT1",
        neighbours=frozenset({"02A"}),
        practices=frozenset({"P01"}),
        sharers=frozenset({"04A"}),
        supporters=frozenset({"S01"}),
        providers=frozenset({"H01"}),
        provider_mates={"05A": "H01"},
        named=frozenset({"06A"}),
    )
    assert found["CCG-05A-2012"].provider_mates == {"01A": "H01"}
    assert (found["CCG-03A-2012"].provider_mates, found["CCG-03A-2012"].named) == ({}, frozenset())
    before = facts.case_facts(listed, BEGIN - days(1))["CCG-01A-2012"]
    assert (before.neighbours, before.provider_mates) == (frozenset(), {})


def test_declared_interests_keep_their_dates_and_the_newest_declaration_counts(world, case):
    meeting = sitting_on(world, "moderation", [case])
    near = world.organisations["03A"]
    said = seats.Interest("post", near, "", date(2010, 1, 1), date(2011, 1, 1))
    with clock.at(NOW + days(3)):
        seats.declare_again(appointment=meeting.of("lay"), by=world.lay, interests=[said])
    known = member(meeting.panel, world.lay, hears(world))
    at = timezone.localtime(NOW + days(3))
    assert known.declared_at == at
    assert known.declared == {Declared("post", "03A", date(2010, 1, 1), date(2011, 1, 1), at, "ccg", "AT1")}
    assert Declaration.objects.filter(person=world.lay).count() == 2


def test_interests_declared_now_count_before_they_are_stored(world, case):
    panel = sitting_on(world, "moderation", [case], accept=False).panel
    new = [facts.interest("own", world.organisations["02A"])]
    known = member(panel, world.lay, hears(world), new=new)
    assert (known.declared_at, known.declared) == (timezone.localtime(NOW), frozenset(new))
    assert member(panel, world.lay, hears(world), new=()).declared_at == timezone.localtime(NOW)
    assert member(panel, world.lay, hears(world)).declared_at is None


def sat(world, case, *, kind="moderation"):
    """A panel of a kind that has begun on a case."""
    meeting = convened(sitting_on(world, kind, [case]))
    return meeting, opened(meeting, case)


def test_whoever_was_in_the_room_took_part_at_that_tier(world, case):
    meeting, item = sat(world, case)
    known = facts.read(meeting.panel, [world.lay.pk, world.secretary.pk], [item], today()).members
    assert known[world.lay.pk].roles == {Role("moderation", case.ref, today())}
    assert known[world.lay.pk].past == {PastCase("01A", case.ref, item.cycle, today())}
    assert (known[world.secretary.pk].roles, known[world.secretary.pk].past) == (frozenset(), frozenset())
    decision = sitting_on(world, "decision", [case], accept=False, without=["chair", "lay", "clinician", "voice"])
    answers = facts.read(decision.panel, [world.lay.pk], [item], today()).answers(
        "lay", world.lay.pk, item, NOW, declared=False
    )
    assert verdict(answers).sentence == f"Barred by D9: took part in moderation of {case.ref} on 4 June 2012."


def test_review_is_no_tier_and_a_past_case_all_the_same(world, case):
    meeting, item = sat(world, case, kind="review")
    known = member(meeting.panel, world.chair, item)
    assert (known.roles, len(known.past)) == (frozenset(), 1)


def test_whoever_had_to_leave_as_the_item_opened_took_no_part(world, case):
    near = Walk(world, ccg="04A").case
    meeting = sitting_on(world, "moderation", [case, near])
    bar = seats.Interest("own", world.organisations["01A"])
    seats.declare_again(appointment=meeting.of("lay"), by=world.lay, interests=[bar])
    item = opened(convened(meeting), case)
    assert item.recusals.count() == 1
    assert member(meeting.panel, world.lay, item).past == frozenset()


def test_whoever_left_later_did_take_part(world, case):
    meeting, item = sat(world, case)
    items.recuse(item=item, appointment=meeting.of("lay"), reason="An interest came to mind.", by=world.lay)
    assert member(meeting.panel, world.lay, item).roles == {Role("moderation", case.ref, today())}


def test_parts_taken_above_panels_come_from_their_sources(world, case):
    def source(people, refs):
        return [(world.lay.pk, ref, "desk_top", today()) for ref in refs if world.lay.pk in people]

    roles.register(source)
    roles.register(source)
    panel = sitting_on(world, "moderation", [case], accept=False, without=["lay"]).panel
    item = hears(world, ref=case.ref)
    known = facts.read(panel, [world.lay.pk], [item], today())
    assert known.members[world.lay.pk].roles == {Role("desk_top", case.ref, today())}
    answers = known.answers("lay", world.lay.pk, item, NOW, declared=False)
    assert verdict(answers).rule == "D9"


def test_seat_over_ones_own_organisation_is_reciprocal(world, case):
    """The voice is of 05A and sits on 01A: whoever is of 01A may not sit on 05A in that cycle."""
    meeting = sitting_on(world, "moderation", [case])
    cycle = meeting.item(case).cycle
    far, officer = Walk(world, ccg="05A").case, world.officer("01A")
    other = sitting_on(world, "moderation", [far], on=today() + days(1), accept=False, voices=()).panel
    asked = hears(world, "05A", cycle=cycle)
    assert member(other, officer, asked).judged_by == {Reciprocal("05A", "01A", cycle)}
    assert member(other, world.officer("03A"), asked).judged_by == frozenset()
    assert member(other, officer, hears(world, "05A", cycle=cycle + 1)).judged_by == frozenset()
    declares = [facts.interest("own", world.organisations["01A"])]
    assert len(member(other, world.lay, asked, new=declares).judged_by) == 1
    known = facts.read(other, [officer.pk], [asked], today())
    assert verdict(known.answers("lay", officer.pk, asked, NOW, declared=False)).rule == "D11"


def test_seat_given_up_before_it_was_used_is_not_reciprocal(world, case):
    meeting = sitting_on(world, "moderation", [case])
    asked = hears(world, "05A", cycle=meeting.item(case).cycle)
    assert len(member(meeting.panel, world.officer("01A"), asked).judged_by) == 1
    seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="No time.")
    assert member(meeting.panel, world.officer("01A"), asked).judged_by == frozenset()


def test_objections_are_read_for_the_person_and_the_panel(world, case):
    meeting = sitting_on(world, "moderation", [case])
    made = object_to(
        panel=meeting.panel,
        person=world.lay,
        case_ref=case.ref,
        kind="other",
        statement="They wrote about us.",
        by=world.officer("01A"),
    )
    rulings, objections = facts.rulings_and_objections(meeting.panel, [world.lay.pk, world.chair.pk])
    assert rulings == {}
    assert objections == {world.lay.pk: [Objected(made.pk, "01A", case.ref, timezone.localtime(NOW))]}
    item = meeting.item(case)
    known = facts.read(meeting.panel, [world.lay.pk], [item], today())
    decisive = verdict(known.answers("lay", world.lay.pk, item, NOW, declared=True))
    assert (decisive.rule, decisive.effect) == ("OB", Effect.DECLARE_ONLY)


def test_rulings_change_what_the_tests_answer(world, case):
    near = NewPost(person=world.lay, organisation=world.organisations["02A"], kind=PostKind.EMPLOYEE, starts=BEGIN)
    posts.add_many(posts=[near], by="system")
    meeting = sitting_on(world, "moderation", [case])
    item = meeting.item(case)

    def decisive():
        known = facts.read(meeting.panel, [world.lay.pk], [item], today())
        return verdict(known.answers("lay", world.lay.pk, item, NOW, declared=True))

    assert (decisive().rule, decisive().effect) == ("D4", Effect.DECLARE_ONLY)
    rule(
        panel=meeting.panel,
        person=world.lay,
        organisation=world.organisations["01A"],
        rule="D4",
        verdict="dismissed",
        effect="clear",
        reason="They left it in all but name.",
        by=world.guardian,
    )
    assert decisive().effect is Effect.CLEAR


def test_many_people_and_cases_cost_as_many_queries_as_one(world, case, django_assert_num_queries):
    roles.register_named(lambda refs: [])
    meeting, item = sat(world, case)
    people = [person.pk for person in world.people.values()]
    listed = [item, hears(world, "02A"), hears(world, "03A")]
    for some, cases in (([world.lay.pk], [item]), (people, [item]), (people, listed)):
        with django_assert_num_queries(10):
            known = facts.read(meeting.panel, some, cases, today())
            for person in some:
                for each in cases:
                    known.answers("lay", person, each, NOW, declared=True)
