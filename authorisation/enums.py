"""The vocabulary of the process. Values are stored and hashed: changing one needs a migration and an upcaster."""

from __future__ import annotations

from django.db.models import TextChoices


class Stage(TextChoices):
    """Where an application stands, for display and filtering. Written only by the flow (domain.md 11.2)."""

    PREPARATION = "preparation", "In preparation"
    DESK_TOP = "desk_top", "Desk-top review"
    SECOND_READING = "second_reading", "Second reading"
    SITE_VISIT_PLANNING = "site_visit_planning", "Site visit being arranged"
    SITE_VISIT = "site_visit", "Site visit"
    REPORT = "report", "Report being written"
    REPORT_COMMENTS = "report_comments", "CCG commenting on the report"
    MODERATION = "moderation", "Moderation"
    SIGN_OFF = "sign_off", "Regional sign-off"
    CONDITIONS_PANEL = "conditions_panel", "Conditions panel"
    CONDITIONS_RESPONSE = "conditions_response", "CCG answering the proposed conditions"
    RESPONSE_ASSESSMENT = "response_assessment", "Answer being assessed"
    DECISION = "decision", "With the sub-committee"
    LETTER = "letter", "Letter being issued"
    PUBLICATION = "publication", "Awaiting publication"
    PLAN = "plan", "Rectification plan being agreed"
    REVIEW = "review", "Conditions under review"
    CLOSED = "closed", "Closed, fully authorised"
    DEFERRED = "deferred", "Deferred to a later wave"
    WITHDRAWN = "withdrawn", "Withdrawn"


BEFORE_DECISION = frozenset(
    {
        Stage.PREPARATION,
        Stage.DESK_TOP,
        Stage.SECOND_READING,
        Stage.SITE_VISIT_PLANNING,
        Stage.SITE_VISIT,
        Stage.REPORT,
        Stage.REPORT_COMMENTS,
        Stage.MODERATION,
        Stage.SIGN_OFF,
        Stage.CONDITIONS_PANEL,
        Stage.CONDITIONS_RESPONSE,
        Stage.RESPONSE_ASSESSMENT,
        Stage.DECISION,
    }
)


class Tier(TextChoices):
    """The tier at which a criterion was judged. Later tiers prevail over earlier ones."""

    DESK_TOP = "desk_top", "Desk-top review"
    SECOND_READING = "second_reading", "Second reading"
    SITE_VISIT = "site_visit", "Site visit"
    MODERATION = "moderation", "Moderation"
    RESPONSE = "response", "CCG's answer assessed"
    DECISION = "decision", "Decision"


# Whoever acted at one tier of a case acts at no other (I4): these two are the desk's, and each of these panels is one.
DESK_TIERS = (Tier.DESK_TOP, Tier.SECOND_READING)
PANEL_TIERS = ("site_visit", "moderation", "conditions", "decision")
TIER_ORDER = {tier: rank for rank, tier in enumerate(Tier)}


class AuthorisationOutcome(TextChoices):
    """What the sub-committee decides. Directions are a flag beside it, never a third outcome (design.md 3)."""

    FULL = "full", "Fully authorised"
    CONDITIONAL = "conditional", "Authorised with conditions"


class WindowKind(TextChoices):
    """The CCG's two chances to answer."""

    REPORT_COMMENTS = "report_comments", "Comments on the site-visit report"
    CONDITIONS_RESPONSE = "conditions_response", "Answer to the proposed conditions"


class ConditionState(TextChoices):
    """Where a condition stands."""

    OPEN = "open", "Open"
    DISCHARGED = "discharged", "Discharged"


class ReviewResult(TextChoices):
    """What a review does to one condition."""

    DISCHARGE = "discharge", "Discharged"
    KEEP = "keep", "Kept"
    RAISE = "raise", "Support level raised"
    LOWER = "lower", "Support level lowered"


# What each kind of panel may record as its outcome; only moderation and the sub-committee choose.
PANEL_OUTCOMES: dict[str, list[tuple[str, str]]] = {
    "site_visit": [("report", "Findings agreed for the report")],
    "moderation": [(each.value, each.label) for each in AuthorisationOutcome],
    "conditions": [(AuthorisationOutcome.CONDITIONAL.value, "Conditions and support recommended")],
    "decision": [(each.value, each.label) for each in AuthorisationOutcome],
    "review": [("reviewed", "Conditions reviewed")],
}
