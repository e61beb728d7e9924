"""The Coalition's seat, quorum and plan: one thing altered in an honest history, and the rules name it."""

from datetime import datetime, timedelta

import pytest

from audit.leaf import written
from tests.audit.rules.altering import (
    VOICE,
    Ways,
    answers,
    check,
    count_again,
    decided,
    names,
    on_panel,
    row,
    rows,
    said_by,
    silence,
)
from tests.audit.rules.story import Entry, recomposed

# The history comes from a database; what is said of it does not depend on which.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
WAYS = Ways()
breach = WAYS.breach

# The Coalition's seat.


@breach("decided without the voice of the Coalition: absent, absent")
def both_voices_are_absent(story):
    for member in (row(story, VOICE), row(story, VOICE, 1)):
        member["present"] = False
        silence(member)
        opened = on_panel(story, "item.opened").public["members"]
        next(each for each in opened if each["person"] == member["person"])["present"] = False
    count_again(story)


@breach("is taken without a Coalition representative who is present, not recused and clear")
def item_is_opened_without_a_voice(story):
    for each in on_panel(story, "item.opened").public["members"]:
        each["recused"] = each["recused"] or each["seat"] == VOICE


@breach("decided without the voice of the Coalition: recused, recused")
def both_voices_have_left(story):
    for number in (0, 1):
        member = row(story, VOICE, number)
        member["recused"] = True
        silence(member)
    count_again(story)


@breach("decided without the voice of the Coalition: tests say discuss_no_vote, tests say discuss_no_vote")
def both_voices_have_no_vote(story):
    for number in (0, 1):
        member = row(story, VOICE, number)
        answers(member, "DI", "discuss_no_vote")
        member.update(votes=False, stance="", entered_by="")
    count_again(story)


@breach("speaks for the Coalition and no Coalition body nominated them")
def nominated_by_another_body(story):
    row(story, VOICE)["nominated_by"] = "LA1"
    recomposed(decided(story))


@breach("speaks for the Coalition and no Coalition body nominated them")
def nominated_by_a_body_that_is_none_of_the_coalition(story):
    for entry in story.all("person.nominated"):
        entry.public["body_kind"] = "board"


@breach("LA1 nominates for the Coalition and is recorded as local_authority")
def nominated_by_a_body_of_another_kind(story):
    for entry in story.all("person.nominated"):
        entry.public["body"] = "LA1"


@breach("speaks for the Coalition and no Coalition body nominated them")
def nominated_afterwards(story):
    nomination = story.last("person.nominated", lambda each: each.document["stream"] == row(story, VOICE)["person"])
    story.drop(nomination)
    story.entries.append(nomination)


@breach("speaks for the Coalition and no Coalition body nominated them for that day")
def nomination_ended_the_day_before(story):
    nomination = story.last("person.nominated", lambda each: each.document["stream"] == row(story, VOICE)["person"])
    day = datetime.fromisoformat(decided(story).public["composition"]["on"]) - timedelta(days=1)
    nomination.public["ends"] = day.date().isoformat()


@breach("speaks for the Coalition and no Coalition body nominated them for that day")
def nomination_was_taken_back(story):
    nomination = story.last("person.nominated", lambda each: each.document["stream"] == row(story, VOICE)["person"])
    ended = Entry({**nomination.document, "type": "person.nomination_ended", "private": {}})
    ended.document["public"] = {"body": nomination.public["body"], "ends": nomination.public["starts"]}
    story.put_before(decided(story), ended)


@breach("is listed as a member and never accepted a seat on this panel")
def voice_never_accepted(story):
    story.drop(on_panel(story, "seat.accepted", names(row(story, VOICE)["person"])))


@breach("accepts the seat of person:.*; only they themselves may")
def accepted_by_another_hand(story):
    accepted = on_panel(story, "seat.accepted", names(row(story, VOICE)["person"]))
    accepted.document["actor"] = row(story, "chair")["person"]


@breach("accepted another seat than the composition says")
def accepted_another_seat(story):
    on_panel(story, "seat.accepted", names(row(story, VOICE)["person"])).public["seats"][0]["number"] = 40


@breach("is listed as a member and never accepted")
def stood_down_before(story):
    accepted = on_panel(story, "seat.accepted", names(row(story, VOICE)["person"]))
    gone = Entry({**accepted.document, "type": "seat.stood_down", "public": {"seats": accepted.public["seats"]}})
    gone.document["private"] = {}
    story.put_before(on_panel(story, "item.opened"), gone)


@breach("for the Coalition, was entered by person:")
def position_of_the_voice_is_entered_by_the_secretary(story):
    secretary = on_panel(story, "sitting.convened").document["actor"]
    on_panel(story, "positions.entered", said_by(row(story, VOICE)["person"])).document["actor"] = secretary
    row(story, VOICE)["entered_by"] = secretary
    recomposed(decided(story))


@breach("is not the last they gave")
def position_of_the_voice_is_turned_about(story):
    row(story, VOICE, 1)["stance"] = "concur"
    recomposed(decided(story))


@breach("is not the last they gave")
def position_was_never_entered(story):
    story.drop(on_panel(story, "positions.entered", said_by(row(story, VOICE)["person"])))


@breach("accepted a seat and is left out of the composition")
def a_dissenting_voice_is_left_out(story):
    rows(story).remove(row(story, VOICE, 1))
    count_again(story)


@breach("is counted as sitting, or not, against what is recorded")
def a_voice_in_the_room_is_not_counted(story):
    silence(row(story, VOICE, 1))
    count_again(story)


# Quorum and the plan.


@breach("quorum to decide is 3 and 2 vote")
def too_few_vote(story):
    for seat in ("clinician", "chair"):
        member = row(story, seat)
        answers(member, "DI", "discuss_no_vote")
        member.update(votes=False, stance="", entered_by="")
    member = row(story, VOICE, 1)
    answers(member, "DI", "discuss_no_vote")
    member.update(votes=False, stance="", entered_by="")
    count_again(story)


@breach("quorum to sit is 4 and 3 sit")
def too_few_sit(story):
    for member in [each for each in rows(story) if each["sits"]][3:]:
        member["recused"] = True
        silence(member)
    count_again(story)


@breach("nobody votes from the seat of chair, which is required to decide")
def the_chair_has_no_vote(story):
    member = row(story, "chair")
    answers(member, "DI", "discuss_no_vote")
    member.update(votes=False, stance="", entered_by="")
    count_again(story)


@breach("nobody sits in the seat of chair, which is required")
def the_chair_is_out(story):
    member = row(story, "chair")
    member["recused"] = True
    silence(member)
    count_again(story)


@breach("which is not what the quorum counts")
def the_sums_are_wrong(story):
    decided(story).public["composition"]["quorum"]["to_decide"]["voting"] += 1
    recomposed(decided(story))


@breach("its seats and quorums are not those of rule set small for a moderation panel")
def the_quorum_is_lowered(story):
    decided(story).public["composition"]["quorum"]["to_decide"]["needed"] = 2
    recomposed(decided(story))


@breach("its seats and quorums are not those of rule set small for a moderation panel")
def the_plan_is_altered(story):
    plans = story.last("ruleset.loaded").public["plans"]
    next(plan for plan in plans if plan["kind"] == "moderation")["seats"][0]["required_to_decide"] = False


@breach("rule set small is loaded a second time")
def rules_are_loaded_again(story):
    again = Entry({**story.last("ruleset.loaded").document})
    story.put_before(decided(story), again)


@breach("the panel was proposed as moderation under small")
def another_kind_of_panel(story):
    decided(story).public["composition"]["kind"] = "review"
    recomposed(decided(story))


@breach("the composition is not the one its hash names")
def the_composition_is_altered_and_not_its_hash(story):
    row(story, "chair")["stance"] = "abstain"


@breach("which is not theirs")
def a_seat_is_filled_by_another_kind_of_body(story):
    row(story, "chair")["by_kind"] = "local_authority"
    recomposed(decided(story))


@breach("has no panel_training on record")
def training_is_made_up(story):
    who = row(story, VOICE)["person"]
    story.drop(story.last("person.accredited", lambda each: each.document["stream"] == who))


def shut_out(story, seconds: int) -> None:
    """The chair was deactivated so long before the decision."""
    chair, moment = row(story, "chair")["person"], datetime.fromisoformat(decided(story).document["at"])
    added = story.last("person.added", lambda each: each.document["stream"] == chair)
    out = Entry({**added.document, "type": "person.deactivated", "public": {}, "private": {}})
    out.document["at"] = written(moment - timedelta(seconds=seconds))
    story.put_before(decided(story), out)


@breach("is counted as sitting, or not, against what is recorded")
def somebody_shut_out_sits(story):
    shut_out(story, 3600)


def test_what_another_stream_says_in_that_moment_may_not_have_been_seen(story):
    """Two transactions end together: the log orders them, and the later one did not read the earlier."""
    shut_out(story, 1)
    assert story.check(disclosed=False).verdict == "verified"


@breach("was noted as away on")
def an_absence_is_passed_over(story):
    chair = row(story, "chair")
    day = decided(story).public["composition"]["on"]
    noted = Entry({**on_panel(story, "sitting.convened").document, "type": "absence.noted", "private": {}})
    noted.document["public"] = {"person": chair["person"], "number": 1, "rank": 0, "starts": day, "ends": day}
    story.put_before(on_panel(story, "item.opened"), noted)


@breach("is decided outside an open item of a sitting in session")
def the_sitting_was_closed(story):
    convened = on_panel(story, "sitting.convened")
    closed = Entry({**convened.document, "type": "sitting.closed", "public": {"on": convened.public["on"]}})
    story.put_before(decided(story), closed)


@breach("is decided while it is stopped")
def the_item_was_stopped(story):
    gone = Entry({**on_panel(story, "item.opened").document, "type": "member.departed", "private": {}})
    gone.document["public"] = {"case": decided(story).public["case"], "person": row(story, "chair")["person"]}
    gone.public["stops"] = True
    story.put_before(decided(story), gone)


@breach("the panel sits before it was confirmed")
def the_panel_was_never_confirmed(story):
    story.drop(on_panel(story, "panel.confirmed"))


@pytest.mark.parametrize(("alter", "sentence", "disclosed"), WAYS)
def test_breach_is_named(story, alter, sentence, disclosed):
    alter(story)
    check(story, sentence, disclosed=disclosed)
