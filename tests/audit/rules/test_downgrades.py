"""What whoever holds the key may leave out, say twice or say themselves, to be judged less strictly: each is named."""

from copy import deepcopy

import pytest

from tests.audit.rules.altering import (
    VOICE,
    Ways,
    check,
    count_again,
    decided,
    names,
    on_panel,
    panel,
    row,
    rows,
    said_by,
    silence,
)
from tests.audit.rules.story import Entry, Story, recomposed

# The history comes from a database; what is said of it does not depend on which.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
WAYS = Ways()
breach = WAYS.breach
NEW = "99999999-9999-4999-8999-999999999999"


def again(entry: Entry, **changes) -> Entry:
    """The same once more, without what was private."""
    return Entry({**deepcopy(entry.document), "private": {}, **changes})


def nomination(story: Story) -> Entry:
    return story.last("person.nominated", lambda each: each.document["stream"] == row(story, VOICE)["person"])


def recommended(story: Story) -> Entry:
    return story.last("moderation.recommended")


# What is left out of a composition, or of the rule set.


@breach("it lacks asked_at, without which the rules cannot be recomputed")
def the_moment_of_the_tests_is_left_out(story):
    body = decided(story).public["composition"]
    del body["asked_at"]
    body["members"] = []
    recomposed(decided(story))


@breach("it lacks asked_at")
def a_panel_is_only_proposed_and_decides(story):
    the_moment_of_the_tests_is_left_out(story)
    kept = ("panel.proposed", "item.decided")
    story.entries = [e for e in story.entries if e.document["stream"] != panel(story) or e.type in kept]


@breach("is decided without the voice of the Coalition")
def a_composition_has_no_members(story):
    decided(story).public["composition"]["members"] = []
    count_again(story)


@breach("it lacks plans, without which the rules cannot be recomputed")
def the_rule_set_has_no_plans(story):
    del story.last("ruleset.loaded").public["plans"]


@breach("it lacks windows")
def the_rule_set_has_no_windows(story):
    del story.last("ruleset.loaded").public["windows"]


@breach("by its plan a moderation panel may sit without the voice of the Coalition")
def the_plan_asks_for_no_voice(story):
    plan = next(each for each in story.last("ruleset.loaded").public["plans"] if each["kind"] == "moderation")
    next(seat for seat in plan["seats"] if seat["seat"] == VOICE)["required_to_decide"] = False


@breach("by its plan a moderation panel needs nobody")
def the_plan_has_no_quorum(story):
    plan = next(each for each in story.last("ruleset.loaded").public["plans"] if each["kind"] == "moderation")
    plan["quorum_to_decide"] = 0


@breach("it has two plans for one kind of panel")
def the_rule_set_has_two_plans(story):
    plans = story.last("ruleset.loaded").public["plans"]
    plans.append(plans[0])


@breach("no entry loads the rule set of the panel, small")
def the_rule_set_was_never_loaded(story):
    story.drop(story.last("ruleset.loaded"))


@breach("what item.decided has to say: members present is missing")
def a_member_is_neither_present_nor_absent(story):
    del row(story, "chair")["present"]
    recomposed(decided(story))


@breach("what item.decided has to say: members sits is not of type bool")
def a_truth_is_a_word(story):
    row(story, "chair")["sits"] = "yes"
    recomposed(decided(story))


@breach("it lacks interest, without which the rules cannot be recomputed", disclosed=True)
def the_facts_were_never_committed(story):
    decided(story).private.pop("interest")
    decided(story).document["private"].pop("interest")


# Who speaks for the Coalition.


@breach("it lacks body_kind")
def a_nomination_says_no_kind_of_body(story):
    del nomination(story).public["body_kind"]


@breach("nominates for the Coalition and is recorded as no known organisation")
def the_body_is_unknown(story):
    nomination(story).public["body"] = "NOBODY"


@breach("it lacks rows")
def the_organisations_are_not_listed(story):
    for entry in story.all("directory.imported", lambda each: "organisations" in each.public):
        del entry.public["rows"]


@breach("BOARD is recorded a second time, as coalition_body: a code has one body")
def the_board_becomes_a_coalition_body(story):
    public = {"code": "BOARD", "kind": "coalition_body"}
    before = nomination(story)
    story.put_before(
        before, again(before, stream="system", seq=None, prev=None, type="organisation.added", public=public)
    )


@breach("nominates themselves")
def the_voice_nominates_herself(story):
    nomination(story).document["actor"] = nomination(story).document["stream"]


@breach("nominates for NHSA, without its office")
def the_secretariat_nominates_the_voice(story):
    nomination(story).document["actor"] = on_panel(story, "sitting.convened").document["actor"]


@breach("it ends what had an end already")
def a_nomination_is_prolonged(story):
    ended = nomination(story)
    ended.public["ends"] = "2012-06-01"
    public = {"body": ended.public["body"], "ends": "2013-06-01"}
    story.put_before(decided(story), again(ended, type="person.nomination_ended", public=public))


@breach("makes themselves conflicts_guardian of BOARD")
def somebody_gives_themselves_an_office(story):
    who = row(story, "chair")["person"]
    public = {"organisation": "BOARD", "kind": "conflicts_guardian", "starts": "2012-05-01", "ends": None}
    story.put_before(
        decided(story), again(nomination(story), stream=who, actor=who, type="post.appointed", public=public)
    )


# The panel: said twice, never offered, passed on.


@breach("the panel was proposed before")
def a_panel_is_proposed_again(story):
    story.put_before(on_panel(story, "item.opened"), again(on_panel(story, "panel.proposed")))


@breach('what item.opened has to say: "LookupError')
def a_closed_panel_is_proposed_again(story):
    opened = on_panel(story, "item.opened")
    story.put_before(opened, again(opened, type="panel.closed", public={}))
    story.put_before(opened, again(on_panel(story, "panel.proposed")))


@breach("accepts a seat that was not offered to them")
def nobody_was_offered_a_seat(story):
    story.drop(on_panel(story, "seats.proposed"))


@breach("is offered a second seat")
def a_seat_is_offered_again_to_forget_an_absence(story):
    story.put_before(on_panel(story, "item.opened"), again(on_panel(story, "seats.proposed")))


@breach("takes another seat than the one they are an alternate for, or one that is held")
def a_member_is_handed_the_seat_of_the_voice(story):
    accepted = on_panel(story, "seat.accepted", names(row(story, "lay")["person"]))
    voice = {name: row(story, VOICE)[name] for name in ("seat", "number", "rank", "by")}
    public = {"seats": [{**voice, "person": row(story, "lay")["person"]}]}
    story.put_before(on_panel(story, "item.opened"), again(accepted, type="seat.handed_on", public=public))


@breach("stands person:.* down, who has given a position on an item not decided yet")
def a_dissenter_is_stood_down(story):
    who = row(story, VOICE, 1)["person"]
    accepted = on_panel(story, "seat.accepted", names(who))
    by = on_panel(story, "sitting.convened").document["actor"]
    gone = again(accepted, type="seat.stood_down", actor=by, public={"seats": accepted.public["seats"]})
    story.put_before(decided(story), gone)


@breach("sit as lay, 1 at most may")
def a_panel_is_packed(story):
    extra = deepcopy(row(story, "lay"))
    extra.update(person=f"person:{NEW}", number=40, recused=False, sits=True)
    rows(story).extend([extra, {**extra, "number": 41}])
    count_again(story)


@breach("the sitting of 2030-01-01 is convened before its day")
def a_sitting_is_convened_before_its_day(story):
    on_panel(story, "sitting.convened").public["on"] = "2030-01-01"


@breach("the panel sits before it was confirmed")
def a_member_is_changed_after_the_panel_was_confirmed(story):
    accepted = on_panel(story, "seat.accepted", names(row(story, "chair")["person"]))
    convened = on_panel(story, "sitting.convened")
    story.drop(accepted)
    story.put_before(convened, accepted)


@breach("it is dated before what the panel did last")
def a_decision_is_dated_back(story):
    decided(story).document["at"] = "2012-06-20T09:00:00.000000Z"


@breach("it does not belong on the stream of a panel")
def a_decision_stands_on_another_stream(story):
    decided(story).document["stream"] = decided(story).document["stream"].replace("panel:", "table:")


# The room.


def recused(story: Story) -> str:
    """The clinician left the room before anybody spoke."""
    who, first = row(story, "clinician")["person"], on_panel(story, "item.opened")
    public = {"case": first.public["case"], "person": who, "stops": False}
    spoke = story.all("positions.entered", lambda each: each.document["stream"] == panel(story))[0]
    story.put_before(spoke, again(first, type="member.recused", actor=who, public=public))
    return who


@breach("is taken a second time at the sitting that took it")
def an_item_is_opened_again_and_again(story):
    first = on_panel(story, "item.opened")
    recused(story)
    story.put_before(on_panel(story, "positions.entered", said_by(row(story, VOICE)["person"])), again(first))


@breach("left the room for CCG-01A-2012 and comes back")
def whoever_left_comes_back_on_another_day(story):
    first, convened = on_panel(story, "item.opened"), on_panel(story, "sitting.convened")
    recused(story)
    spoke = story.all("positions.entered", lambda each: each.document["stream"] == panel(story))[0]
    story.put_before(spoke, again(convened, type="sitting.closed", public={"on": convened.public["on"]}))
    story.put_before(spoke, again(convened))
    story.put_before(spoke, again(first))


@breach("is counted as having left, and no entry says so")
def a_dissenter_is_put_out(story):
    member = row(story, VOICE, 1)
    member["recused"] = True
    silence(member)
    count_again(story)


@breach("accepted a seat, and CCG-01A-2012 is taken without a word of them")
def a_dissenter_is_not_noted_at_all(story):
    members = on_panel(story, "item.opened").public["members"]
    members.remove(next(each for each in members if each["person"] == row(story, VOICE, 1)["person"]))


@breach("has no panel_training on record")
def news_of_something_else_hides_that_training_is_missing(story):
    who = row(story, VOICE)["person"]
    added = story.last("person.added", lambda each: each.document["stream"] == who)
    story.drop(story.last("person.accredited", lambda each: each.document["stream"] == who))
    at = decided(story).document["at"]
    story.put_before(decided(story), again(added, at=at, type="person.reactivated", public={}))


@breach("is counted as sitting, or not, against what is recorded")
def somebody_erased_sits(story):
    who = row(story, "chair")["person"]
    added = story.last("person.added", lambda each: each.document["stream"] == who)
    gone = again(added, at="2012-06-25T09:00:00.000000Z", type="person.erased", public={})
    story.put_before(on_panel(story, "panel.confirmed"), gone)


@breach("runs the room, and neither chairs the panel nor is of the Board's secretariat")
def the_applicant_records_the_outcome(story):
    decided(story).document["actor"] = story.last("application.submitted").document["actor"]


@breach("runs the room")
def the_applicant_opens_the_item(story):
    on_panel(story, "item.opened").document["actor"] = story.last("application.submitted").document["actor"]


@breach("runs the room")
def a_stranger_enters_positions(story):
    entered = on_panel(story, "positions.entered", said_by(row(story, "clinician")["person"]))
    entered.document["actor"] = story.last("application.submitted").document["actor"]


@breach("what positions.entered has to say: positions stance is 'maybe'")
def a_position_is_none(story):
    on_panel(story, "positions.entered").public["positions"][0]["stance"] = "maybe"


# Objections and rulings.


@breach("sits while an objection to them waits for its ruling")
def an_objection_is_forgotten_with_its_panel(story):
    story.drop(story.last("conflict.ruled"))
    story.put_before(on_panel(story, "item.opened"), again(on_panel(story, "panel.proposed")))


@breach("rules for 01A, for which they acted themselves")
def whoever_objected_rules(story):
    on_panel(story, "conflict.ruled").document["actor"] = on_panel(story, "objection.raised").document["actor"]


@breach("rules, and is not the Board's guardian")
def the_secretariat_rules(story):
    on_panel(story, "conflict.ruled").document["actor"] = on_panel(story, "sitting.convened").document["actor"]


@breach("it lacks objection")
def a_ruling_names_no_objection(story):
    del on_panel(story, "conflict.ruled").public["objection"]


@breach("it rules on an objection to person:.* nobody raised")
def a_ruling_is_on_another_objection(story):
    on_panel(story, "conflict.ruled").public["objection"] = 1


@breach("the objections to them weigh other than was ruled on them")
def an_objection_was_confirmed_and_counts_for_nothing(story):
    on_panel(story, "conflict.ruled").public.update(verdict="confirmed", effect="barred")


# What rests on what.


def published(story: Story, *types: str) -> None:
    public = {
        "letter.issued": {"sha256": "ab" * 32, "checkpoint": {"index": 1, "size": 2, "root": ""}},
        "decision.published": {"letter_sha256": "ab" * 32, "outcome": "full"},
    }
    story.entries.extend(again(recommended(story), type=each, public=public[each]) for each in types)


@breach("letter.issued comes before any decision.recorded")
def a_letter_goes_out_without_a_decision(story):
    published(story, "letter.issued", "decision.published")


@breach("decision.published comes before any letter.issued")
def a_decision_is_published_without_a_letter(story):
    published(story, "decision.published")


@breach("letter.issued comes a second time")
def a_letter_is_written_twice(story):
    published(story, "letter.issued", "letter.issued")


@breach("what moderation.recommended has to say: outcome is missing")
def a_step_says_no_outcome(story):
    del recommended(story).public["outcome"]


@breach(
    "what decision.recorded has to say: outcome is missing|what decision.recorded has to say: composition is missing"
)
def a_decision_says_no_composition(story):
    story.entries.append(again(recommended(story), type="decision.recorded"))


@breach("desk_top.assessed comes before any application.submitted")
def nobody_submitted_it(story):
    story.drop(story.last("application.submitted"))


@breach("site_visit.recorded comes before any desk_top.second_read")
def nobody_read_it_again(story):
    story.drop(story.last("desk_top.second_read"))


@breach("CCG-01A-2012 is opened a second time")
def another_stream_takes_the_reference(story):
    first = story.last("application.opened")
    story.put_before(recommended(story), again(first, stream=f"application:{NEW}"))
    recommended(story).document["stream"] = f"application:{NEW}"


@breach("is opened a second time, or its stream was another case's")
def a_stream_becomes_another_case(story):
    opened = story.last("application.opened")
    public = {**opened.public, "ref": "CCG-01B-2012"}
    story.put_before(recommended(story), again(opened, public=public))


@breach("the disclosed facts are those of another question", disclosed=True)
def the_facts_are_of_another_organisation(story):
    decided(story).private["interest"]["case"]["code"] = "ZZZ"


@breach(r"declared an interest \(other\) that the disclosed facts leave out", disclosed=True)
def a_declared_interest_is_left_out(story):
    members = decided(story).private["interest"]["members"]
    next(each for each in members if each["seat"] == "board_member")["declared"] = []


@pytest.mark.parametrize(("alter", "sentence", "disclosed"), WAYS)
def test_downgrade_is_named(story, alter, sentence, disclosed):
    alter(story)
    check(story, sentence, disclosed=disclosed)
