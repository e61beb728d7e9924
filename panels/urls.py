"""Addresses of panels. Who may read which case, what a panel may conclude, how cases group: the layers above say."""

from collections.abc import Callable, Iterable, Mapping

from django.urls import URLPattern, path

from directory.models import Person
from panels.forms.explorer import Grouping
from panels.views import acting, audit, guardian, known, life, nominations, panels, seats, sittings, training

Guard = Callable[[Person, Iterable[str]], set[str]]


def urls(*, readable: Guard, outcomes: Mapping[str, list[tuple[str, str]]], grouping: Grouping) -> list[URLPattern]:
    """The addresses, wired to the guard of cases, the outcomes each kind of panel may reach, and groups of cases."""
    return [
        path("panels/", panels.panels, name="panels"),
        path("nominations/", nominations.nominations, name="nominations"),
        path("nominations/<slug:code>/new/", nominations.nominate, name="nominate"),
        path("nominations/<slug:code>/order/", nominations.order, name="order-nominations"),
        path("nominations/<int:pk>/end/", nominations.end, name="end-nomination"),
        path("nominations/<int:pk>/limit/", nominations.limit, name="limit-nomination"),
        path("people/training/", training.training, name="training"),
        path("people/training/new/", training.record, name="record-training"),
        path("people/training/<int:pk>/end/", training.end, name="end-training"),
        path("panels/<str:ref>/", panels.panel, {"readable": readable, "outcomes": outcomes}, name="panel"),
        path("panels/<str:ref>/answer/<int:pk>/", seats.answer, name="seat-answer"),
        path("panels/<str:ref>/seat/<int:number>/", seats.fill, name="seat-fill"),
        path("panels/<str:ref>/seat/<int:number>/alternate/", seats.fill, {"alternate": True}, name="seat-alternate"),
        path("panels/<str:ref>/seat/<int:number>/hand-on/", seats.hand_on, name="seat-hand-on"),
        path("panels/<str:ref>/absent/<int:pk>/", seats.note_absence, name="note-absence"),
        path("panels/<str:ref>/absence/<int:pk>/", seats.end_absence, name="end-absence"),
        path("panels/<str:ref>/invite/", life.invite, name="panel-invite"),
        path("panels/<str:ref>/confirm/", life.confirm, name="panel-confirm"),
        path("panels/<str:ref>/close/", life.close, name="panel-close"),
        path(
            "panels/<str:ref>/do/<str:deed>/<int:pk>/",
            acting.do,
            {"readable": readable, "outcomes": outcomes},
            name="panel-do",
        ),
        path("panels/<str:ref>/object/<int:appointment>/<slug:case>/", guardian.object_to, name="object"),
        path("conflicts/", guardian.conflicts, name="conflicts"),
        path("conflicts/<str:ref>/<int:appointment>/<int:item>/<slug:test>/", guardian.rule, name="rule"),
        path("people/<int:pk>/posts/", known.posts, name="person-posts"),
        path("people/<int:pk>/posts/<int:post>/end/", known.end_post, name="end-post"),
        path("organisations/<slug:code>/ties/", known.ties, name="organisation-ties"),
        path("organisations/<slug:code>/ties/<int:tie>/end/", known.end_tie, name="end-tie"),
        *(
            path(f"panels/<str:ref>/{address}", view, {"readable": readable, "outcomes": outcomes}, name=name)
            for address, view, name in (
                ("sitting/<int:pk>/", sittings.sitting, "panel-sitting"),
                ("minutes/<int:pk>/", sittings.minutes, "panel-minutes"),
                ("minutes/<int:pk>/minutes.pdf", sittings.minutes_pdf, "panel-minutes-pdf"),
            )
        ),
        path("audit/panels/", audit.sittings, {"grouping": grouping}, name="audit-panels"),
        path("audit/panels.csv", audit.export, {"form": "csv", "grouping": grouping}, name="audit-panels-csv"),
        path("audit/panels.xlsx", audit.export, {"form": "xlsx", "grouping": grouping}, name="audit-panels-xlsx"),
        path("audit/panels/<str:ref>/", audit.as_it_stood, {"outcomes": outcomes}, name="audit-panel"),
    ]
