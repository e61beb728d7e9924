"""How the events of panels, and those of people about panels, become rows."""

from panels.reconciling.people import PeopleOfPanels
from panels.reconciling.sittings import Panels

REPLAYS = (Panels, PeopleOfPanels)
