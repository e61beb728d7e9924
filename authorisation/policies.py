"""Is it allowed now? Each check raises with a sentence that names the thing and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from audit import clock
from authorisation.enums import WindowKind
from authorisation.errors import DecisionRefused, WindowRefused
from authorisation.models import Window
from panels.models import Outcome, PanelKind

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
    outcome = Outcome.objects.filter(item=item).select_related("composition").first()
    if outcome is None:
        raise DecisionRefused(
            f"{item.panel.ref} has reached no outcome on {application.ref}: a competent panel, with its Coalition "
            "representative present, decides the item first."
        )
    return outcome


def check_windows_over(application: Application) -> None:
    """Raise WindowRefused while a window runs that the CCG has not waived (I6), answered or not."""
    running = Window.objects.filter(
        application=application, closes_at__gt=clock.now(), waived_at__isnull=True, stopped_at__isnull=True
    ).first()
    if running:
        raise WindowRefused(
            f"{application.ref} may not be decided yet: the CCG's window ({running.get_kind_display().lower()}) "
            f"ends on {running.closes_at:%-d %B %Y}, unless the CCG waives it."
        )


def check_report_window_over(application: Application) -> None:
    """Raise WindowRefused while the CCG may still comment on the report."""
    running = Window.objects.filter(
        application=application,
        attempt=application.attempt,
        kind=WindowKind.REPORT_COMMENTS,
        answered_at__isnull=True,
        closes_at__gt=clock.now(),
        stopped_at__isnull=True,
    ).first()
    if running:
        raise WindowRefused(f"{application.ref} may comment on its report until {running.closes_at:%-d %B %Y}.")
