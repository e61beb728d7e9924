"""What each test of disinterest asks, as pages and generated documents show it.

Source, unless a row says otherwise: the proposed tests of the domain dossier, section 7.2. A window is a key of
the rule set and says its own unit; `default` holds where the rule set is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from panels.rules.shapes import Effect

# Nobody softens these: the dossier (D1), invariant I4 (D9), a seat free of the Board whose guardian rules (D13), and
# what anybody can cure for themselves (D14).
NEVER_OVERRIDDEN = frozenset({"D1", "D9", "D13", "D14"})
DI, OB = "DI", "OB"


@dataclass(frozen=True)
class Rule:
    """One test: what it asks in a line, what it usually means, how far back it looks, and where it comes from."""

    id: str
    title: str
    text: str
    effect: Effect
    window: str = ""
    default: int = 0
    source: str = ""

    @property
    def overridable(self) -> bool:
        """Whether the conflicts guardian may soften its answer."""
        return self.id not in NEVER_OVERRIDDEN

    def reach(self, windows: Mapping[str, int]) -> int:
        """How far back it looks, in months or days as its window says."""
        return windows.get(self.window, self.default)


_NOLAN = "Nolan principles: objectivity"
_GUIDANCE = "Conflicts of interest guidance for commissioners, 2013-17"

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "D1",
            "Own organisation",
            "Holds, or held of late, a post or membership at the organisation under review.",
            Effect.BARRED,
            "d1_months",
            36,
            _NOLAN,
        ),
        Rule(
            "D2",
            "Member practice",
            "Works, or worked of late, at a member practice of the organisation under review.",
            Effect.BARRED,
            "d2_months",
            24,
            _NOLAN,
        ),
        Rule(
            "D3",
            "Shared leadership",
            "Has a post at an organisation that shares its leadership with the one under review.",
            Effect.BARRED,
            source="Chief officers were shared between groups in 2012-13",
        ),
        Rule(
            "D4",
            "Neighbour",
            "Own organisation borders the one under review, is in its area team, or shares a main provider with it: "
            "bars the Coalition seat, others declare it.",
            Effect.BARRED,
            source="Neighbours gained from directions: Corby took over Nene's contract",
        ),
        Rule(
            "D5",
            "Beneficiary",
            "Own organisation is named in a proposed direction of the case.",
            Effect.BARRED,
            source="Establishment regulations 2012, regulation 8(8) and (9)",
        ),
        Rule(
            "D6",
            "Commissioning support",
            "Works, or worked of late, for the supplier of support to the organisation under review.",
            Effect.BARRED,
            "d6_months",
            12,
            _GUIDANCE,
        ),
        Rule(
            "D7",
            "Provider",
            "Works, or worked of late, for a main provider to the organisation under review.",
            Effect.BARRED,
            "d7_months",
            12,
            _GUIDANCE,
        ),
        Rule(
            "D8",
            "Close family",
            "Close family is in a position that D1 to D7 would judge: the same as for the member.",
            Effect.BARRED,
            source=_GUIDANCE,
        ),
        Rule(
            "D9",
            "Another tier",
            "Took part at another tier of the same case, or prepared the application: a preparer is barred everywhere.",
            Effect.BARRED,
            "d9_preparer_months",
            24,
            "Separation of tiers, invariant I4",
        ),
        Rule(
            "D10",
            "Familiarity",
            "Sat on cases of the organisation in earlier cycles: once is allowed, then a rest.",
            Effect.BARRED,
            "d10_months",
            24,
            "Domain dossier 7.2",
        ),
        Rule(
            "D11",
            "Reciprocity",
            "Somebody of the organisation under review judges this member's own organisation in the same cycle.",
            Effect.BARRED,
            source="Assessors came from applicants, so two could judge each other",
        ),
        Rule(
            "D12",
            "Public statement",
            "Spoke in public for or against the organisation under review.",
            Effect.DECLARE_ONLY,
            "d12_months",
            12,
            "Perceived conflicts count",
        ),
        Rule(
            "D13",
            "The Board's employee",
            "Works, or worked of late, for the Board: bars the Coalition seat.",
            Effect.BARRED,
            "d13_months",
            12,
            "The Coalition's demand of 17 October 2011",
        ),
        Rule(
            "D14",
            "Declaration",
            "A declaration of interests for this panel is on file and fresh.",
            Effect.BARRED,
            "d14_days",
            28,
            "NHS Act 2006, section 14O: within 28 days",
        ),
        Rule(
            DI,
            "Declared interest",
            "Declared an interest of another kind in the organisation under review.",
            Effect.DISCUSS_NO_VOTE,
            source="Ours: perceived conflicts count",
        ),
        Rule(
            OB,
            "Objection",
            "The applicant objects to the member: declared until the conflicts guardian rules.",
            Effect.DECLARE_ONLY,
            source="Ours: an applicant may say what nobody declared",
        ),
    )
}
