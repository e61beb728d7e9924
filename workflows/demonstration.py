"""The demonstration: a replayed world stopped on a day when everyone has something to do, moved so that it is today."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from django.db import transaction

from audit import clock
from audit.actions import record_system
from audit.models import Event
from authorisation.calendar import LONDON
from authorisation.enums import Stage
from authorisation.models import Application
from directory.models import Person, PostKind
from panels.models import Appointment, AppointmentState, Sitting
from panels.rules import COALITION_SEAT
from workflows.replay.run import Replay

BEGUN, LOADED = "demonstration.begun", "demonstration.loaded"
# A day when wave 1 is with the sub-committee, wave 2 in conditions, wave 3 in site visits, wave 4 submitted. Its site
# visits fall on today whatever the weekday: a panel can be convened on its own day only.
STANDS_FOR_TODAY = date(2012, 11, 27)
WAVE_FOUR_STANDS = (4, date(2012, 11, 26))
ANSWERS_AWAITED_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Persona:
    """Someone to sign in as."""

    key: str
    name: str
    role: str
    email: str
    what_to_try: str


ROLES: Mapping[str, tuple[str, str]] = {
    "secretary": ("Board's secretariat", "Fill a panel, convene a sitting, record what a panel decided, publish."),
    "chair": ("Chair of a site-visit panel", "Convene today's visit and take its case; sign the minutes."),
    "voice": ("Coalition representative on that panel", "Declare an interest at the table: the case stops at once."),
    "alternate": ("Alternate for that seat", "Take the seat, and give your own position."),
    "coalition": ("Coalition representative asked to sit", "Accept the seat you are offered: declare first."),
    "member": ("Member of the sub-committee", "Read the cases on the next agenda and who sits beside you."),
    "ccg": ("Accountable officer, wave 2", "Answer the conditions proposed for your CCG before the window closes."),
    "ccg_visit": ("Accountable officer, wave 3", "See who will visit you, and object to one of them."),
    "ccg_report": ("Accountable officer, wave 3", "Comment on your site-visit report in time."),
    "assessor": ("Desk-top assessor", "Record the findings of a domain: each criterion needs a reason."),
    "reader": ("Second reader", "Confirm a desk-top review or change a finding."),
    "director": ("Regional director", "Sign off what moderation recommended for your region."),
    "nominations": ("Nominations secretary of a Coalition body", "See how the seats fall to your body."),
    "guardian": ("Conflicts guardian", "Rule on what is suggested of members: confirm it, or dismiss it, and say why."),
    "auditor": ("Auditor", "Check who sat on which panel, and why they were allowed to."),
}

PAGES = ("/", "/applications/", "/panels/", "/panels/PAN-0001/", "/outbox/", "/register/")
READS_ALL = ("secretary", "assessor", "reader", "guardian", "auditor")
AUDITS = ("secretary", "guardian", "auditor")
AUDITED = ("/audit/panels/", "/audit/panels/?result=exceptions", "/audit/panels/PAN-0001/", "/audit/panels.csv")
CHECKED_PAGES: Mapping[str, tuple[str, ...]] = {
    "public": ("/", "/register/", "/calendar/", "/demo/", "/sign-in/"),
    **dict.fromkeys(ROLES, PAGES),
    **dict.fromkeys(READS_ALL, (*PAGES, "/applications/CCG-02Q-2012/")),
    **dict.fromkeys(AUDITS, (*PAGES, "/applications/CCG-02Q-2012/", *AUDITED)),
    "secretary": (*PAGES, "/nominations/", "/people/", "/people/training/", "/audit/panels/", "/conflicts/"),
    "guardian": (*PAGES, "/conflicts/", "/applications/CCG-02Q-2012/readers/", *AUDITED),
}


def is_loaded() -> bool:
    """Whether this database holds the demonstration."""
    return Event.objects.filter(event_type=LOADED).exists()


def cut_short() -> bool:
    """Whether somebody stopped the loading halfway: what is there is of no use, and no world to add to."""
    return Event.objects.filter(event_type=BEGUN).exists() and not is_loaded()


def load(progress: Callable[[int, int, date, str], None] | None = None) -> None:
    """Replay until yesterday and choose who can be signed in as. The database must be empty.

    Every deed is a transaction of its own, as on the pages: letters quote a signed head of the log, and what is
    signed must be committed. So a load can be cut short; `cut_short` tells.
    """
    today = clock.now().astimezone(LONDON).date()
    replay = Replay(shift=today - STANDS_FOR_TODAY)
    replay.check_empty()
    with transaction.atomic():
        record_system(BEGUN, by="system")
    replay.set_stage()
    wave, last = WAVE_FOUR_STANDS
    replay.script.without_wave_after(wave, last + replay.shift)
    replay.deeds.seating.unanswered_from = today + ANSWERS_AWAITED_AFTER
    replay.deeds.seating.alternates_from = today
    replay.play(until=STANDS_FOR_TODAY - timedelta(days=1), progress=progress)
    chosen = {key: find() for key, find in FIND.items()}
    with transaction.atomic():
        record_system(
            LOADED,
            by="system",
            public={"personas": [{"key": key, "person": person.stream} for key, person in chosen.items()]},
        )


def personas() -> list[Persona]:
    """The people to sign in as, in the order of the roles; empty where no demonstration is loaded."""
    event = Event.objects.filter(event_type=LOADED).order_by("-pk").first()
    if event is None:
        return []
    streams = {row["key"]: row["person"] for row in json.loads(bytes(event.leaf))["public"]["personas"]}
    people = {person.stream: person for person in Person.objects.filter(stream__in=streams.values())}
    return [
        Persona(key, people[streams[key]].display_name, role, people[streams[key]].email, what)
        for key, (role, what) in ROLES.items()
        if key in streams
    ]


def panels_at_hand(most: int = 5) -> list[Sitting]:
    """The next sittings that are not over, today's first: their members can be signed in as."""
    rows = Sitting.objects.filter(closed_at__isnull=True, on__gte=clock.now().astimezone(LONDON).date())
    return list(rows.select_related("panel").order_by("on", "pk")[:most])


def person_of(key: str) -> Person | None:
    """The person behind a key; None when there is none or no demonstration is loaded."""
    email = {persona.key: persona.email for persona in personas()}.get(key)
    return Person.objects.filter(email=email, is_active=True).first() if email else None


def _holder(kind: PostKind) -> Person:
    """Somebody who holds a post of this kind."""
    person: Person = Person.objects.filter(posts__kind=kind, posts__in_force=True).order_by("pk")[0]
    return person


def _coalition() -> Person:
    """Somebody whose seat waits for an answer."""
    offered = Appointment.objects.filter(state=AppointmentState.INVITED, seat__kind=COALITION_SEAT)
    person: Person = offered.select_related("person").order_by("panel__sittings__on", "pk")[0].person
    return person


def _seated(kind: str, seat: str, rank: int = 0) -> Person:
    """The holder of a seat, or its alternate, on the next panel of a kind that has not been convened."""
    sitting = Sitting.objects.filter(panel__kind=kind, convened_at__isnull=True).order_by("on", "pk")[0]
    held = sitting.panel.appointments.filter(seat__kind=seat, rank=rank, state=AppointmentState.ACCEPTED)
    person: Person = held[0].person
    return person


def _visited() -> Person:
    """The accountable officer of the CCG whose visit waits for its Coalition representative's answer."""
    offered = Appointment.objects.filter(state=AppointmentState.INVITED, seat__kind=COALITION_SEAT)
    panel = offered.order_by("panel__sittings__on", "pk")[0].panel
    officers = Person.objects.filter(posts__kind=PostKind.ACCOUNTABLE_OFFICER)
    person: Person = officers.filter(posts__organisation__in=panel.items.values("organisation"))[0]
    return person


def _officer(stage: Stage) -> Person:
    """The accountable officer of a CCG that has something to answer."""
    case = Application.objects.filter(stage=stage).order_by("ref")[0]
    officers = Person.objects.filter(posts__organisation=case.ccg_id, posts__kind=PostKind.ACCOUNTABLE_OFFICER)
    person: Person = officers[0]
    return person


def _director() -> Person:
    """The director of a region with something to sign off; any, on a day with nothing to sign."""
    waiting = Application.objects.filter(stage=Stage.SIGN_OFF).values("ccg__parent__parent")
    directors = Person.objects.filter(posts__kind=PostKind.REGIONAL_DIRECTOR, posts__in_force=True)
    busy: Person | None = directors.filter(posts__organisation__in=waiting).order_by("pk").first()
    return busy or directors.order_by("pk")[0]


FIND: Mapping[str, Callable[[], Person]] = {
    "secretary": partial(_holder, PostKind.SECRETARIAT),
    "coalition": _coalition,
    "chair": partial(_seated, "site_visit", "chair"),
    "voice": partial(_seated, "site_visit", COALITION_SEAT),
    "alternate": partial(_seated, "site_visit", COALITION_SEAT, 1),
    "member": partial(_seated, "decision", "board_member"),
    "ccg": partial(_officer, Stage.CONDITIONS_RESPONSE),
    "ccg_visit": _visited,
    "ccg_report": partial(_officer, Stage.REPORT_COMMENTS),
    "assessor": partial(_holder, PostKind.DESK_TOP_ASSESSOR),
    "reader": partial(_holder, PostKind.SECOND_READER),
    "director": _director,
    "nominations": partial(_holder, PostKind.NOMINATIONS_SECRETARY),
    "guardian": partial(_holder, PostKind.CONFLICTS_GUARDIAN),
    "auditor": partial(_holder, PostKind.AUDITOR),
}
