"""What check_invariants says of access, in a world where somebody is shut out in every way there is."""

import pytest
from django.contrib.auth.models import Permission

from audit import clock
from authorisation import reasons
from authorisation.invariants import CHECKS
from authorisation.invariants.access import CHECKS as ACCESS
from panels.models import Item, Panel, PanelGrant
from tests.factories.raw import unfenced

pytestmark = pytest.mark.django_db
BARRED = "I3 nobody barred reads"


def asked(sealed, name):
    with clock.at(sealed.walk.now):
        return CHECKS[name]()


@pytest.mark.parametrize("name", ACCESS)
def test_nothing_is_wrong_in_the_world(sealed, name):
    assert asked(sealed, name) == []


@pytest.mark.parametrize(
    ("condition", "who", "why"),
    [
        ("tested", "barred", "barred from it"),
        ("present", "left_the_room", "having left the room for it"),
        ("nominated", "nomination_over", "on a panel that is closed or a nomination that does not stand"),
    ],
)
def test_guard_that_forgets_a_condition_is_found(sealed, monkeypatch, condition, who, why):
    """The check does not ask the guard's own conditions: take one away, and it names whom that lets in."""
    whole = reasons.seat_conditions
    monkeypatch.setattr(
        reasons, "seat_conditions", lambda on: {key: each for key, each in whole(on).items() if key != condition}
    )
    person = sealed.shut_out[who]
    found = [each for each in asked(sealed, BARRED) if each.startswith(f"{person.stream} reads {sealed.ref} by ")]
    assert found
    assert all(each.endswith(f", {why}.") for each in found)


@pytest.mark.parametrize("condition", ["panel", "granted"])
def test_guard_that_reads_past_a_closed_panel_or_a_missing_grant_is_found(sealed, monkeypatch, condition):
    whole = reasons.seat_conditions
    monkeypatch.setattr(
        reasons, "seat_conditions", lambda on: {key: each for key, each in whole(on).items() if key != condition}
    )
    with unfenced():
        if condition == "panel":
            Panel.objects.update(closed_at=sealed.walk.now)
        else:
            PanelGrant.objects.all().delete()
        assert f"{sealed.world.chair.stream} reads {sealed.ref} by " in "\n".join(asked(sealed, BARRED))


def test_guard_that_shuts_out_a_clear_member_is_found(sealed, monkeypatch):
    whole = reasons.seat_conditions
    monkeypatch.setattr(
        reasons, "seat_conditions", lambda on: {**whole(on), "none": ~reasons.Q(person=sealed.world.chair)}
    )
    found = "\n".join(asked(sealed, BARRED))
    assert f"{sealed.world.chair.stream} is clear of every test on " in found
    assert f" and does not read {sealed.ref}." in found


def test_case_listed_under_another_organisation_is_found(sealed):
    with unfenced():
        Item.objects.filter(case_ref=sealed.ref).update(organisation=sealed.world.organisations["02A"])
        [first, *_] = asked(sealed, "I10 every case before a panel is its own organisation's")
    assert first.endswith(f": {sealed.ref} stands on the agenda under another organisation than its own.")


def test_permission_on_panels_given_model_wide_is_found(sealed):
    sit = Permission.objects.get(codename="sit", content_type__app_label="panels")
    with unfenced():
        sealed.world.chair.user_permissions.add(sit)
        found = asked(sealed, "I12 grants on panels are given in no other way")
    assert found == ["Permissions on panels are given model-wide to a person (1)."]
