"""What makes a sitting an exception: facts, each found by one query and said in words.

The same queries mark the sittings in a list, narrow it, count them and say what happened, so a sitting is marked
exactly when there is a sentence for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from directory.queries import today
from panels.models import (
    Absence,
    Appointment,
    AppointmentState,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    ItemState,
    Objection,
    Outcome,
    Position,
    Recusal,
    Refusal,
    Ruling,
    Seat,
    Sitting,
    Stance,
    Verdict,
)
from panels.rules import COALITION_BODY, COALITION_SEAT, Effect

Facts = QuerySet[Any]
WORDS: Mapping[str, str] = {Effect.DECLARE_ONLY: "interest declared", Effect.DISCUSS_NO_VOTE: "may speak and not vote"}
ASKED = (AppointmentState.PROPOSED, AppointmentState.INVITED)
PEOPLE = ("appointment__person", "appointment__seat")


# The acts that can be refused, as people say them.
ACTS: Mapping[str, str] = {
    "fill_seats": "Offering a seat",
    "invite": "Asking for an answer",
    "accept_seat": "Taking a seat",
    "decline_seat": "Declining a seat",
    "declare_again": "Declaring again",
    "stand_down": "Standing down",
    "substitute": "Passing a seat on",
    "note_absence": "Noting an absence",
    "end_absence": "Ending an absence",
    "confirm_panel": "Confirming the panel",
    "close_panel": "Closing the panel",
    "list_sitting": "Listing a sitting",
    "order_agenda": "Putting the agenda in order",
    "convene": "Convening",
    "open_item": "Opening an item",
    "note_arrival": "Noting an arrival",
    "decide_item": "Recording an outcome",
    "rule": "Ruling on an interest",
}


def act_words(act: str) -> str:
    """An act as people say it."""
    return ACTS.get(act, act.replace("_", " ").capitalize())


@dataclass(frozen=True)
class Exceptional:
    """One kind of exception.

    facts: the rows that are such an exception, each with the key of its sitting as `of`. who: what the sentence is
    about; rows about the same are one sentence. case: the case a row is about, when it is about one.
    """

    key: str
    label: str
    sentence: str
    facts: Callable[[], Facts]
    who: Callable[[Any], str] = lambda _row: ""
    case: Callable[[Any], str] = lambda _row: ""

    @property
    def sittings(self) -> Q:
        """The condition a sitting meets that has one."""
        return Q(pk__in=self.facts().values("of"))


def _member(appointment: Appointment) -> str:
    return f"{appointment.person.display_name} ({appointment.seat.title})"


def _of_item(rows: Facts, *related: str) -> Facts:
    found: Facts = rows.select_related("item", *related).annotate(of=F("item__sitting_id"))
    return found


def _not_convened() -> Facts:
    return Sitting.objects.filter(convened_at__isnull=True, on__lt=today()).annotate(of=F("pk"))


def _required_coalition_seats() -> Facts:
    """Required Coalition seats nobody has accepted, once for each sitting that is not over."""
    accepted = Appointment.objects.filter(seat=OuterRef("pk"), state=AppointmentState.ACCEPTED)
    seats = Seat.objects.filter(
        ~Exists(accepted),
        kind=COALITION_SEAT,
        required=True,
        panel__sittings__isnull=False,
        panel__sittings__closed_at__isnull=True,
    )
    return seats.annotate(of=F("panel__sittings"))


def _empty() -> Facts:
    """Sittings not over with a required Coalition seat nobody took or was asked to take, or empty for a case to come.

    One row for each case on the agenda; `ref` is the case where the seat is taken and nobody can speak on that case.
    """
    seats = Seat.objects.filter(panel=OuterRef("panel"), kind=COALITION_SEAT, required=True)
    taken = Appointment.objects.filter(seat=OuterRef("pk"), state=AppointmentState.ACCEPTED)
    offered = Appointment.objects.filter(seat=OuterRef("pk"), state__in=ASKED)
    rows = Sitting.objects.filter(closed_at__isnull=True).annotate(
        of=F("pk"),
        free=Exists(seats.filter(~Exists(taken), ~Exists(offered))),
        short=Exists(seats.filter(~Exists(taken))),
        item=F("items"),
        item_state=F("items__state"),
        ref=Case(When(free=True, then=Value("")), default=F("items__case_ref"), output_field=CharField()),
    )
    return rows.filter(Q(free=True) | Q(~Exists(_voices()), short=False, item_state=ItemState.LISTED))


def _voices() -> Facts:
    """Accepted Coalition members who can come on the day, and whose latest test for the item lets them vote."""
    of_item = DisinterestCheck.objects.filter(appointment=OuterRef("pk"), item=OuterRef(OuterRef("item")))
    later = DisinterestCheck.objects.filter(
        appointment=OuterRef("appointment"), item=OuterRef("item"), pk__gt=OuterRef("pk")
    )
    silenced = of_item.filter(~Exists(later), effect__in=(Effect.BARRED, Effect.DISCUSS_NO_VOTE))
    day = OuterRef(OuterRef("on"))
    away = Absence.objects.filter(appointment=OuterRef("pk"), withdrawn_at__isnull=True, starts__lte=day, ends__gte=day)
    return Appointment.objects.filter(
        ~Exists(silenced),
        ~Exists(away),
        panel=OuterRef("panel"),
        state=AppointmentState.ACCEPTED,
        seat__kind=COALITION_SEAT,
        person__is_active=True,
    )


def _offered() -> Facts:
    """Required Coalition seats somebody was asked to take, once each: of the member, or else of the first alternate."""
    asked = Appointment.objects.filter(seat=OuterRef("pk"), state__in=ASKED).order_by("rank")
    found: Facts = (
        _required_coalition_seats()
        .filter(appointments__state__in=ASKED, appointments__rank=Subquery(asked.values("rank")[:1]))
        .annotate(
            title_of=F("appointments__person__title"),
            name_of=F("appointments__person__full_name"),
        )
    )
    return found


def sat_without() -> Facts:
    """Sittings convened without an accepted representative of a Coalition body, or decided without their position."""
    declared = Declaration.objects.filter(
        panel=OuterRef("panel"), person=OuterRef("person"), made_at__gte=OuterRef("proposed_at")
    )
    held = Appointment.objects.filter(
        Q(state=AppointmentState.ACCEPTED, answered_at__lte=OuterRef("convened_at"))
        | Q(Exists(declared), state=AppointmentState.STOOD_DOWN, answered_at__gte=OuterRef("convened_at")),
        panel=OuterRef("panel"),
        seat__kind=COALITION_SEAT,
        nomination__body__kind=COALITION_BODY,
    )
    said = Position.objects.filter(
        item=OuterRef("item"),
        appointment__seat__kind=COALITION_SEAT,
        appointment__nomination__body__kind=COALITION_BODY,
    )
    unsaid = Outcome.objects.filter(~Exists(said)).values("item__sitting")
    convened = Sitting.objects.filter(convened_at__isnull=False)
    return convened.filter(~Exists(held) | Q(pk__in=unsaid)).annotate(of=F("pk"))


def _stopped() -> Facts:
    return Item.objects.filter(state=ItemState.STOPPED).annotate(of=F("sitting_id"))


def _coalition_left() -> Facts:
    return _of_item(Recusal.objects.filter(appointment__seat__kind=COALITION_SEAT), *PEOPLE)


def _left() -> Facts:
    return _of_item(Recusal.objects.exclude(appointment__seat__kind=COALITION_SEAT), *PEOPLE)


def _departed() -> Facts:
    here = Attendance.objects.filter(
        item=OuterRef("item"), appointment=OuterRef("appointment"), present=True, pk__lt=OuterRef("pk")
    )
    return _of_item(Attendance.objects.filter(Exists(here), present=False), *PEOPLE)


def _stood_down() -> Facts:
    """Members who had accepted and stood down, once for each sitting that was not over by then."""
    declared = Declaration.objects.filter(
        panel=OuterRef("panel"), person=OuterRef("person"), made_at__gte=OuterRef("proposed_at")
    )
    rows = Appointment.objects.filter(Exists(declared), state=AppointmentState.STOOD_DOWN).filter(
        Q(panel__sittings__closed_at__isnull=True) | Q(panel__sittings__closed_at__gt=F("answered_at")),
        panel__sittings__isnull=False,
    )
    return rows.select_related("person", "seat").annotate(of=F("panel__sittings"))


def _said() -> Facts:
    """The positions that count: the latest of each member."""
    later = Position.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"), pk__gt=OuterRef("pk"))
    return Position.objects.filter(~Exists(later))


def _dissent() -> Facts:
    return _of_item(_said().filter(stance=Stance.DISSENT), *PEOPLE)


def _alternates() -> Facts:
    """Alternates in the room in their seat: those still in line, and those it passed to."""
    passed = DisinterestCheck.objects.filter(appointment=OuterRef("appointment"), moment="substituted")
    here = Attendance.objects.filter(Q(appointment__rank__gt=0) | Exists(passed), present=True)
    return _of_item(here, *PEOPLE)


def _late_declared() -> Facts:
    """Interests declared at the table: after the item had been opened."""
    told = Declaration.objects.filter(event=OuterRef("event"), nil=False)
    rows = DisinterestCheck.objects.filter(
        Exists(told), moment="declared", item__opened_at__lte=F("checked_at"), item__isnull=False
    )
    return _of_item(rows, *PEOPLE).defer("results")


def _unconfirmed() -> Facts:
    rows = Sitting.objects.filter(convened_at__isnull=True, on__lte=today(), panel__closed_at__isnull=True)
    return rows.filter(panel__confirmed_at__isnull=True).annotate(of=F("pk"))


def _refused() -> Facts:
    """What was refused, once for each sitting of the panel not over by then; of a case, where it is on the agenda."""
    on_agenda = Item.objects.filter(sitting=OuterRef("of"), case_ref=OuterRef("case_ref"))
    rows = Refusal.objects.filter(panel__sittings__isnull=False).filter(
        Q(panel__sittings__closed_at__isnull=True) | Q(panel__sittings__closed_at__gt=F("refused_at"))
    )
    rows = rows.annotate(of=F("panel__sittings")).filter(Q(case_ref="") | Exists(on_agenda))
    return rows.select_related("person")


def _overridden() -> Facts:
    """Dismissals that count: no later ruling has taken their place."""
    later = Ruling.objects.filter(
        panel=OuterRef("panel"),
        person=OuterRef("person"),
        organisation=OuterRef("organisation"),
        rule=OuterRef("rule"),
        pk__gt=OuterRef("pk"),
    )
    rows = Ruling.objects.filter(~Exists(later), verdict=Verdict.DISMISSED, objection__isnull=True)
    on_agenda = Item.objects.filter(sitting=OuterRef("of"), organisation=OuterRef("organisation"))
    rows = rows.filter(panel__sittings__isnull=False).annotate(of=F("panel__sittings")).filter(Exists(on_agenda))
    return rows.select_related("person", "organisation")


def _waiting_objections() -> Facts:
    rows = Objection.objects.filter(rulings__isnull=True, panel__sittings__isnull=False)
    on_agenda = Item.objects.filter(sitting=OuterRef("of"), case_ref=OuterRef("case_ref"))
    rows = rows.annotate(of=F("panel__sittings")).filter(Exists(on_agenda))
    return rows.select_related("person")


def _nobody_to_spare() -> Facts:
    to_decide = Q(body__quorum__counted=F("body__quorum__needed"))
    to_sit = Q(body__quorum__to_sit__there=F("body__quorum__to_sit__needed"))
    return _of_item(Composition.objects.filter(to_decide | to_sit))


def _declared() -> Facts:
    """Members of the panel who passed a test only by declaring, or without a vote."""
    seated = (AppointmentState.ACCEPTED, AppointmentState.STOOD_DOWN)
    rows = DisinterestCheck.objects.filter(
        effect__in=(Effect.DECLARE_ONLY, Effect.DISCUSS_NO_VOTE), appointment__state__in=seated, item__isnull=False
    )
    # What an applicant says is not what a member declared: it has an exception of its own until it is ruled on.
    return _of_item(rows.exclude(rule="OB"), *PEOPLE).defer("results")


def _person_of(row: Any) -> str:
    return _member(row.appointment)


def _case_of(row: Any) -> str:
    return str(row.item.case_ref)


def _quorum_of(row: Composition) -> str:
    quorum = row.body["quorum"]
    if quorum["counted"] == quorum["needed"]:
        return f"{quorum['needed']} to decide"
    return f"{quorum['to_sit']['needed']} to sit"


def _refused_what(row: Refusal) -> str:
    """The act, and of whom; the sentence given may hold what somebody declared and stays on the panel's own page."""
    about = ", ".join(filter(None, [row.person.display_name if row.person else "", row.rule]))
    return act_words(row.act) + (f" ({about})" if about else "")


def _stood_down_who(row: Appointment) -> str:
    on = timezone.localtime(row.answered_at) if row.answered_at else None
    return _member(row) + (f" stood down on {on.day} {on:%B %Y}" if on else " stood down")


EXCEPTIONS: tuple[Exceptional, ...] = (
    Exceptional(
        "without",
        "Sat without a Coalition representative",
        "Sat, or decided, without a Coalition representative.",
        sat_without,
    ),
    Exceptional("unconfirmed", "Not confirmed in time", "Not confirmed, though the day has come.", _unconfirmed),
    Exceptional("late", "Not convened in time", "Not convened, though the day has passed.", _not_convened),
    Exceptional(
        "empty",
        "Coalition seat empty",
        "The Coalition seat is empty{who}{cases}.",
        _empty,
        lambda row: " for " if row.ref else "",
        lambda row: str(row.ref),
    ),
    Exceptional(
        "offered",
        "Coalition seat only offered",
        "The Coalition seat is only offered: {who} has not answered.",
        _offered,
        lambda row: f"{row.title_of} {row.name_of}".strip(),
    ),
    Exceptional(
        "objection",
        "Objection not ruled on",
        "The objection to {who} is not ruled on: {cases}.",
        _waiting_objections,
        lambda row: str(row.person.display_name),
        lambda row: str(row.case_ref),
    ),
    Exceptional(
        "overridden",
        "A test overridden",
        "The conflicts guardian dismissed {who} for {cases}.",
        _overridden,
        lambda row: f"{row.rule} of {row.person.display_name}",
        lambda row: str(row.organisation.code),
    ),
    Exceptional("stopped", "Item stopped", "Stopped: {cases}.", _stopped, case=lambda row: str(row.case_ref)),
    Exceptional(
        "coalition-left",
        "Coalition representative left",
        "{who} left the Coalition seat for {cases}.",
        _coalition_left,
        _person_of,
        _case_of,
    ),
    Exceptional("left", "Member left for a case", "{who} left the room for {cases}.", _left, _person_of, _case_of),
    Exceptional(
        "departed", "Member went early", "{who} went before the end of {cases}.", _departed, _person_of, _case_of
    ),
    Exceptional("stood-down", "Member stood down", "{who}.", _stood_down, _stood_down_who),
    Exceptional(
        "alternate", "Alternate took the seat", "{who} sat as alternate for {cases}.", _alternates, _person_of, _case_of
    ),
    Exceptional(
        "declared-late",
        "Interest declared at the table",
        "{who} declared an interest after {cases} had opened.",
        _late_declared,
        _person_of,
        _case_of,
    ),
    Exceptional("dissent", "Dissent", "{who} dissented on {cases}.", _dissent, _person_of, _case_of),
    Exceptional(
        "spare",
        "Quorum with nobody to spare",
        "Quorum of {who} reached with nobody to spare for {cases}.",
        _nobody_to_spare,
        _quorum_of,
        _case_of,
    ),
    Exceptional(
        "declared",
        "Interest declared under a test",
        "{who} for {cases}.",
        _declared,
        lambda row: f"{_member(row.appointment)}: {WORDS[row.effect]} under {row.rule}",
        _case_of,
    ),
    Exceptional(
        "refused",
        "Something was refused",
        "Refused: {who}{cases}.",
        _refused,
        _refused_what,
        lambda row: f" on {row.case_ref}" if row.case_ref else "",
    ),
)
BY_KEY: Mapping[str, Exceptional] = {each.key: each for each in EXCEPTIONS}


def any_of(kinds: Iterable[Exceptional] = EXCEPTIONS) -> Q:
    """The condition a sitting meets that has an exception of any of these kinds."""
    condition = Q(pk__in=())
    for kind in kinds:
        condition |= kind.sittings
    return condition


def sentences(sittings: Collection[int]) -> dict[int, list[str]]:
    """What is exceptional about each of these sittings, gravest first; one query for each kind of exception."""
    said: defaultdict[int, list[str]] = defaultdict(list)
    for kind in EXCEPTIONS:
        cases: defaultdict[tuple[int, str], dict[str, None]] = defaultdict(dict)
        for row in kind.facts().filter(of__in=sittings).order_by("of", "pk"):
            cases[row.of, kind.who(row)][kind.case(row)] = None
        for (sitting, who), refs in cases.items():
            said[sitting].append(kind.sentence.format(who=who, cases=", ".join(refs)))
    return said
