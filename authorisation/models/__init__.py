"""One file per aggregate; imported here so that Django finds them."""

from authorisation.models.applications import Application, Submission
from authorisation.models.conditions import Condition, ConditionChange, Direction
from authorisation.models.decisions import Decision, Letter, ProposedCondition, Publication, Recommendation, SignOff
from authorisation.models.findings import Finding, Report
from authorisation.models.reviews import ApplicationReview, RectificationPlan, ReviewRound
from authorisation.models.rulesets import CriteriaSet, Criterion, RuleSet
from authorisation.models.waves import Wave, WaveMove
from authorisation.models.windows import Window, WindowAnswer

__all__ = [
    "Application",
    "ApplicationReview",
    "Condition",
    "ConditionChange",
    "CriteriaSet",
    "Criterion",
    "Decision",
    "Direction",
    "Finding",
    "Letter",
    "ProposedCondition",
    "Publication",
    "Recommendation",
    "RectificationPlan",
    "Report",
    "ReviewRound",
    "RuleSet",
    "SignOff",
    "Submission",
    "Wave",
    "WaveMove",
    "Window",
    "WindowAnswer",
]
