"""What every test of the explorer does: sit, and look at a page."""

from audit import clock
from panels.exceptional import sentences
from tests.factories import sitting_on
from tests.factories.pages import Reader
from tests.factories.world import PEOPLE

SECRET = "Her brother runs our hospital."
LIST, CSV, XLSX = "/audit/panels/", "/audit/panels.csv", "/audit/panels.xlsx"
MAY = {"secretary", "guardian", "auditor"}
EVERYBODY = [name for name, _, _ in PEOPLE] + ["outsider", "spare"]


def meeting(walk, **how):
    with clock.at(walk.now):
        walk.meeting = sitting_on(walk.world, "moderation", [walk.case], **how)
    return walk.meeting


def page(walk, path=LIST, name="auditor", **query):
    with clock.at(walk.now):
        return Reader(walk.world.people[name]).get(path, **query)


def figures(found):
    return dict(zip(found.text("dt"), map(int, found.text("dd")), strict=True))


def said(sitting):
    return " ".join(sentences([sitting.pk]).get(sitting.pk, []))
