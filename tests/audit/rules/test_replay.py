"""One wave of 2012 played through the whole process: a stranger recomputes every item that was decided."""

import pytest

from panels.models import Item, ItemState
from panels.queries import panels_without_coalition
from tests.audit.rules.story import taken
from tests.workflows.test_replay import replay


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_every_item_of_a_wave_is_recomputed():
    replay("--wave", "1", "--until", "2012-12-31")
    decided = Item.objects.filter(state=ItemState.CLOSED).count()
    story = taken()
    for report in (story.check(), story.check(disclosed=False)):
        assert [step.detail for step in report.steps if not step.ok] == []
        counts = report.facts["rules"]
        assert counts["items recomputed"] == counts["items decided"] == decided > 100
        assert counts["items not recomputable"] == 0
        assert counts["Coalition voices heard"] >= decided
    assert panels_without_coalition() == 0
