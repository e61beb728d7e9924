"""Is it allowed now? Each check raises with a sentence that names the thing and the cure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, overload

from django.db.models import Max, QuerySet

from audit.models import Event
from authorisation import roles
from authorisation.enums import PANEL_TIERS, Tier, WindowKind
from authorisation.errors import ApplicationRefused, DecisionRefused, WaveRefused, WindowRefused
from authorisation.models import ApplicationReview, Decision, Recommendation, Wave, Window
from directory.models import Organisation, OrganisationKind
from directory.queries import today
from panels.models import Outcome, PanelKind, Position

if TYPE_CHECKING:
    from authorisation.models import Application
    from directory.models import Person
    from panels.models import Item

YEAR = timedelta(days=365)


@overload
def check_item(application: Application, item: Item, *, kind: str, decided: Literal[True]) -> Outcome: ...
@overload
def check_item(application: Application, item: Item, *, kind: str, decided: Literal[False]) -> None: ...
def check_item(application: Application, item: Item, *, kind: str, decided: bool) -> Outcome | None:
    """The outcome of the panel's item on this case, or DecisionRefused when the panel was not competent for it.

    With `decided=False` the item need only stand on the agenda of a panel of the right kind.
    """
    wanted = PanelKind(kind).label.lower()
    if item.case_ref != application.ref:
        raise DecisionRefused(
            f"Item {item.number} of {item.panel.ref} is about {item.case_ref}, not {application.ref}."
        )
    if item.organisation_id != application.ccg_id:
        raise DecisionRefused(
            f"Item {item.number} of {item.panel.ref} names {application.ref} and judged another organisation than "
            f"{application.ccg.name}: list it again, with the right one."
        )
    if item.panel.kind != kind:
        raise DecisionRefused(
            f"{item.panel.ref} is a {item.panel.get_kind_display().lower()}: this step needs a {wanted}."
        )
    if item.panel.ruleset != application.ruleset.version:
        raise DecisionRefused(
            f"{item.panel.ref} was seated under rule set {item.panel.ruleset}; {application.ref} is judged under "
            f"{application.ruleset.version}."
        )
    if not decided:
        return None
    outcome = Outcome.objects.filter(item=item).select_related("composition", "item__panel").first()
    if outcome is None:
        raise DecisionRefused(
            f"{item.panel.ref} has reached no outcome on {application.ref}: a competent panel, with its Coalition "
            "representative present, decides the item first."
        )
    _check_fresh(application, outcome)
    _check_tiers(application, outcome)
    return outcome


def _check_fresh(application: Application, outcome: Outcome) -> None:
    """Raise DecisionRefused for an outcome used before, or reached before the case was taken up again."""
    ref = outcome.item.panel.ref
    if any(
        model.objects.filter(panel_outcome=outcome).exists() for model in (Recommendation, Decision, ApplicationReview)
    ):
        raise DecisionRefused(f"The outcome of {ref} on {application.ref} is recorded already: put it on a new agenda.")
    if application.attempt == 1:
        return
    resumed = Event.objects.filter(stream=application.stream, event_type="application.resumed")
    latest = resumed.order_by("-stream_seq").values_list("occurred_at", flat=True).first()
    if latest and outcome.reached_at < latest:
        raise DecisionRefused(
            f"{ref} judged {application.ref} before it was deferred: put it on the agenda of a new sitting."
        )


def _check_tiers(application: Application, outcome: Outcome) -> None:
    """Raise DecisionRefused when somebody took a position who had acted on the case at another tier (I4)."""
    ref, panel = application.ref, outcome.item.panel
    took = Position.objects.filter(item=outcome.item_id).select_related("appointment__person").order_by("pk")
    people = {each.appointment.person_id: each.appointment.person for each in took}
    cure = f"and took a position on it in {panel.ref}: put it on a new agenda, without them."
    for person, _, tier, _ in roles.desk_top(people, [ref]):
        did = f"gave {ref} its second reading" if tier == Tier.SECOND_READING else f"assessed {ref} at the desk"
        raise DecisionRefused(f"{people[person]} {did} {cure}")
    if panel.kind in PANEL_TIERS and (twice := _positions(ref, people).exclude(item__panel__kind=panel.kind).first()):
        other = twice.item.panel
        raise DecisionRefused(
            f"{twice.appointment.person} judged {ref} in {other.ref}, a {other.get_kind_display().lower()}, {cure}"
        )


def _positions(ref: str, people: Collection[int]) -> QuerySet[Position]:
    """What these people said of a case in panels that are tiers."""
    rows = Position.objects.filter(
        item__case_ref=ref, item__panel__kind__in=PANEL_TIERS, appointment__person__in=people
    )
    return rows.select_related("appointment__person", "item__panel").order_by("pk")


def check_on_no_panel(applications: Sequence[Application], by: Person) -> None:
    """Raise ApplicationRefused when somebody at the desk has judged one of these cases in a panel (I4); one query.

    A case that was deferred may come back to the desk after its panels.
    """
    rows = Position.objects.filter(
        item__case_ref__in=[each.ref for each in applications],
        item__panel__kind__in=PANEL_TIERS,
        appointment__person=by,
    )
    if judged := rows.select_related("item__panel").order_by("pk").first():
        raise ApplicationRefused(
            f"{by} judged {judged.item.case_ref} in {judged.item.panel.ref} and takes no other part in it: "
            "ask another assessor."
        )


def check_day_in_wave(cases: Iterable[Application], on: date, *, kind: str = PanelKind.SITE_VISIT) -> None:
    """Raise WaveRefused for a sitting on or before the deadline of a case's wave, or long after the cycle's last wave.

    `cases` come with their waves. Long after is a year; reviews of conditions go on until the last is discharged.
    """
    what = "site visit" if kind == PanelKind.SITE_VISIT else PanelKind(kind).label.lower()
    cases = list(cases)
    for case in cases:
        if on <= case.wave.deadline:
            raise WaveRefused(
                f"{case.ref} is in wave {case.wave.number}, whose deadline is {case.wave.deadline:%-d %B %Y}: "
                f"list its {what} for a later day."
            )
    if kind == PanelKind.REVIEW:
        return
    last = dict(
        Wave.objects.filter(cycle__in={case.cycle for case in cases})
        .order_by()
        .values_list("cycle")
        .annotate(Max("deadline"))
    )
    for case in cases:
        latest = last[case.cycle] + YEAR
        if on > latest:
            raise WaveRefused(
                f"The last wave of {case.cycle} closes on {last[case.cycle]:%-d %B %Y}: list the {what} of {case.ref} "
                f"for {latest:%-d %B %Y} or earlier."
            )


def check_beneficiary(application: Application, code: str) -> Organisation:
    """The organisation of that code, which may take over functions of the applicant's (SI 2012/1631 reg 8(8)-(9)).

    Raises DecisionRefused when there is none, it is no CCG or is closed, or it is the applicant itself.
    """
    other = Organisation.objects.filter(code=code).first()
    if other is None:
        raise DecisionRefused(f"No organisation has the code {code}: enter the code of another CCG, such as 02Q.")
    if other.pk == application.ccg_id:
        raise DecisionRefused(
            f"{other} is the CCG under review: a direction that takes functions from it names another CCG."
        )
    if other.kind != OrganisationKind.CCG:
        raise DecisionRefused(
            f"{other} is a {other.get_kind_display().lower()}: only another CCG may exercise a CCG's functions."
        )
    if other.closed is not None and other.closed < today():
        raise DecisionRefused(f"{other} closed on {other.closed:%-d %B %Y}: name a CCG that is open.")
    return other


def check_windows_over(application: Application, outcome: Outcome) -> None:
    """Raise WindowRefused when the panel met while a window ran that the CCG had not waived (I6), answered or not."""
    met = outcome.reached_at
    running = (
        Window.objects.filter(application=application, closes_at__gt=met, stopped_at__isnull=True)
        .exclude(waived_at__lte=met)
        .first()
    )
    if running:
        raise WindowRefused(
            f"{application.ref} may not be decided yet: the CCG's window ({running.get_kind_display().lower()}) "
            f"ends on {running.closes_at:%-d %B %Y}, unless the CCG waives it; the panel meets after that."
        )


def check_report_window_over(application: Application, outcome: Outcome) -> None:
    """Raise WindowRefused when the panel met while the CCG could still comment on the report."""
    met = outcome.reached_at
    running = (
        Window.objects.filter(
            application=application,
            attempt=application.attempt,
            kind=WindowKind.REPORT_COMMENTS,
            closes_at__gt=met,
            stopped_at__isnull=True,
        )
        .exclude(answered_at__lte=met)
        .first()
    )
    if running:
        raise WindowRefused(
            f"{application.ref} could comment on its report until {running.closes_at:%-d %B %Y}: "
            "moderation comes after that."
        )
