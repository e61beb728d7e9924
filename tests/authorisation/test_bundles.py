"""Who takes the record of a case away, when, and how much of it."""

import json

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from audit.models import Event
from authorisation.actions.bundles import case_bundle
from authorisation.enums import Stage
from authorisation.permissions import check_takes_bundle, takes_bundle
from directory.actions import people
from panels.models import Panel
from tests.factories import Walk

AUDITS = ["auditor", "guardian", "secretary"]
OTHERS = ["assessor", "director", "contact", "nominator", "voice", "chair", "officer_2"]


@pytest.fixture
def before(world):
    """A case that is decided, and whose letter is not out."""
    return Walk(world).to(Stage.DECISION)


@pytest.fixture
def after(world):
    """A case whose letter is out, and another of the same panels' kind."""
    return Walk(world).to(Stage.REVIEW)


def exports():
    return [event.document for event in Event.objects.filter(event_type="export.made")]


@pytest.mark.parametrize(("stage", "own"), [(Stage.DECISION, False), (Stage.PUBLICATION, True), (Stage.REVIEW, True)])
def test_record_is_for_auditors_and_for_the_ccg_after_its_letter(world, stage, own):
    case = Walk(world).to(stage).case
    told = {name: takes_bundle(world.people[name], case) for name in [*AUDITS, *OTHERS, "officer_1"]}
    assert told == {**dict.fromkeys(AUDITS, True), **dict.fromkeys(OTHERS, False), "officer_1": own}
    for name, may in told.items():
        if may:
            check_takes_bundle(world.people[name], case)
        else:
            with pytest.raises(PermissionDenied, match=f"The record of {case.ref} is for auditors"):
                check_takes_bundle(world.people[name], case)


def test_refused_bundle_is_neither_made_nor_recorded(before, world):
    with clock.at(before.now), pytest.raises(PermissionDenied):
        case_bundle(before.case, by=world.officer("01A"))
    assert exports() == []


def test_ccg_gets_its_own_entries_alone(after, world):
    document = json.loads(case_bundle(after.case, by=world.officer("01A")))
    assert [each["stream"] for each in document["streams"]] == [after.case.stream]
    assert {json.loads(leaf)["stream"] for each in document["streams"] for leaf in each["leaves"]} == {
        after.case.stream
    }
    assert document["disclosures"] == []


def test_auditor_gets_the_panels_that_took_it_too(after, world):
    document = json.loads(case_bundle(after.case, by=world.auditor))
    panels = Panel.objects.filter(items__case_ref=after.case.ref).distinct().order_by("pk")
    assert len(panels) >= 3
    assert [each["stream"] for each in document["streams"]] == [
        after.case.stream,
        *(panel.stream for panel in panels),
    ]
    assert all(len(each["leaves"]) > 1 for each in document["streams"])


@pytest.mark.parametrize("name", ["officer_1", "voice"])
def test_names_and_reasons_are_opened_for_auditors_alone(after, world, name):
    with pytest.raises(PermissionDenied):
        case_bundle(after.case, by=world.people[name], private=True)
    assert exports() == []


def test_auditor_may_have_names_and_reasons_and_the_record_says_so(after, world):
    text = case_bundle(after.case, by=world.auditor, private=True)
    assert {each["group"] for each in json.loads(text)["disclosures"]} >= {"free_text"}
    (told,) = exports()
    assert (told["actor"], told["public"]["what"]) == (world.auditor.stream, "private")
    assert told["public"]["filter"]["ref"] == after.case.ref


def test_each_bundle_is_recorded_before_it_leaves(after, world):
    case_bundle(after.case, by=world.officer("01A"))
    case_bundle(after.case, by=world.auditor)
    assert [(each["actor"], each["public"]["what"], each["public"]["rows"]) for each in exports()] == [
        (world.officer("01A").stream, "bundle", 1),
        (world.auditor.stream, "bundle", 1 + Panel.objects.filter(items__case_ref=after.case.ref).distinct().count()),
    ]


def test_somebody_who_left_takes_nothing(after, world):
    people.deactivate_person(person=world.officer("01A"), by=world.secretary)
    assert not takes_bundle(world.officer("01A"), after.case)
