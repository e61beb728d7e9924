"""Two programs that share no line ask the same tests of the same facts: the house's, and the auditor's."""

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.verify_log import TESTS, Question, in_london
from audit.verify_log import months_before as theirs
from authorisation.calendar import LONDON
from panels.facts import Known
from panels.grounds import grounds
from panels.models import InterestKind
from panels.queries import Asked
from panels.rules import (
    RULES,
    TIERS,
    CaseFacts,
    Declared,
    Effect,
    MemberFacts,
    Objected,
    PastCase,
    PostFact,
    Reciprocal,
    Role,
    Ruled,
    SeatPlan,
    months_before,
)

HERE, REF = "AAA", "CCG-AAA-2012"
CODES = st.sampled_from([HERE, "BBB", "CCC", "BOARD"])
KINDS = st.sampled_from(["ccg", "board", "region", "area_team", "provider"])
PARENTS = st.sampled_from(["", "AT1", "AT2"])
REFS = st.sampled_from([REF, "CCG-AAA-2011", "CCG-BBB-2012", ""])
OFTEN_HERE = st.one_of(st.just(HERE), CODES)
TIER = st.sampled_from([*TIERS, "review", "prepared"])
SEATS = st.sampled_from(["coalition_representative", "chair", "lay"])
WINDOWS = {rule.window: rule.default for rule in RULES.values() if rule.window}
# The last day of a long month, a leap day, the nights on which the clocks change, and any other moment.
MOMENTS = st.one_of(
    st.sampled_from(
        [
            datetime(2012, 8, 31, 22, 59, 59, tzinfo=UTC),
            datetime(2012, 8, 31, 23, 0, 0, tzinfo=UTC),
            datetime(2012, 2, 29, 12, tzinfo=UTC),
            datetime(2012, 10, 28, 0, 30, tzinfo=UTC),
            datetime(2013, 3, 31, 1, 0, tzinfo=UTC),
            datetime(2012, 3, 31, 9, tzinfo=UTC),
        ]
    ),
    st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)


def days(on: date):
    """Days about every edge of every window."""
    edges = [months_before(on, months) for months in (0, 1, 12, 24, 36)]
    return st.builds(lambda edge, off: edge + timedelta(off), st.sampled_from(edges), st.integers(-2, 2))


def moments(at: datetime):
    """Moments about the age at which a declaration is too old, by the clocks of London as well."""
    ages = st.sampled_from([timedelta(), timedelta(28), timedelta(29), timedelta(28, hours=23), timedelta(29, hours=1)])
    offs = st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(hours=1)])
    return st.builds(lambda age, off: (at - age + off).astimezone(LONDON), ages, offs)


@st.composite
def questions(draw):
    """Facts, a seat and a moment, as the house has them."""
    at = draw(MOMENTS)
    day, moment = days(at.astimezone(LONDON).date()), moments(at)
    maybe, some = st.one_of(st.none(), day), st.frozensets(CODES, max_size=2)

    def rows(*parts, make, most=3):
        return draw(st.lists(st.builds(make, *parts), max_size=most))

    member = MemberFacts(
        posts=tuple(rows(CODES, KINDS, st.just("chair"), day, maybe, PARENTS, make=PostFact)),
        declared_at=draw(st.one_of(st.none(), moment)),
        declared=frozenset(
            rows(
                st.sampled_from(InterestKind.values),
                CODES,
                maybe,
                maybe,
                st.one_of(st.none(), moment),
                KINDS,
                PARENTS,
                make=Declared,
            )
        ),
        roles=frozenset(rows(TIER, REFS, day, make=Role)),
        # Two earlier cycles of this very organisation are what D10 is about.
        past=frozenset(
            rows(
                st.one_of(st.just(HERE), CODES),
                REFS,
                st.sampled_from([0, 2010, 2011, 2012]),
                day,
                make=PastCase,
                most=5,
            )
        ),
        judged_by=frozenset(rows(CODES, CODES, st.sampled_from([2011, 2012]), make=Reciprocal)),
        left=frozenset(rows(REFS, day, make=lambda ref, on: (ref, on), most=1)),
    )
    case = CaseFacts(
        HERE,
        ref=draw(st.sampled_from([REF, ""])),
        cycle=2012,
        parent=draw(PARENTS),
        neighbours=draw(some),
        practices=draw(some),
        sharers=draw(some),
        supporters=draw(some),
        providers=draw(some),
        provider_mates=draw(st.dictionaries(CODES, st.just("H01"), max_size=1)),
        named=draw(some),
    )
    rulings = rows(
        st.sampled_from([*RULES]),
        CODES,
        st.sampled_from(["confirmed", "dismissed"]),
        st.sampled_from(list(Effect)),
        moment,
        st.sampled_from([None, None, 1, 2]),
        make=Ruled,
    )
    objections = [
        Objected(key, HERE, ref, at.astimezone(LONDON)) for key, ref in enumerate(draw(st.lists(REFS, max_size=2)), 1)
    ]
    windows = draw(st.sampled_from([WINDOWS, {}, {"d1_months": 0, "d14_days": 0, "d9_preparer_months": 1}]))
    plan = SeatPlan(draw(st.sampled_from([*TIERS, "review"])), "A panel", (), 1, 1, windows)
    known = Known(plan, {1: member}, {case.ref: case}, {1: rulings}, {1: objections})
    return Asked(known, at), draw(SEATS), SimpleNamespace(case_ref=case.ref)


def disclosed(asked: Asked, seat: str, item) -> dict:
    """The facts as somebody reads them who was shown the private part of the event."""
    member = SimpleNamespace(
        person=SimpleNamespace(stream="person:1"), person_id=1, seat=SimpleNamespace(kind=seat), state="accepted"
    )
    return json.loads(canonical(grounds(asked, [member], item)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_every_test_answers_the_same(asked_of):
    asked, seat, item = asked_of
    facts = disclosed(asked, seat, item)
    ours = [(each.rule, each.effect.value) for each in asked.known.answers(seat, 1, item, asked.at, declared=True)]
    assert Question(facts, facts["members"][0]).answers() == ours


def test_the_oracle_sees_every_test_bar_and_clear():
    """Facts so generated do not all say the same: each test is met with more than one answer."""
    seen: set[tuple[str, str]] = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(questions())
    def look(asked_of):
        asked, seat, item = asked_of
        facts = disclosed(asked, seat, item)
        seen.update(Question(facts, facts["members"][0]).answers())

    look()
    missing = [rule for rule in TESTS if {(rule, "clear"), (rule, "barred")} - seen]
    assert missing in ([], ["D12"]), sorted(seen)


@given(st.dates(date(1990, 1, 31), date(2030, 12, 31)), st.integers(0, 400))
def test_months_are_counted_the_same(on, months):
    assert theirs(on, months) == months_before(on, months)


@given(st.datetimes(datetime(1996, 1, 1), datetime(2037, 12, 31)))
def test_the_clocks_of_london_are_the_same(moment):
    assert in_london(moment) == moment.replace(tzinfo=UTC).astimezone(LONDON).replace(tzinfo=None)
