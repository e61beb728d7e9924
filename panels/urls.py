"""Addresses of panels. Who may read which case, and what a panel may conclude, the layers above say."""

from collections.abc import Callable, Iterable, Mapping

from django.urls import URLPattern, path

from directory.models import Person
from panels.views import acting, nominations, panels, seats

Guard = Callable[[Person, Iterable[str]], set[str]]


def urls(*, readable: Guard, outcomes: Mapping[str, list[tuple[str, str]]]) -> list[URLPattern]:
    """The addresses, wired to the one guard of cases and to the outcomes each kind of panel may reach."""
    return [
        path("panels/", panels.panels, name="panels"),
        path("nominations/", nominations.nominations, name="nominations"),
        path("nominations/<str:code>/new/", nominations.nominate, name="nominate"),
        path("nominations/<int:pk>/end/", nominations.end, name="end-nomination"),
        path("panels/<str:ref>/", panels.panel, {"readable": readable, "outcomes": outcomes}, name="panel"),
        path("panels/<str:ref>/answer/<int:pk>/", seats.answer, name="seat-answer"),
        path("panels/<str:ref>/seat/<int:number>/", seats.fill, name="seat-fill"),
        path(
            "panels/<str:ref>/do/<str:deed>/<int:pk>/",
            acting.do,
            {"readable": readable, "outcomes": outcomes},
            name="panel-do",
        ),
    ]
