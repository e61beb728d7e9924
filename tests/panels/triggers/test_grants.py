"""Grants on panels stand exactly while a seat does, whoever writes (I12)."""

import pytest

from panels.actions.panels import close_panel
from panels.models import PanelGrant
from tests.factories import sitting_on
from tests.factories.raw import refused, run, unfenced
from tests.panels.triggers.steps import broken

pytestmark = pytest.mark.django_db
TABLE = PanelGrant._meta.db_table
GIVEN = f"INSERT INTO {TABLE} (user_id, permission_id, content_object_id) VALUES (%s, %s, %s)"


def test_grant_stands_exactly_while_the_seat_is_held(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    grant = PanelGrant.objects.filter(user=at_now.voice).get()
    refused("seat calls for this grant", f"DELETE FROM {TABLE} WHERE id = %s", grant.pk)
    refused("never edited", f"UPDATE {TABLE} SET user_id = %s WHERE id = %s", at_now.spare.pk, grant.pk)
    refused("no accepted seat", GIVEN, at_now.spare.pk, grant.permission_id, meeting.panel.pk)
    chair = PanelGrant.objects.get(user=at_now.chair, permission__codename="chair")
    refused("no accepted seat", GIVEN, at_now.voice.pk, chair.permission_id, meeting.panel.pk)
    with unfenced():
        run(f"UPDATE {TABLE} SET user_id = %s WHERE id = %s", at_now.spare.pk, grant.pk)
        assert broken("I12 grants follow seats") == [
            f"Person {at_now.spare.pk} holds 'sit' on {meeting.panel.ref} without a seat that gives it.",
            f"Person {at_now.voice.pk} holds a seat on {meeting.panel.ref} that gives 'sit', but not the grant.",
        ]


@pytest.mark.parametrize("name", ["invited", "alternate to be"])
def test_seat_that_is_only_offered_gives_no_grant(at_now, case, name):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    sit = PanelGrant._meta.get_field("permission").related_model.objects.get(
        codename="sit", content_type__app_label="panels"
    )
    who = meeting.of("voice").person if name == "invited" else at_now.other_voice
    refused("no accepted seat", GIVEN, who.pk, sit.pk, meeting.panel.pk)


def test_closed_panel_gives_no_grant_again(at_now, case):
    """Its members keep their place in the record and lose its papers, for good."""
    meeting = sitting_on(at_now, "moderation", [case])
    grant = PanelGrant.objects.filter(user=at_now.voice).get()
    close_panel(panel=meeting.panel, reason="Its work is done.", by=at_now.secretary)
    assert not PanelGrant.objects.exists()
    refused("no accepted seat", GIVEN, at_now.voice.pk, grant.permission_id, meeting.panel.pk)
    with unfenced():
        run(GIVEN, at_now.voice.pk, grant.permission_id, meeting.panel.pk)
        assert broken("I12 grants follow seats") == [
            f"Person {at_now.voice.pk} holds 'sit' on {meeting.panel.ref} without a seat that gives it."
        ]
