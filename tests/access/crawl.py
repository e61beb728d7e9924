"""Every address of the site, filled in with the keys of one case and its panels: a new route is walked unasked."""

import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import product

from django.urls import URLPattern, URLResolver, get_resolver

from audit.models import Checkpoint, Event
from directory.models import Message, Person, Tie
from panels import forms
from panels.models import Appointment
from tests.access.papers import Sealed
from tests.factories import Meeting
from workflows.forms import DIVERSIONS, STEPS

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# A page that signs somebody else in, and the way out: they show no case and would end the walk.
APART = {"become", "become-member", "sign-out"}
# The panel that decided the case, and those with somebody shut out on them.
MEETINGS = 5
# The parameters of routes that name what is done.
ACTS = ("deed", "step")
# Every act on a panel that a form of theirs is made for.
DEEDS = sorted(
    {"stand-down"}.union(
        *(
            table
            for module in pkgutil.iter_modules(forms.__path__)
            for name, table in vars(import_module(f"panels.forms.{module.name}")).items()
            if name.endswith("_DEEDS")
        )
    )
)


def routes(patterns: Sequence[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every address there is."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        else:
            yield each.name or route, route


def addresses(sealed: Sealed, person: Person | None = None) -> dict[str, str]:
    """Every address with the keys of the sealed case and its panels: those a person is on, and the one in session.

    With the route of each, in which only acts are named: /panels/<str:ref>/do/recuse/<int:pk>/.
    """
    session = sealed.meetings[-1]
    held = Appointment.objects.filter(person=person).values_list("panel", flat=True) if person else ()
    meetings = [each for each in sealed.meetings[-MEETINGS:] if each is session or each.panel.pk in held]
    known = {meeting.panel.ref: values(sealed, meeting, person) for meeting in meetings}
    walked = {
        f"/{address}": act
        for name, route in routes()
        if name not in APART
        for panel, chosen in known.items()
        for act in acts(route, chosen)
        for address in filled(act, {**chosen, "ref": [sealed.ref if route.startswith("applications/") else panel]})
    }
    return dict(sorted(walked.items()))


def acts(route: str, known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """A route with each act it may name put in: what is done on the same route is another thing by another act."""
    named = next((name for name in ACTS if f":{name}>" in route), None)
    if named is None:
        yield route
    else:
        yield from (re.sub(rf"<\w+:{named}>", str(each), route) for each in known[named])


def filled(route: str, known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """A route with each combination of what is known of its parameters. KeyError for one nobody thought of."""
    names = PARAMETER.findall(route)
    pattern = PARAMETER.sub("{}", route)
    pks = known["message"] if route.startswith("outbox/") else known.get("pk", ())
    return (pattern.format(*each) for each in product(*(pks if name == "pk" else known[name] for name in names)))


def _said_of(sealed: Sealed) -> list[bytes]:
    """The entries in which most was said in confidence."""
    told = Event.objects.filter(event_type__in=("decision.recorded", "member.recused"))
    return list(told.order_by("-pk").values_list("leaf_hash", flat=True)[:2])


def values(sealed: Sealed, meeting: Meeting, person: Person | None) -> dict[str, Sequence[object]]:
    """What each parameter of a route may be. A new one fails the walk until it is named here."""
    item = meeting.items[sealed.ref].pk
    held = Appointment.objects.filter(panel=meeting.panel)
    theirs = held.filter(person=person).values_list("pk", flat=True)
    messages = Message.objects.filter(about=meeting.panel.stream).order_by("-pk").values_list("pk", flat=True)
    return {
        "pk": sorted({item, meeting.sitting.pk, *theirs}),
        # What `pk` is on the routes of messages.
        "message": list(messages[:1]),
        "appointment": sorted({*theirs, *held.values_list("pk", flat=True)[:1]}),
        "item": [item],
        "case": [sealed.ref],
        "test": ["D4"],
        "post": [sealed.world.reader.posts.get().pk],
        "tie": [Tie.objects.latest("pk").pk],
        "number": [1],
        "code": [sealed.walk.case.ccg.code, "NHSA"],
        "step": [*STEPS, *DIVERSIONS],
        "deed": DEEDS,
        "key": ["secretary"],
        "hash": [bytes(leaf_hash).hex() for leaf_hash in _said_of(sealed)],
        "size": [Checkpoint.objects.latest("tree_size").pk],
    }
