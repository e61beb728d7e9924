"""One thing altered in an honest history, numbered, linked and signed anew: the rules name it, and its entry."""

import re
from datetime import datetime, timedelta

import pytest

from audit.leaf import written
from audit.verify_log import TESTS
from tests.audit.rules.story import Entry, Story, recomposed

# The history comes from a database; what is said of it does not depend on which.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

VOICE = "coalition_representative"
BREACHES = []


def breach(sentence: str, **how):
    """A way to break a rule, and the sentence that names it."""

    def add(alter):
        BREACHES.append(pytest.param(alter, sentence, how.get("disclosed", False), id=alter.__name__))
        return alter

    return add


def decided(story: Story) -> Entry:
    """The moderation panel's decision."""
    return story.last("item.decided")


def rows(story: Story) -> list[dict]:
    return decided(story).public["composition"]["members"]


def row(story: Story, seat: str, number: int = 0) -> dict:
    """A member by their seat."""
    return [each for each in rows(story) if each["seat"] == seat][number]


def panel(story: Story) -> str:
    return decided(story).document["stream"]


def on_panel(story: Story, type_: str, where=lambda _: True) -> Entry:
    return story.before(decided(story), type_, where)


def names(person: str):
    """Entries about a person's seat."""
    return lambda entry: any(seat["person"] == person for seat in entry.public["seats"])


def said_by(person: str):
    return lambda entry: any(each["person"] == person for each in entry.public["positions"])


def answers(member: dict, rule: str, effect: str) -> None:
    """A test answers otherwise, and the verdict with it."""
    next(each for each in member["checks"] if each["rule"] == rule)["effect"] = effect
    order = ["clear", "declare_only", "discuss_no_vote", "barred"]
    strictest = max(member["checks"], key=lambda each: order.index(each["effect"]))
    member["effect"] = strictest["effect"]
    member["rule"] = "" if member["effect"] == "clear" else strictest["rule"]


def silence(member: dict) -> None:
    member.update(sits=False, votes=False, stance="", entered_by="")


def count_again(story: Story) -> None:
    """Whoever alters a composition takes care that its sums and its hash agree."""
    body = decided(story).public["composition"]
    sit, vote = sum(each["sits"] for each in rows(story)), sum(each["votes"] for each in rows(story))
    body["quorum"]["to_sit"]["there"] = sit
    body["quorum"]["to_decide"]["voting"] = body["quorum"]["counted"] = vote
    for seat in body["seats"]:
        seat["filled"] = sum(each["sits"] for each in rows(story) if each["seat"] == seat["seat"])
    recomposed(decided(story))


def shown(story: Story, seat: str, number: int = 0) -> dict:
    """The disclosed facts of a member."""
    members = decided(story).private["interest"]["members"]
    return [each for each in members if each["seat"] == seat][number]


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


# The tests.


@breach("is barred from .* and stays")
def somebody_barred_stays_as_the_item_opens(story):
    lay = row(story, "lay")["person"]
    opened = on_panel(story, "item.opened").public["members"]
    next(each for each in opened if each["person"] == lay)["recused"] = False


@breach("their tests say barred")
def somebody_barred_votes(story):
    member = row(story, "clinician")
    answers(member, "D7", "barred")
    recomposed(decided(story))


@breach("their tests say discuss_no_vote")
def somebody_without_a_vote_votes(story):
    row(story, "board_member").update(votes=True, stance="concur", entered_by=row(story, "board_member")["person"])
    count_again(story)


@pytest.mark.parametrize("rule", TESTS)
def test_a_test_that_was_not_asked_is_missed(story, rule):
    checks = row(story, "chair")["checks"]
    checks.remove(next(each for each in checks if each["rule"] == rule))
    recomposed(decided(story))
    check(story, f"not every test was asked of person:.*: {rule} is missing")


@breach("not every test was asked of person:.*: OB is missing")
def an_objection_is_not_asked_about(story):
    row(story, "board_member", 1)["checks"].pop()
    recomposed(decided(story))


@breach("the verdict is clear and the strictest test says discuss_no_vote")
def the_verdict_is_milder_than_its_strictest_test(story):
    row(story, "board_member").update(effect="clear", rule="")
    recomposed(decided(story))


@breach("sits while an objection to them waits for its ruling")
def an_objection_was_never_ruled_on(story):
    story.drop(on_panel(story, "conflict.ruled"))


@pytest.mark.parametrize("rule", ["D1", "D9", "D13", "D14"])
def test_a_ruling_on_what_nobody_overrides_is_named(story, rule):
    on_panel(story, "conflict.ruled").public["rule"] = rule
    check(story, f"a ruling on {rule}, which nobody may override")


@breach("rules on a panel of which they are one")
def a_member_rules_on_the_panel(story):
    on_panel(story, "conflict.ruled").document["actor"] = row(story, "chair")["person"]


@breach(r"acted on .* at another tier \(site_visit\) and D9 is clear")
def a_member_was_at_the_site_visit(story):
    first = story.all("item.opened")[0].public["members"]
    first[-1]["person"] = row(story, "clinician")["person"]


@breach(r"acted on .* at another tier \(desk_top\) and D9 is clear")
def a_member_was_at_the_desk(story):
    story.all("desk_top.assessed")[0].document["actor"] = row(story, "clinician")["person"]


@pytest.mark.parametrize("age", [timedelta(days=28), timedelta(days=28, hours=23)])
def test_declaration_of_28_days_is_fresh(story, age):
    aged(story, age)
    assert story.check(disclosed=False).verdict == "verified"


@breach("has a declaration 29 days old and D14 is clear")
def the_declaration_is_29_days_old(story):
    aged(story, timedelta(days=29))


def aged(story, age):
    """The first voice last declared so long before the tests were asked."""
    member = row(story, VOICE)
    asked = datetime.fromisoformat(decided(story).public["composition"]["asked_at"])
    # By the clocks of London, and no change of the hour lies between.
    made = written(asked - age)
    on_panel(story, "seat.accepted", names(member["person"])).document["at"] = made
    member["declared_at"] = made
    recomposed(decided(story))


@breach("did not last declare when the composition says")
def a_declaration_is_made_up(story):
    on_panel(story, "seat.accepted", names(row(story, VOICE)["person"])).document["at"] = "2012-05-30T09:00:00.000000Z"


@breach("the tests were asked at another time")
def the_tests_were_asked_earlier(story):
    decided(story).public["composition"]["asked_at"] = "2012-06-10T09:00:00.000000Z"
    recomposed(decided(story))


# Four eyes, and what rests on what.


@breach("reads CCG-01A-2012 again, having assessed it")
def the_second_reader_is_the_assessor(story):
    story.last("desk_top.second_read").document["actor"] = story.last("desk_top.assessed").document["actor"]


@breach("judges CCG-01A-2012 at the desk, having submitted it")
def the_assessor_submitted_it(story):
    story.last("desk_top.assessed").document["actor"] = story.last("application.submitted").document["actor"]


@breach("entered the position of person:.* and records the outcome on CCG-01A-2012 themselves")
def whoever_entered_a_position_records_the_outcome(story):
    entered = on_panel(story, "positions.entered", said_by(row(story, "clinician")["person"]))
    decided(story).document["actor"] = entered.document["actor"]


@breach("replaces the position person:.* entered themselves")
def a_position_is_replaced_by_another_hand(story):
    own = on_panel(story, "positions.entered", said_by(row(story, VOICE)["person"]))
    over = Entry({**own.document, "actor": on_panel(story, "sitting.convened").document["actor"], "private": {}})
    story.put_before(decided(story), over)


@breach("is not carried by the positions")
def the_outcome_is_not_carried(story):
    for entry in story.all("positions.entered", lambda each: each.document["stream"] == panel(story)):
        for said in entry.public["positions"]:
            said["stance"] = "dissent"
    for member in rows(story):
        member["stance"] = member["stance"] and "dissent"
    recomposed(decided(story))


@breach("moderation.recommended rests on no item that a moderation panel decided")
def a_recommendation_without_an_item(story):
    story.drop(decided(story))


@breach("the panel's outcome was conditional")
def another_outcome_is_recorded(story):
    story.last("moderation.recommended").public["outcome"] = "full"


@breach("is judged under another rule set than the one pinned to it")
def another_rule_set(story):
    story.last("application.opened").document["ruleset"] = "larger"


@breach("lacks, or misspells, what item.decided has to say")
def an_entry_that_says_nothing(story):
    decided(story).document["public"] = {"case": decided(story).public["case"]}


# What only a disclosure shows.

POST = {"at_kind": "ccg", "parent": "", "kind": "chair", "starts": "2012-05-01", "ends": None}
DECLARED = {"at_kind": "ccg", "parent": "", "starts": None, "ends": None, "made_at": "2012-06-15T09:00:00.000000Z"}


def case_of(story) -> dict:
    return decided(story).private["interest"]["case"]


def post(at, **more):
    return lambda member, case: member.setdefault("posts", []).append({**POST, "at": at, **more})


def interest(kind, at, **more):
    return lambda member, case: member.setdefault("declared", []).append({**DECLARED, "kind": kind, "at": at, **more})


def tie(name, at):
    def both(member, case):
        case.setdefault(name, []).append(at)
        post("ZZZ")(member, case)

    return both


FACTS = {
    "D1": post("01A"),
    "D2": tie("practices", "ZZZ"),
    "D3": tie("sharers", "ZZZ"),
    "D4": tie("neighbours", "ZZZ"),
    "D5": tie("named", "ZZZ"),
    "D6": tie("supporters", "ZZZ"),
    "D7": tie("providers", "ZZZ"),
    "D8": interest("family", "01A"),
    "D9": lambda member, case: member.setdefault("roles", []).append(
        {"tier": "conditions", "case": "CCG-01A-2012", "on": "2012-06-10"}
    ),
    "D10": lambda member, case: member.setdefault("past", []).extend(
        {"at": "01A", "case": f"CCG-01A-{year}", "cycle": year, "on": "2012-01-10"} for year in (2010, 2011)
    ),
    "D11": lambda member, case: member.setdefault("judged_by", []).append(
        {"judge": "01A", "judged": "05A", "cycle": case["cycle"]}
    ),
    "D12": interest("statement", "01A"),
    "D13": post("RS1", at_kind="region"),
    "D14": lambda member, case: member.update(declared_at="2012-05-01T09:00:00.000000Z"),
    "DI": interest("other", "01A"),
}


@pytest.mark.parametrize("rule", TESTS)
def test_facts_that_answer_otherwise_are_named(story, rule):
    FACTS[rule](shown(story, VOICE), case_of(story))
    check(
        story,
        rf"by the disclosed facts (.*, )?{rule} is (barred|discuss_no_vote|declare_only), not clear",
        disclosed=True,
    )


@breach("by the disclosed facts D8 is clear, not barred", disclosed=True)
def a_bar_without_its_fact(story):
    shown(story, "lay")["declared"] = []


@breach("by the disclosed facts OB is declare_only, not clear", disclosed=True)
def a_ruling_is_left_out(story):
    shown(story, "board_member", 1)["rulings"] = []


@breach("a ruling on DI is disclosed that no entry holds", disclosed=True)
def a_ruling_is_made_up(story):
    given = {"rule": "DI", "organisation": "01A", "verdict": "dismissed", "effect": "clear", "objection": None}
    shown(story, "board_member")["rulings"] = [{**given, "at": "2012-06-20T09:00:00.000000Z"}]


@breach("the tests looked back other than the rule set says", disclosed=True)
def the_windows_are_shortened(story):
    decided(story).private["interest"]["windows"]["d12_months"] = 0


@breach("the disclosed facts are those of another question", disclosed=True)
def the_facts_are_of_another_case(story):
    case_of(story)["ref"] = "CCG-02A-2012"


@breach("at a tier that the disclosed facts leave out", disclosed=True)
def a_part_at_another_tier_is_left_out(story):
    first = story.all("item.opened")[0].public["members"]
    first[-1]["person"] = row(story, "clinician")["person"]


@breach("lacks, or misspells", disclosed=True)
def the_facts_are_no_facts(story):
    decided(story).private["interest"] = [1, 2]


@pytest.mark.parametrize(("alter", "sentence", "disclosed"), BREACHES)
def test_breach_is_named(story, alter, sentence, disclosed):
    alter(story)
    check(story, sentence, disclosed=disclosed)


def check(story: Story, sentence: str, *, disclosed: bool = False) -> None:
    """The log is whole, and one step names the rule and an entry."""
    report = story.check(disclosed=disclosed)
    failed = [step.detail for step in report.steps if not step.ok]
    assert report.verdict == "breached", failed
    named = [each for each in failed if re.search(sentence, each)]
    assert named, failed
    assert re.match(r"Entry [\d,]+ \(number \d+ of |Entry [\d,]+ \(system\)", named[0])
