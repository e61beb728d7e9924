"""Every address of the site, filled in with the keys of one case and its panels: a new route is walked unasked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver

from panels.forms.deeds import ITEM_DEEDS, SITTING_DEEDS
from panels.models import Appointment
from tests.access.papers import Sealed
from tests.factories import Meeting
from workflows.forms import DIVERSIONS, STEPS

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# A page that signs somebody else in, and the way out: they show no case and would end the walk.
APART = {"become", "sign-out"}


def routes(patterns: Sequence[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every address there is."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        else:
            yield each.name or route, route


def addresses(sealed: Sealed) -> list[str]:
    """Every address with every value that could lead to the sealed case, its panels or their rows."""
    known = {meeting.panel.ref: values(sealed, meeting) for meeting in sealed.meetings}
    walked = {
        f"/{each}"
        for name, route in routes()
        if name not in APART
        for panel, chosen in known.items()
        for each in filled(route, {**chosen, "ref": [sealed.ref if route.startswith("applications/") else panel]})
    }
    return sorted(walked)


def filled(route: str, known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """A route with each combination of what is known of its parameters. KeyError for one nobody thought of."""
    names = PARAMETER.findall(route)
    pattern = PARAMETER.sub("{}", route)
    return (pattern.format(*each) for each in product(*(known[name] for name in names)))


def values(sealed: Sealed, meeting: Meeting) -> dict[str, Sequence[object]]:
    """What each parameter of a route may be. A new one fails the walk until it is named here."""
    shut_out = [person for person in sealed.shut_out.values() if person]
    keys = {
        meeting.items[sealed.ref].pk,
        meeting.sitting.pk,
        *Appointment.objects.filter(panel=meeting.panel, person__in=shut_out).values_list("pk", flat=True),
    }
    return {
        "pk": sorted(keys),
        "number": [1],
        "code": [sealed.walk.case.ccg.code, "NHSA"],
        "step": [*STEPS, *DIVERSIONS],
        "deed": [*SITTING_DEEDS, *ITEM_DEEDS, "stand-down"],
        "key": ["secretary"],
    }
