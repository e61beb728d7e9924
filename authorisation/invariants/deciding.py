"""What was decided, on what and when (I2, I5, I6)."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Count, Exists, F, OuterRef, Q

from authorisation.enums import TIER_ORDER, AuthorisationOutcome, Stage, WindowKind
from authorisation.invariants.asking import ask, told
from authorisation.models import (
    Application,
    Condition,
    Decision,
    Direction,
    Letter,
    Publication,
    RuleSet,
    Window,
)

# ruff: noqa: S608  the statements are built from our own constants
_RANK = "CASE {row}.tier " + " ".join(f"WHEN '{tier}' THEN {rank}" for tier, rank in TIER_ORDER.items()) + " END"
_BEFORE = (
    "{one}.application_id = {other}.application_id AND {one}.criterion_id = {other}.criterion_id "
    "AND ({one}.attempt < {other}.attempt OR ({one}.attempt = {other}.attempt AND "
    + _RANK.format(row="{one}")
    + " < "
    + _RANK.format(row="{other}")
    + "))"
)


def _resting(table: str, kind: str) -> list[str]:
    return ask(
        f"{{0}}: its {table} does not rest on the outcome of a panel of the right kind, about it, under its rules.",
        f"SELECT x.ref FROM authorisation_{table} t JOIN authorisation_application x ON x.id = t.application_id "
        "JOIN authorisation_ruleset r ON r.id = x.ruleset_id JOIN panels_outcome u ON u.id = t.panel_outcome_id "
        "JOIN panels_item i ON i.id = u.item_id JOIN panels_panel p ON p.id = i.panel_id "
        f"WHERE i.case_ref <> x.ref OR i.organisation_id <> x.ccg_id OR p.ruleset <> r.version OR p.kind <> {kind} "
        "ORDER BY x.ref",
    )


def acts_without_panel() -> list[str]:
    """I2: every decision, recommendation and review rests on a panel's outcome on that case."""
    return [
        *_resting("decision", "'decision'"),
        *_resting("recommendation", "t.kind"),
        *_resting("applicationreview", "'review'"),
        *ask(
            "{0} was decided otherwise than its panel did.",
            "SELECT x.ref FROM authorisation_decision d JOIN authorisation_application x ON x.id = d.application_id "
            "JOIN panels_outcome u ON u.id = d.panel_outcome_id WHERE u.outcome <> d.outcome ORDER BY x.ref",
        ),
    ]


def conditions_apart() -> list[str]:
    """I5: unmet criteria at the decision and conditions imposed are the same, one to one."""
    decided = "JOIN authorisation_decision d ON d.application_id = x.id"
    return [
        *ask(
            "{0}: {1} stood unmet and the decision says nothing of it.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            f"ON x.id = f.application_id {decided} JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE NOT f.met AND f.tier <> 'decision' AND NOT EXISTS (SELECT 1 FROM authorisation_finding g "
            f"WHERE {_BEFORE.format(one='f', other='g')}) ORDER BY x.ref, c.code",
        ),
        *ask(
            "{0}: {1} was found unmet at the decision and stood met before.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            "ON x.id = f.application_id JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE f.tier = 'decision' AND NOT f.met AND NOT EXISTS (SELECT 1 FROM authorisation_finding g "
            f"WHERE NOT g.met AND {_BEFORE.format(one='g', other='f')} AND NOT EXISTS "
            f"(SELECT 1 FROM authorisation_finding h WHERE {_BEFORE.format(one='g', other='h')} "
            f"AND {_BEFORE.format(one='h', other='f')})) ORDER BY x.ref, c.code",
        ),
        *ask(
            "{0}: {1} was unmet at the decision and has no condition.",
            "SELECT x.ref, c.code FROM authorisation_finding f JOIN authorisation_application x "
            f"ON x.id = f.application_id {decided} JOIN authorisation_criterion c ON c.id = f.criterion_id "
            "WHERE f.tier = 'decision' AND NOT f.met AND NOT EXISTS "
            "(SELECT 1 FROM authorisation_condition k WHERE k.finding_id = f.id) ORDER BY x.ref, c.code",
        ),
        *ask(
            "{0}: the condition on {1} rests on no criterion unmet at its decision.",
            "SELECT x.ref, c.code FROM authorisation_condition k JOIN authorisation_application x "
            "ON x.id = k.application_id JOIN authorisation_criterion c ON c.id = k.criterion_id "
            "JOIN authorisation_finding f ON f.id = k.finding_id JOIN authorisation_decision d ON d.id = k.decision_id "
            "WHERE f.met OR f.tier <> 'decision' OR f.criterion_id <> k.criterion_id "
            "OR f.application_id <> k.application_id OR d.application_id <> k.application_id ORDER BY x.ref, c.code",
        ),
    ]


def outcomes_apart() -> list[str]:
    """I5: fully authorised means no condition, with conditions means at least one; directions are as flagged."""
    rows = Decision.objects.annotate(
        imposed=Count("conditions", distinct=True), directed=Count("directions", distinct=True)
    ).select_related("application")
    full = Q(outcome=AuthorisationOutcome.FULL)
    wrong = rows.filter((full & Q(imposed__gt=0)) | (~full & Q(imposed=0)))
    flagged = rows.filter(Q(has_directions=True, directed=0) | Q(has_directions=False, directed__gt=0))
    copied = Application.objects.filter(decision__isnull=False).exclude(outcome=F("decision__outcome"))
    early = Application.objects.filter(decision__isnull=True).exclude(outcome="")
    return told(
        [f"{row.application.ref} is decided {row.outcome} with {row.imposed} conditions." for row in wrong]
        + [f"{row.application.ref} has {row.directed} directions and its flag says otherwise." for row in flagged]
        + [f"{row.ref} shows another outcome than its decision." for row in copied]
        + [f"{row.ref} shows an outcome and has no decision." for row in early]
    )


def unknown_levels() -> list[str]:
    """I5: every condition has a support level of the rule set pinned to its application."""
    known = {pk: set(body["levels"]) for pk, body in RuleSet.objects.values_list("pk", "body")}
    pairs = Condition.objects.values_list("application__ruleset", "level").annotate(number=Count("pk")).order_by()
    return [
        f"{number} conditions under rule set {ruleset} have support level {level}, which it does not have."
        for ruleset, level, number in pairs
        if level not in known[ruleset]
    ]


def decided_too_early() -> list[str]:
    """I6: no panel decided while a window ran that was not waived, nor a conditional case that had no window."""
    never = Window.objects.filter(
        application=OuterRef("application"), kind=WindowKind.CONDITIONS_RESPONSE, stopped_at__isnull=True
    )
    rows = Decision.objects.filter(outcome=AuthorisationOutcome.CONDITIONAL).exclude(Exists(never))
    return ask(
        "{0} was decided while its window {1} ran.",
        "SELECT x.ref, w.kind FROM authorisation_decision d JOIN authorisation_application x "
        "ON x.id = d.application_id JOIN panels_outcome u ON u.id = d.panel_outcome_id "
        "JOIN authorisation_window w ON w.application_id = x.id WHERE w.stopped_at IS NULL "
        "AND w.closes_at > u.reached_at AND (w.waived_at IS NULL OR w.waived_at > u.reached_at) ORDER BY x.ref",
    ) + told(
        [
            f"{ref} was authorised with conditions it could not answer first."
            for ref in rows.values_list("application__ref", flat=True)
        ]
    )


def windows_without_answer() -> list[str]:
    """I6: a window that says answered has its answer, and one that lapsed has none."""
    rows = Window.objects.filter(
        Q(answered_at__isnull=False, answer__isnull=True)
        | Q(answered_at__isnull=True, answer__isnull=False)
        | Q(answered_at__isnull=False, lapsed_at__isnull=False)
        | Q(waived_at__isnull=False, answered_at__isnull=True)
        | Q(lapsed_at__lt=F("closes_at"))
    ).select_related("application")
    return told([f"{row.application.ref}: the window {row.kind} and its answer disagree." for row in rows])


def published_too_early() -> list[str]:
    """I6: decision, letter and publication follow one another, on the same application."""
    letters = Letter.objects.filter(issued_at__lt=F("decision__decided_at")).select_related("decision__application")
    rows = Publication.objects.filter(
        Q(published_at__lt=F("letter__issued_at")) | ~Q(letter__decision__application=F("application"))
    ).select_related("application")
    stages = (Stage.PLAN, Stage.REVIEW, Stage.CLOSED)
    unpublished = Application.objects.filter(stage__in=stages, publication__isnull=True)
    return told(
        [f"The letter on {row.decision.application.ref} went out before its decision." for row in letters]
        + [f"{row.application.ref} was published before its own letter." for row in rows]
        + [f"{row.ref} is {row.get_stage_display().lower()} and was never published." for row in unpublished]
    )


def directions_beyond_conditions() -> list[str]:
    """I5: a closed case has no open condition and no direction in force."""
    left = Exists(Condition.objects.filter(application=OuterRef("pk"), state="open"))
    bound = Exists(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True))
    rows = Application.objects.filter(stage=Stage.CLOSED).filter(left | bound)
    return told([f"{row.ref} is closed with a condition open or a direction in force." for row in rows])


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I2 every decision, recommendation and review rests on a panel": acts_without_panel,
    "I5 conditions are the unmet criteria": conditions_apart,
    "I5 outcomes follow from conditions": outcomes_apart,
    "I5 every condition has a level of its rule set": unknown_levels,
    "I5 closed cases have nothing left": directions_beyond_conditions,
    "I6 no decision while a window runs": decided_too_early,
    "I6 windows and answers agree": windows_without_answer,
    "I6 publication follows the letter": published_too_early,
}
