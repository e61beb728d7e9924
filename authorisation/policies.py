"""Is it allowed now? Each check raises with a sentence that names the thing and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from audit.models import Event
from authorisation.enums import Tier, WindowKind
from authorisation.errors import DecisionRefused, WindowRefused
from authorisation.models import ApplicationReview, Decision, Finding, Recommendation, Window
from directory.models import Organisation, OrganisationKind
from directory.queries import today
from panels.models import Outcome, PanelKind, Position

if TYPE_CHECKING:
    from authorisation.models import Application
    from panels.models import Item


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
    """Raise DecisionRefused when somebody who assessed the case at the desk took a position on it later (I4)."""
    assessed = Finding.objects.filter(application=application, tier__in=(Tier.DESK_TOP, Tier.SECOND_READING))
    twice = Position.objects.filter(item=outcome.item_id, appointment__person__in=assessed.values("author"))
    if position := twice.select_related("appointment__person").first():
        raise DecisionRefused(
            f"{position.appointment.person} assessed {application.ref} at the desk and took a position on it in "
            f"{outcome.item.panel.ref}: put it on a new agenda, without them."
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
