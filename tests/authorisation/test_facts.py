"""The data of 2012-13 against what was published. Nothing marked unknown is asserted as history."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import holidays
import pytest

from authorisation import facts as f
from authorisation.data import make_facts, make_places

LEVELS = ("I", "II", "III", "IV", "V", "VI")
SUBSTANTIAL = set(LEVELS[3:])
CCGS = f.load_facts()
CALENDAR = f.load_calendar()
ENGLAND = holidays.country_holidays("GB", subdiv="ENG", years=(2012, 2013))


def working_days_after(day, count):
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in ENGLAND
    return day


def in_wave(wave):
    return [fact for fact in CCGS.values() if fact.wave_decided == wave]


class TestPublished:
    """Marked C in the sources."""

    def test_groups_are_211(self):
        assert len(CCGS) == 211

    @pytest.mark.parametrize("wave", f.PUBLISHED_WAVES, ids=lambda wave: f"wave {wave.wave}")
    def test_wave_has_the_published_outcome(self, wave):
        decided = in_wave(wave.wave)
        outcomes = Counter(fact.outcome for fact in decided)
        directions = sum(fact.directions for fact in decided)
        assert (len(decided), outcomes["full"], outcomes["conditional"], directions) == wave[1:5]

    @pytest.mark.parametrize("review", f.PUBLISHED_REVIEWS, ids=lambda review: f"review {review.review}")
    def test_review_leaves_the_published_counts(self, review):
        number = review.review
        full = sum(fact.full_after(number) for fact in CCGS.values())
        before = sum(fact.full_after(number - 1) for fact in CCGS.values())
        directions = sum(fact.directed_after(number) for fact in CCGS.values())
        assert (full, 211 - full, directions, full - before) == review[1:5]

    @pytest.mark.parametrize("review", f.PUBLISHED_REVIEWS[:2], ids=lambda review: f"review {review.review}")
    def test_review_discharges_some_conditions_of_the_published_number(self, review):
        some = [fact for fact in CCGS.values() if fact.discharged[review.review] and not fact.full_after(review.review)]
        assert len(some) == review.partly_discharged

    def test_review_0_leaves_55_with_fewer_than_five(self):
        assert sum(0 < fact.left[0] < 5 for fact in CCGS.values()) == 55

    def test_level_three_in_waves_1_and_2_is_given_to_9_and_17(self):
        given = Counter(fact.wave_decided for fact in CCGS.values() if any(item.level == "III" for item in fact.unmet))
        assert (given[1], given[2]) == (9, 17)

    @pytest.mark.parametrize(("wave", "highest"), [(1, "III"), (2, "IV")])
    def test_highest_level_of_wave(self, wave, highest):
        assert max((item.level for fact in in_wave(wave) for item in fact.unmet), key=LEVELS.index) == highest

    @pytest.mark.parametrize(("wave", "least", "most"), [(1, 1, 14), (2, 1, 22)])
    def test_conditions_per_group_span_the_published_range(self, wave, least, most):
        counts = [fact.conditions for fact in in_wave(wave) if fact.conditions and not fact.directions]
        assert (min(counts), max(counts)) == (least, most)

    def test_wave_1_conditions_fall_mostly_on_plans_then_clinical_focus_and_governance(self):
        domains = Counter(item.criterion.removeprefix("P")[0] for fact in in_wave(1) for item in fact.unmet)
        ranked = [domain for domain, _ in domains.most_common(3)]
        assert ranked[0] == "3"
        assert set(ranked[1:]) == {"1", "4"}

    def test_midlands_and_east_averages_six_conditions_and_has_15_directions_in_5_groups(self):
        region = [fact for fact in CCGS.values() if fact.region == "Midlands and East"]
        directed = [fact for fact in region if fact.directions]
        assert len(region) == 61
        assert sum(fact.conditions for fact in region) == 61 * 6
        assert {fact.code for fact in directed} == {"04G", "06N", "05F", "99E", "07G"}
        assert sum(len(fact.directions_text) for fact in directed) == 15

    def test_wave_1_full_authorisations_are_the_eight_named(self):
        full = {fact.code for fact in in_wave(1) if fact.outcome == "full"}
        assert full == {"02Q", "06M", "08J", "04C", "00Y", "11X", "02E", "02F"}

    def test_liverpool_applies_in_wave_1_and_is_decided_in_wave_4(self):
        assert (CCGS["99A"].wave_applied, CCGS["99A"].wave_decided) == (1, 4)
        assert [change.code for change in CALENDAR.wave_changes if change.kind == "deferred"] == ["99A"]

    @pytest.mark.parametrize(
        ("code", "criteria"),
        [
            ("10C", "1.3B 4.2.1E 4.2.3D 5.3B 5.3C 6.4F 6.4G"),
            ("06H", "3.1.1B 3.1.1C"),
            ("02T", "3.1.1B"),
        ],
    )
    def test_complete_list_of_conditions_is_as_published(self, code, criteria):
        assert [item.criterion for item in CCGS[code].unmet] == criteria.split()

    @pytest.mark.parametrize(
        ("code", "conditions", "criteria"),
        [
            ("09F", 13, "1.3B 1.4.2B 2.4.1B 2.4.2B 3.1.1B 3.1.1C 3.1.1D 3.1.1F 3.1.4B 4.2.1A 4.2.1B 5.1A"),
            ("09J", 22, "1.1D 1.4.2B 2.2B 2.4.2A 2.4.2C 3.1.1B 3.1.1C 3.1.4B"),
            ("02V", 13, ""),
            ("02N", 1, ""),
            ("03G", 2, ""),
            ("99H", 7, ""),
        ],
    )
    def test_partial_list_of_conditions_is_kept_and_filled_to_the_published_number(self, code, conditions, criteria):
        unmet = {item.criterion for item in CCGS[code].unmet}
        assert len(unmet) == conditions == CCGS[code].conditions
        assert unmet >= set(criteria.split())

    def test_dartford_levels_are_as_published(self):
        levels = {item.criterion: item.level for item in CCGS["09J"].unmet}
        published = {"1.1D": "II", "1.4.2B": "II", "2.2B": "II", "2.4.2A": "I"}
        published |= dict.fromkeys(("2.4.2C", "3.1.1B", "3.1.1C"), "III")
        assert {code: levels[code] for code in published} == published

    def test_surrey_downs_keeps_two_in_july_and_is_clear_in_october(self):
        assert CCGS["99H"].left == (7, 2, 0)

    def test_north_somerset_has_four_left_in_july(self):
        assert CCGS["11T"].left[1] == 4

    def test_directions_still_in_force_in_july_are_the_eight_named(self):
        left = {fact.code for fact in CCGS.values() if fact.directed_after(1)}
        assert left == {"05F", "03M", "03Q", "99E", "07V", "07G", "08W", "07M"}

    def test_two_groups_become_full_in_july_on_losing_their_directions(self):
        lost = [fact for fact in CCGS.values() if fact.directed_after(0) and not fact.directed_after(1)]
        assert sum(fact.full_after(1) for fact in lost) == 2


class TestInferred:
    """Marked I: follows from the sources by arithmetic or plain reading."""

    def test_submissions_per_wave(self):
        assert Counter(fact.wave_applied for fact in CCGS.values()) == {1: 35, 2: 67, 3: 63, 4: 46}

    def test_changes_of_wave_lead_from_the_waves_of_may_2012(self):
        planned = Counter(fact.wave_decided for fact in CCGS.values())
        for change in CALENDAR.wave_changes:
            assert CCGS[change.code].wave_decided == change.to_wave
            planned[change.to_wave] -= 1
            planned[change.from_wave] += 1
        # 35, 70, 66 and 41 were planned; one of wave 3, never named, did not apply.
        assert planned == {1: 35, 2: 70, 3: 65, 4: 41}

    def test_directions_change_by_two_lifted_and_one_added_then_six_then_one(self):
        states = [{c for c, fact in CCGS.items() if fact.directed_after(number)} for number in (-1, 0, 1, 2)]
        lifted = [len(before - after) for before, after in pairwise(states)]
        added = [after - before for before, after in pairwise(states)]
        assert (len(states[0]), lifted, added) == (15, [2, 6, 1], [{"07M"}, set(), set()])

    def test_wave_4_is_untouched_by_the_first_review(self):
        assert all(fact.left[0] == fact.conditions and not fact.discharged[0] for fact in in_wave(4))

    def test_surrey_downs_plans_are_what_is_left_in_july(self):
        assert set(CCGS["99H"].open_after(1)) == {"3.1.1B", "3.1.1C"}

    def test_north_somerset_has_two_left_after_october(self):
        assert CCGS["11T"].left[2] == 2

    def test_level_four_and_up_stands_exactly_where_directions_do(self):
        for fact in CCGS.values():
            for review in (-1, 0, 1, 2):
                assert bool(SUBSTANTIAL & set(fact.open_after(review).values())) is fact.directed_after(review), fact


class TestConsistent:
    """The files agree with each other and say where every value comes from."""

    @pytest.mark.parametrize("fact", CCGS.values(), ids=CCGS)
    def test_group_adds_up(self, fact):
        criteria = [item.criterion for item in fact.unmet]
        assert len(set(criteria)) == len(criteria) == fact.conditions
        assert (fact.outcome == "full") is (not criteria)
        assert fact.left == tuple(len(fact.open_after(review)) for review in range(3))
        assert sum(map(len, fact.discharged)) + fact.left[2] == fact.conditions
        assert {item.level for item in fact.unmet} <= set(LEVELS)
        for change in fact.level_changes:
            assert fact.open_after(change.review)[change.criterion] == change.after
            assert fact.open_after(change.review - 1)[change.criterion] == change.before

    def test_known_criteria_are_among_the_unmet_with_their_level(self):
        for fact in CCGS.values():
            levels = {item.criterion: item.level for item in fact.unmet}
            assert all(known.level in ("", levels[known.criterion]) for known in fact.known_unmet)

    def test_catalogue_has_22_texts_and_97_placeholders(self):
        rows = f._rows("criteria-2012.csv")
        placeholders = [row for row in rows if row["placeholder"] == "true"]
        assert len({row["code"] for row in rows}) == len(rows) == 119
        assert len(placeholders) == 97
        assert Counter(row["mark"] for row in rows) == {"C": 22, "I": 21, "S": 76}

    def test_every_unmet_criterion_is_in_the_catalogue(self):
        catalogue = {row["code"] for row in f._rows("criteria-2012.csv")}
        assert {item.criterion for fact in CCGS.values() for item in fact.unmet} <= catalogue

    def test_every_source_is_listed(self):
        used = {key for fact in CCGS.values() for key in fact.source}
        for name in ("criteria-2012.csv", "directions-2012.csv", "neighbours-2012.csv"):
            used |= {key for row in f._rows(name) for key in row["source"].split()}
        used |= {key for published in (*f.PUBLISHED_WAVES, *f.PUBLISHED_REVIEWS) for key in published.source}
        assert used <= set(f.load_sources())

    def test_no_value_is_both_inferred_and_synthetic(self):
        assert not [fact.code for fact in CCGS.values() if fact.inferred & fact.synthetic]

    def test_directions_agree_with_the_state_after_each_review(self):
        for fact in CCGS.values():
            own = [item for item in fact.directions_given if item.addressee == "ccg"]
            for number, moment in ((-1, "A"), (0, "R0"), (1, "R1"), (2, "R2")):
                past = ("A", "R0", "R1", "R2")[: number + 2]
                in_force = any(item.given in past and item.lifted not in past for item in own)
                assert in_force is fact.directed_after(number), (fact.code, moment)

    def test_generated_files_are_what_the_scripts_make(self, tmp_path):
        make_facts.write_facts(tmp_path / "facts-2012.csv")
        make_places.write_places(tmp_path)
        for made in tmp_path.iterdir():
            assert made.read_text() == (f.DATA / made.name).read_text(), made.name

    def test_neighbours_are_two_to_five_within_the_region_and_mutual(self):
        neighbours = f.load_neighbours()
        assert {len(codes) for codes in neighbours.values()} <= {2, 3, 4, 5}
        for code, others in neighbours.items():
            assert code not in others
            assert all(code in neighbours[o] and CCGS[o].region == CCGS[code].region for o in others)

    def test_area_teams_are_27_within_regions(self):
        teams = f.load_area_teams()
        assert set(teams) == set(CCGS)
        assert len({team.team for team in teams.values()}) == 27
        assert all(team.region == CCGS[code].region for code, team in teams.items())


class TestCalendar:
    """Every time limit of the rule set can be kept on the calendar."""

    @pytest.mark.parametrize("wave", CALENDAR.waves.values(), ids=lambda wave: f"wave {wave.number}")
    def test_wave_keeps_every_limit(self, wave):
        assert wave.submission.date < wave.desk_top_review.start < wave.desk_top_review.end
        for track in wave.tracks:
            days = [day for period in track.site_visits for day in period.weekdays()]
            assert not set(days) & set(ENGLAND)
            assert wave.desk_top_review.end < days[0]
            report = working_days_after(days[-1], wave.report_days)
            assert working_days_after(report, 10) < track.moderation.date
            assert track.moderation.date < track.regional_sign_off.date < track.conditions[0].date
            assert track.conditions[-1].date + timedelta(days=14) < wave.decision.date
        assert wave.decision.date < wave.letters.date <= wave.publication.date
        assert timedelta(days=17) <= wave.plan_due.date - wave.publication.date <= timedelta(days=30)

    @pytest.mark.parametrize("review", CALENDAR.reviews, ids=lambda review: f"review {review.number}")
    def test_review_runs_forward_and_after_the_plans_of_its_waves(self, review):
        assert review.evidence_due.date < review.committee.date < review.letters.date < review.published.date
        assert all(CALENDAR.waves[wave].plan_due.date < review.evidence_due.date for wave in review.waves)

    def test_no_meeting_falls_on_a_holiday(self):
        meetings = [wave.decision for wave in CALENDAR.waves.values()]
        meetings += [day for w in CALENDAR.waves.values() for t in w.tracks for day in (t.moderation, *t.conditions)]
        assert [day for day in meetings if day.date in ENGLAND or day.date.weekday() >= 5] == []

    @pytest.mark.parametrize("number", [1, 2, 3, 4])
    def test_allocation_gives_every_group_one_slot_within_its_track(self, number):
        wave = CALENDAR.waves[number]
        codes = [fact.code for fact in in_wave(number)]
        dealt = f.allocate(wave, codes)
        assert set(dealt) == set(codes)
        assert {slot.track for slot in dealt.values()} == {track.name for track in wave.tracks}
        tracks = {track.name: track for track in wave.tracks}
        for slot in dealt.values():
            visits = tracks[slot.track].site_visits
            assert any(period.start <= slot.site_visit <= period.end for period in visits)
            assert slot.conditions in {day.date for day in tracks[slot.track].conditions}
