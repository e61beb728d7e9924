"""How the events of applications, and those about rules and waves, become rows."""

from authorisation.reconciling.cases import Applications
from authorisation.reconciling.rules import PlansOfPanels, Rules

REPLAYS = (Applications, Rules, PlansOfPanels)
