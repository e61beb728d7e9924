"""The tests, four eyes and disclosures: one thing altered in an honest history, and the rules name it."""

from datetime import datetime, timedelta

import pytest

from audit.leaf import written
from audit.verify_log import TESTS
from tests.audit.rules.altering import (
    VOICE,
    Ways,
    answers,
    check,
    count_again,
    decided,
    names,
    on_panel,
    panel,
    row,
    rows,
    said_by,
    shown,
)
from tests.audit.rules.story import Entry, recomposed

# The history comes from a database; what is said of it does not depend on which.
pytestmark = [pytest.mark.django_db, pytest.mark.once]
WAYS = Ways()
breach = WAYS.breach

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
    accepted = on_panel(story, "seat.accepted", names(member["person"]))
    accepted.document["at"] = member["declared_at"] = made
    # Nothing of the panel is dated before what it did last.
    first = story.all("seat.accepted", lambda each: each.document["stream"] == panel(story))[0]
    if first is not accepted:
        story.drop(accepted)
        story.put_before(first, accepted)
    for entry in story.entries[: story.entries.index(accepted)]:
        if entry.document["stream"] == panel(story):
            entry.document["at"] = made
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


@pytest.mark.parametrize(("alter", "sentence", "disclosed"), WAYS)
def test_breach_is_named(story, alter, sentence, disclosed):
    alter(story)
    check(story, sentence, disclosed=disclosed)
