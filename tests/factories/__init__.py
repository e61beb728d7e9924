"""A small world made by actions alone, and cases taken to any stage by the real flow.

world = build_world()
case = application_at(Stage.MODERATION, world=world, unmet=("1.1B",))
meeting = sitting_on(world, "moderation", [case])
"""

from tests.factories.cases import Walk, application_at
from tests.factories.panels import Meeting, convened, decide, opened, positions, sitting_on, spoken
from tests.factories.world import CRITERIA, World, build_world, days, london

__all__ = [
    "CRITERIA",
    "Meeting",
    "Walk",
    "World",
    "application_at",
    "build_world",
    "convened",
    "days",
    "decide",
    "london",
    "opened",
    "positions",
    "seated",
    "sitting_on",
    "spoken",
]
