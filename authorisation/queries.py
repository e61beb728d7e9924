"""Reads worth a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from authorisation.enums import TIER_ORDER, AuthorisationOutcome, Tier
from authorisation.models import Application, Condition, Criterion, Direction, Finding, Letter
from authorisation.rules import is_fully_authorised
from directory.models import OrganisationKind, Person, Post, PostKind
from directory.rules import BOARD_CODE

COUNTS: tuple[Literal["decided", "full", "conditional", "with_directions"], ...] = (
    "decided",
    "full",
    "conditional",
    "with_directions",
)


def criteria(application: Application) -> dict[str, Criterion]:
    """The criteria of the rule set pinned to an application, by code."""
    rows = Criterion.objects.filter(criteria_set=application.ruleset.criteria_set_id)
    return {row.code: row for row in rows}


def criterion_keys(application: Application, **which: Any) -> dict[str, int]:
    """The keys of those criteria that a step is about, by code, in their order."""
    rows = Criterion.objects.filter(criteria_set=application.ruleset.criteria_set_id, **which)
    return dict(rows.values_list("code", "pk"))


def standing(application: Application) -> dict[str, bool]:
    """Whether each criterion is met as the case stands: a later attempt prevails, then a later tier."""
    rows = Finding.objects.filter(application=application).values_list("attempt", "tier", "criterion__code", "met")
    ordered = sorted(rows, key=lambda row: (row[0], TIER_ORDER[Tier(row[1])]))
    return {code: met for _, _, code, met in ordered}


def unmet(application: Application) -> list[str]:
    """The criteria not met as the case stands, in order of their codes."""
    return sorted(code for code, met in standing(application).items() if not met)


def open_conditions(application: Application) -> dict[str, Condition]:
    """The open conditions of an application by criterion."""
    rows = Condition.objects.filter(application=application, state="open").select_related("criterion")
    return {row.criterion.code: row for row in rows}


def is_settled(application: Application) -> bool:
    """Whether a decided CCG is fully authorised now."""
    return is_fully_authorised(
        open_conditions=Condition.objects.filter(application=application, state="open").count(),
        directions=Direction.objects.filter(application=application, ended_on__isnull=True).count(),
    )


def decided_by_wave(cycle: int) -> list[dict[str, Any]]:
    """Per wave: decided, full, conditional and with directions, counted from the decisions themselves."""
    counted = (
        Application.objects.filter(cycle=cycle, decision__isnull=False)
        .values("wave__number")
        .annotate(
            decided=Count("pk"),
            full=Count("pk", filter=Q(decision__outcome=AuthorisationOutcome.FULL)),
            conditional=Count("pk", filter=Q(decision__outcome=AuthorisationOutcome.CONDITIONAL)),
            with_directions=Count("pk", filter=Q(decision__has_directions=True)),
        )
        .order_by("wave__number")
    )
    return [{"wave": row["wave__number"], **{key: row[key] for key in COUNTS}} for row in counted]


def in_force(cycle: int) -> Mapping[str, int]:
    """How the decided CCGs stand now: fully authorised, with conditions, with directions (domain.md 11.3)."""
    rows = Application.objects.filter(cycle=cycle, decision__isnull=False).annotate(
        conditions_open=Exists(Condition.objects.filter(application=OuterRef("pk"), state="open")),
        directed=Exists(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True)),
    )
    return rows.aggregate(
        full=Count("pk", filter=Q(conditions_open=False, directed=False)),
        conditional=Count("pk", filter=Q(conditions_open=True) | Q(directed=True)),
        with_directions=Count("pk", filter=Q(directed=True)),
    )


def listed(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Applications with what a list shows of each: place, wave, open conditions and directions in force."""
    return applications.select_related("ccg__parent__parent", "wave").annotate(
        open_conditions=_count(Condition.objects.filter(application=OuterRef("pk"), state="open")),
        directions_in_force=_count(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True)),
    )


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("application").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def narrowed(applications: QuerySet[Application], chosen: Mapping[str, str], text: str) -> QuerySet[Application]:
    """Listed applications of one wave, stage or region, with words of the name, or a code or reference, in them."""
    for name, lookup in (("wave", "wave__number"), ("stage", "stage"), ("region", "ccg__parent__parent__code")):
        if chosen.get(name):
            applications = applications.filter(**{lookup: chosen[name]})
    for word in text.split():
        applications = applications.filter(
            Q(ccg__name__icontains=word) | Q(ccg__code__iexact=word) | Q(ref__icontains=word)
        )
    return applications


def waves_and_regions(applications: QuerySet[Application]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What a list of these applications can be narrowed by: waves and regions that occur in it."""
    waves = applications.order_by("wave__number").values_list("wave__number", flat=True).distinct()
    regions = (
        applications.filter(ccg__parent__parent__isnull=False)
        .order_by("ccg__parent__parent__name")
        .values_list("ccg__parent__parent__code", "ccg__parent__parent__name")
        .distinct()
    )
    return [(str(number), f"Wave {number}") for number in waves], list(regions)


def published_in_force() -> Mapping[str, int]:
    """How the published cases stand now, for the head of the register."""
    rows = Application.objects.published().annotate(
        conditions_open=Exists(Condition.objects.filter(application=OuterRef("pk"), state="open")),
        directed=Exists(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True)),
    )
    return rows.aggregate(
        published=Count("pk"),
        full=Count("pk", filter=Q(conditions_open=False, directed=False)),
        conditional=Count("pk", filter=Q(conditions_open=True) | Q(directed=True)),
        with_directions=Count("pk", filter=Q(directed=True)),
    )


def letter_of(application: Application) -> Letter | None:
    """The decision letter as sent; None while it has not gone out."""
    return Letter.objects.filter(decision__application=application).first()


def checkpoint_keepers() -> list[Person]:
    """Who is sent the log's head: auditors, the guardian, the Coalition's offices, and one address at each applicant.

    AUDIT_TELL_APPLICANTS leaves the applicants out.
    """
    offices = Post.objects.filter(in_force=True, person__is_active=True)
    board = Q(kind__in=[PostKind.AUDITOR, PostKind.CONFLICTS_GUARDIAN], organisation__code=BOARD_CODE)
    coalition = Q(kind=PostKind.NOMINATIONS_SECRETARY, organisation__kind=OrganisationKind.COALITION_BODY)
    posts = list(offices.filter(board | coalition).select_related("person").order_by("pk"))
    if settings.AUDIT_TELL_APPLICANTS:
        officers = offices.filter(
            kind=PostKind.ACCOUNTABLE_OFFICER, organisation__in=Application.objects.values("ccg")
        ).select_related("person")
        posts += {post.organisation_id: post for post in officers.order_by("-pk")}.values()
    return list({post.person_id: post.person for post in posts}.values())
