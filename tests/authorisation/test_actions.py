"""Waves, reviews, criteria and rule sets: what is recorded, what is refused, and the commands that do it."""

import json
from datetime import date
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from audit import clock
from audit.models import Event
from authorisation.actions import rulesets, waves
from authorisation.actions.applications import new_application
from authorisation.actions.reviews import open_round
from authorisation.enums import ReviewResult, Stage
from authorisation.errors import ApplicationRefused, DecisionRefused, RuleSetRefused, WaveRefused, WindowRefused
from authorisation.models import ConditionChange, CriteriaSet, Criterion, Direction, RuleSet, Wave
from authorisation.rules import Reviewed
from directory.actions import organisations
from directory.errors import BadOrganisation, BadTie
from tests.factories import CRITERIA, Walk, days
from tests.factories.world import DATA, SMALL, small_ruleset
from workflows.actions import cases

pytestmark = pytest.mark.django_db
SOURCE = SMALL.read_text()
LINES = SOURCE.splitlines()


def test_wave_is_recorded_with_one_event(world):
    before = Event.objects.count()
    wave = waves.add_wave(cycle=2013, number=1, deadline=date(2013, 7, 1), by=world.secretary)
    assert (Event.objects.count(), wave.event.event_type) == (before + 1, "wave.added")


@pytest.mark.parametrize(
    ("number", "deadline", "sentence"),
    [
        (5, date(2013, 6, 1), "Wave 5 would close on 1 June 2013, not after wave 4 .1 January 2014.: give wave 5"),
        (5, date(2014, 1, 1), "not after wave 4"),
        (2, date(2015, 1, 1), "Wave 2 of 2012 exists already"),
        (0, date(2010, 1, 1), "numbered from 1"),
        (-1, date(2010, 1, 1), "numbered from 1"),
    ],
)
def test_wave_out_of_order_is_refused(world, number, deadline, sentence):
    before = (Wave.objects.count(), Event.objects.count())
    with pytest.raises(WaveRefused, match=sentence):
        waves.add_wave(cycle=2012, number=number, deadline=deadline, by=world.secretary)
    assert (Wave.objects.count(), Event.objects.count()) == before


def test_only_the_secretariat_adds_waves_rounds_rules_and_criteria(world):
    by = world.director
    for act in (
        lambda: waves.add_wave(cycle=2013, number=1, deadline=date(2013, 1, 1), by=by),
        lambda: open_round(
            cycle=2012, number=9, title="R", evidence_due=date(2013, 1, 1), committee_on=date(2013, 1, 1), by=by
        ),
        lambda: rulesets.load_ruleset(source=small_ruleset("x"), by=by),
        lambda: rulesets.import_criteria(source=SOURCE.encode(), version="x", by=by),
        lambda: cases.open_application(
            ccg=world.organisations["01A"], wave=world.waves[1], ruleset=world.ruleset, by=by
        ),
    ):
        with pytest.raises(PermissionDenied, match="Only the Board's secretariat"):
            act()


def test_code_of_a_ccg_that_does_not_exist_is_refused(world):
    with pytest.raises(BadOrganisation, match="its parent 99Z is not known"):
        from directory.rows import NewOrganisation

        organisations.add_many(
            organisations=[NewOrganisation(kind="ccg", code="07A", name="Seven", parent_code="99Z")], by="system"
        )
    with pytest.raises(BadTie, match="cannot be tied to itself"):
        from directory.actions import ties

        ccg = world.organisations["01A"]
        ties.add_tie(kind="neighbour", one=ccg, other=ccg, starts=date(2012, 5, 1), by="system")


@pytest.mark.parametrize(
    ("code", "sentence"), [("BOARD", "is not a CCG and cannot apply"), ("01A", "open CCG-01A-2012")]
)
def test_who_may_not_apply(world, code, sentence):
    Walk(world)
    with pytest.raises(ApplicationRefused, match=sentence):
        new_application(ccg=world.organisations[code], wave=world.waves[1], ruleset=world.ruleset)


def test_closed_ccg_may_not_apply_but_on_its_last_day(world):
    late = organisations.add_organisation(
        kind="ccg", code="09A", name="Nine", closed=date(2012, 6, 4), parent=world.organisations["AT1"], by="system"
    )
    with clock.at(Walk(world).now.replace(day=4)):
        assert new_application(ccg=late, wave=world.waves[1], ruleset=world.ruleset).ref == "CCG-09A-2012"
    with (
        clock.at(Walk(world, ccg="02A").now.replace(day=5)),
        pytest.raises(ApplicationRefused, match="closed on 4 June"),
    ):
        new_application(ccg=late, wave=world.waves[1], ruleset=world.ruleset)


@pytest.mark.parametrize(
    ("wave", "reason", "sentence"),
    [(1, "So.", "defer it to a later wave"), (2, " ", "Say why the case is deferred")],
)
def test_deferral_is_to_a_later_wave_with_a_reason(world, wave, reason, sentence):
    walk = Walk(world).to(Stage.DESK_TOP)
    with pytest.raises(WaveRefused, match=sentence):
        walk.defer(wave, reason)
    assert walk.stage == Stage.DESK_TOP


def test_only_who_may_defers_and_withdraws(world):
    case = Walk(world).case
    for name in ("officer_2", "director", "voice", "outsider"):
        with pytest.raises(PermissionDenied):
            cases.withdraw(case, reason="So.", by=world.people[name])
        with pytest.raises(PermissionDenied):
            cases.defer(case, to_wave=world.waves[2], reason="So.", by=world.people[name])
    with pytest.raises(WaveRefused, match="Say why the application is withdrawn"):
        cases.withdraw(case, reason="", by=world.officer_1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"committee_on": date(2013, 2, 1)}, "before evidence is due: correct the dates"),
        ({"number": 0}, "Review 0 of 2012 exists already"),
    ],
)
def test_review_round_is_announced_once_with_its_dates_in_order(world, changes, sentence):
    given = {"number": 1, "evidence_due": date(2013, 3, 1), "committee_on": date(2013, 3, 26)} | changes
    open_round(
        cycle=2012, number=0, title="R", evidence_due=date(2013, 1, 1), committee_on=date(2013, 1, 1), by="system"
    )
    with pytest.raises(DecisionRefused, match=sentence):
        open_round(cycle=2012, title="R", by=world.secretary, **given)


@pytest.mark.parametrize(
    ("results", "extra", "sentence"),
    [
        ({"1.1B": (ReviewResult.DISCHARGE, "")}, {}, "3.1.1B has an open condition and no result"),
        ({"1.1B": (ReviewResult.RAISE, "I"), "3.1.1B": (ReviewResult.KEEP, "")}, {}, "level I does not raise it"),
        ({"1.1B": (ReviewResult.KEEP, "V"), "3.1.1B": (ReviewResult.KEEP, "")}, {}, "is kept and given level V"),
        (
            {"1.1B": (ReviewResult.KEEP, ""), "3.1.1B": (ReviewResult.KEEP, "")},
            {"given": {"2.1A": ["x"]}},
            "keeps no open",
        ),
        (
            {"1.1B": (ReviewResult.DISCHARGE, ""), "3.1.1B": (ReviewResult.KEEP, "")},
            {"given": {"1.1B": ["x"]}},
            "a direction is given on 1.1B, which keeps no open condition",
        ),
        (
            {"1.1B": (ReviewResult.KEEP, ""), "3.1.1B": (ReviewResult.KEEP, "")},
            {"given": {"1.1B": [" "]}},
            "has no text",
        ),
        ({"1.1B": (ReviewResult.KEEP, ""), "3.1.1B": (ReviewResult.KEEP, "")}, {"lifted": 2}, "is lifted twice"),
    ],
)
def test_review_that_does_not_add_up_is_refused(world, results, extra, sentence):
    walk = Walk(world, direction="Ask first.").to(Stage.REVIEW)
    direction = Direction.objects.get()
    extra = {"lifted": [direction] * extra["lifted"]} if "lifted" in extra else {"lifted": [], **extra}
    given = {code: Reviewed(code, result, "So.", level) for code, (result, level) in results.items()}
    before = (ConditionChange.objects.count(), walk.case.audit_seq)
    with pytest.raises(DecisionRefused, match=sentence):
        walk.review(given, **extra)
    assert (ConditionChange.objects.count(), walk.case.audit_seq) == before


def test_direction_lifted_before_is_not_lifted_again(world):
    """The list was read before another review lifted it."""
    walk = Walk(world, direction="Ask first.").to(Stage.REVIEW)
    stale = list(Direction.objects.all())
    keep = {code: Reviewed(code, ReviewResult.KEEP, "Not yet.") for code in walk.unmet}
    walk.review(keep)
    walk.wait(days(90))
    with pytest.raises(DecisionRefused, match="is not in force"):
        walk.review(keep, lifted=stale)


def test_review_of_another_cycle_is_refused(world):
    walk = Walk(world).to(Stage.REVIEW)
    walk.round = lambda: open_round(
        cycle=2013, number=0, title="R", evidence_due=date(2014, 1, 1), committee_on=date(2014, 1, 1), by="system"
    )
    with pytest.raises(DecisionRefused, match="belongs to 2013"):
        walk.review({code: Reviewed(code, ReviewResult.KEEP, "So.") for code in walk.unmet})


def test_window_that_ended_takes_no_answer_and_lapses_once(world):
    from authorisation.actions import windows
    from authorisation.enums import WindowKind

    walk = Walk(world).to(Stage.MODERATION)
    kind = WindowKind.REPORT_COMMENTS
    with clock.at(walk.now):
        with pytest.raises(WindowRefused, match="has no window open"):
            windows.answer(walk.case, kind=kind, text="Again.", by=world.officer_1)
        with pytest.raises(WindowRefused, match="has no open window"):
            windows.window_of(walk.case, WindowKind.CONDITIONS_RESPONSE)
    with clock.at(walk.window.closes_at + days(1)), pytest.raises(WindowRefused, match="has ended already"):
        windows.lapse(walk.case, kind=kind)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1.1X1,1,h,text,false,C,s", 'row 10: "1.1X1" is not a criterion id; ids look like 3.1.1B'),
        ("1.2A,2,h,text,false,C,s", "row 10: 1.2A is not in domain 2"),
        ("1.2A,1,h,,false,C,s", "row 10: 1.2A has no text"),
        ("1.2A,1,h,text,yes,C,s", 'row 10: placeholder is "yes"; write true or false'),
        ("1.2A,1,h,text,false,Z,s", 'row 10: mark is "Z"; write one of C, I, K, S, U'),
        ("1.2A,1,h,text,false,C", "row 10: it does not have 7 columns"),
        ("1.2A,1,h,text,false,C,s,more", "row 10: it does not have 7 columns"),
        ("1.1A,1,h,text,false,C,s", "row 10: 1.1A is already in row 2"),
        ('1.2A,1,h,"text,false,C,s', "not a CSV file"),
        (f"1.2A,1,h,{'x' * 501},false,C,s", "row 10: paraphrase is longer than 500"),
        ("1.2A,1,h,te\0xt,false,C,s", "zero byte|not a CSV"),
    ],
)
def test_malformed_row_is_named_and_nothing_is_imported(db, line, sentence):
    with pytest.raises(RuleSetRefused, match=sentence):
        rulesets.import_criteria(source="\n".join([*LINES, line]).encode(), version="x", by="system")
    assert (CriteriaSet.objects.count(), Criterion.objects.count(), Event.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("source", "version", "sentence"),
    [
        (b"\xff\xfe", "x", "not a CSV file in UTF-8"),
        (b"code,domain\n", "x", "The first line must name the columns"),
        (LINES[0].encode(), "x", "there is no criterion in the file"),
        (SOURCE.encode(), " ", "need a version"),
        (SOURCE.encode(), "x" * 41, "need a version"),
    ],
)
def test_file_that_is_no_catalogue_is_refused(db, source, version, sentence):
    with pytest.raises(RuleSetRefused, match=sentence):
        rulesets.import_criteria(source=source, version=version, by="system")


def test_row_numbers_count_lines_of_the_file(db):
    source = "\n".join([LINES[0], "", LINES[1], "", "9.9Z,9,h,text,false,C,s"])
    with pytest.raises(RuleSetRefused, match='row 5: "9.9Z"'):
        rulesets.import_criteria(source=source.encode(), version="x", by="system")


def test_criteria_are_loaded_once_and_never_changed(world):
    before = Event.objects.count()
    assert rulesets.import_criteria(source=SOURCE.encode(), version="small", by="system").criteria.count() == len(
        CRITERIA
    )
    with pytest.raises(RuleSetRefused, match="loaded already with other content: give a new version"):
        rulesets.import_criteria(source=(SOURCE + "\n").encode(), version="small", by="system")
    assert Event.objects.count() == before


def test_rule_set_is_loaded_once_and_never_changed(world):
    before = Event.objects.count()
    assert rulesets.load_ruleset(source=small_ruleset(), by="system") == world.ruleset
    with pytest.raises(RuleSetRefused, match="rules are never edited, give a new version"):
        rulesets.load_ruleset(source=small_ruleset() + b"\n# another\n", by="system")
    with pytest.raises(RuleSetRefused, match="run import_criteria with --criteria-version 2012 first"):
        rulesets.load_ruleset(source=(DATA / "ruleset-2012.toml").read_bytes(), by="system")
    with pytest.raises(RuleSetRefused, match="expects 9 criteria and criteria small hold 8"):
        rulesets.load_ruleset(source=small_ruleset("y", **{"= 8": "= 9"}), by="system")
    assert (Event.objects.count(), RuleSet.objects.count()) == (before, 1)


def test_commands_load_the_real_files(db):
    out = StringIO()
    call_command("import_criteria", DATA / "criteria-2012.csv", criteria_version="2012", stdout=out)
    call_command("load_ruleset", DATA / "ruleset-2012.toml", stdout=out)
    assert out.getvalue().startswith("Criteria 2012: 119, SHA-256 ")
    assert "Rule set 2012.2: Authorisation of clinical commissioning groups 2012-13" in out.getvalue()


@pytest.mark.parametrize("command", ["import_criteria", "load_ruleset"])
def test_commands_say_in_a_sentence_why_not(db, tmp_path, command):
    options = {"criteria_version": "x"} if command == "import_criteria" else {}
    (tmp_path / "bad").write_text("no such thing")
    with pytest.raises(CommandError, match="first line must name|not a TOML file"):
        call_command(command, tmp_path / "bad", **options)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command(command, tmp_path / "missing", **options)


def test_check_invariants_is_silent_when_all_holds_and_lists_what_does_not(world):
    from tests.factories.raw import run, unfenced

    Walk(world).to(Stage.PUBLICATION)
    out = StringIO()
    call_command("check_invariants", stdout=out)
    assert ", 0 broken, " in out.getvalue()
    with unfenced():
        run("UPDATE authorisation_decision SET outcome = 'full'")
        out = StringIO()
        with pytest.raises(SystemExit) as stopped:
            call_command("check_invariants", json=True, stdout=out)
        assert stopped.value.code == 1
        broken = {name for name, sentences in json.loads(out.getvalue()).items() if sentences}
        assert {"I5 outcomes follow from conditions", "I7 decisions are those that were recorded"} <= broken
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("check_invariants", stdout=out)
        assert "Broken: I5 outcomes follow from conditions\n  CCG-01A-2012 is decided full" in out.getvalue()
