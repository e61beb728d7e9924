"""Proposing a panel and listing its sittings, on their pages."""

from datetime import date
from types import SimpleNamespace

import pytest

from audit import clock
from authorisation.actions import rulesets
from authorisation.enums import Stage
from authorisation.models import RuleSet
from panels.models import Item, Panel, Sitting
from tests.factories import Walk
from tests.factories.pages import Page, Reader
from tests.factories.world import START, small_ruleset
from workflows.forms.sittings import Propose, waves_of

pytestmark = pytest.mark.django_db


def without_appraisal():
    """A rule set as releases before this one wrote it, but for its keys."""
    text, _ = small_ruleset("older").split(b"[panels.appraisal]")
    return rulesets.load_ruleset(source=text, by="system")


def propose(world, **given):
    return Reader(world.secretary).send("/panels/new/", name="Panel A", **given)


def kinds(form):
    return [kind for kind, _ in form.fields["kind"].choices]


@pytest.mark.parametrize("kind", ["site_visit", "appraisal"])
def test_panel_proposed_has_the_seats_of_its_rule_set(world, kind):
    with clock.at(START):
        assert propose(world, kind=kind, ruleset="small").status_code == 302
    panel = Panel.objects.get()
    assert panel.kind == kind
    assert panel.seats.filter(kind="coalition_representative").exists()


def test_appraisal_is_offered_only_by_a_rule_set_that_seats_it(world):
    older, newer = without_appraisal(), RuleSet.objects.get(version="small")
    others = ["site_visit", "moderation", "conditions", "decision", "review"]
    assert kinds(Propose(rulesets=[older])) == others
    assert kinds(Propose(rulesets=[older, newer])) == [*others, "appraisal"]


def test_appraisal_under_a_rule_set_without_it_is_refused_with_the_cure(world):
    without_appraisal()
    with clock.at(START):
        page = Page(propose(world, kind="appraisal", ruleset="older"))
    assert (
        "Rule set older has no seats for appraisal: choose another kind of panel, or a rule set that has it"
        in page.words
    )
    assert not Panel.objects.exists()


@pytest.fixture
def visit(world):
    """A case ready for its site visit, and a panel for it."""
    walk = Walk(world).to(Stage.SITE_VISIT_PLANNING)
    with clock.at(walk.now):
        propose(world, kind="site_visit", ruleset="small")
    return walk, Panel.objects.get()


def listing(walk, panel, on):
    with clock.at(walk.now):
        path = f"/panels/{panel.ref}/list-sitting/"
        day = {"on_0": str(on.day), "on_1": str(on.month), "on_2": str(on.year)}
        return Reader(walk.world.secretary).send(path, cases=[walk.case.ref], **day)


def test_sitting_before_the_deadline_of_the_wave_is_refused_by_name(visit):
    walk, panel = visit
    page = Page(listing(walk, panel, date(2012, 7, 2)))
    assert (
        f"{walk.case.ref} is in wave 1, whose deadline is 2 July 2012: list its site visit for a later day."
    ) in page.words
    assert not Sitting.objects.exists()


def test_sitting_listed_knows_its_round_and_its_items_their_cycle(visit):
    walk, panel = visit
    assert listing(walk, panel, date(2012, 7, 3)).status_code == 302
    assert Sitting.objects.get().round == "Wave 1"
    assert Item.objects.get().cycle == 2012


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([1], "Wave 1"),
        ([2, 1, 2], "Wave 1 and Wave 2"),
        ([4, 3, 2, 1], "Wave 1 and Wave 2 and Wave 3 and Wave 4"),
        ([1, 2, 3, 4, 5], "Waves 1 to 5"),
    ],
)
def test_round_names_every_wave_of_an_agenda(numbers, told):
    assert waves_of([SimpleNamespace(wave=SimpleNamespace(number=number)) for number in numbers]) == told
    assert len(told) <= Sitting._meta.get_field("round").max_length
