"""Seat plans, disinterest, quorum: pure predicates over plain values. No database, no clock, no Django.

Sources: the Coalition's demand of 17 October 2011 (a disinterested representative on every panel) and the proposed
tests D1-D14 of the domain dossier, section 7.2. Windows come from the rule set, in months or days as named.
"""

from panels.rules.agenda import agenda_order, leavings
from panels.rules.competence import Member, competence_faults, deciding_faults, is_coalition_voice, sitting_faults
from panels.rules.disinterest import DISINTEREST, TIERS, disinterest, verdict
from panels.rules.questions import Question
from panels.rules.rulings import CONFIRMED, DISMISSED, Objected, Ruled, apply_rulings, judge
from panels.rules.seats import COALITION_BODY, COALITION_SEAT, SeatPlan, SeatRule, plan_faults
from panels.rules.shapes import (
    FAMILY,
    MAY_DECIDE,
    OTHER,
    PREPARED,
    SEVERITY,
    STATEMENT,
    CaseFacts,
    Declared,
    Effect,
    MemberFacts,
    PastCase,
    PostFact,
    Reciprocal,
    Role,
    TestResult,
    months_before,
)
from panels.rules.table import DI, NEVER_OVERRIDDEN, OB, RULES, Rule

__all__ = [
    "COALITION_BODY",
    "COALITION_SEAT",
    "CONFIRMED",
    "DI",
    "DISINTEREST",
    "DISMISSED",
    "FAMILY",
    "MAY_DECIDE",
    "NEVER_OVERRIDDEN",
    "OB",
    "OTHER",
    "PREPARED",
    "RULES",
    "SEVERITY",
    "STATEMENT",
    "TIERS",
    "CaseFacts",
    "Declared",
    "Effect",
    "Member",
    "MemberFacts",
    "Objected",
    "PastCase",
    "PostFact",
    "Question",
    "Reciprocal",
    "Role",
    "Rule",
    "Ruled",
    "SeatPlan",
    "SeatRule",
    "TestResult",
    "agenda_order",
    "apply_rulings",
    "competence_faults",
    "deciding_faults",
    "disinterest",
    "is_coalition_voice",
    "judge",
    "leavings",
    "months_before",
    "plan_faults",
    "sitting_faults",
    "verdict",
]
