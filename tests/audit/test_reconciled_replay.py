"""A wave of the main job, reconciled: apart from the tests that share a world, for it needs a database alone."""

from io import StringIO

import pytest
from django.core.management import call_command

from audit.models import Event
from tests.audit.reconciling.told import differences


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_wave_replayed_differs_in_nothing():
    call_command("replay", "--json", "--wave", "1", "--until", "2012-12-31", stdout=StringIO())
    assert Event.objects.filter(event_type="decision.recorded").exists()
    assert differences() == []
