"""The conflicts guardian's desk: what is suggested and not ruled on, and every ruling there was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from panels.conflicts import Reading, suggestions
from panels.models import (
    LIVE,
    Appointment,
    AppointmentState,
    DisinterestCheck,
    InterestKind,
    Item,
    ItemState,
    Objection,
    Ruling,
    Verdict,
)
from panels.policies.interests import OBJECTION, RULED
from panels.rules import SEVERITY, Effect
from panels.rules.table import RULES

SOURCES = {"objection": "Objection", "declared": "Declared", "inferred": "Inferred from posts and ties"}
COLOURS = {Effect.BARRED: "red", Effect.DISCUSS_NO_VOTE: "orange", Effect.DECLARE_ONLY: "yellow", Effect.CLEAR: "green"}
LABELS = {
    Effect.BARRED: "Barred",
    Effect.DISCUSS_NO_VOTE: "May speak, no vote",
    Effect.DECLARE_ONLY: "Declared",
    Effect.CLEAR: "Clear",
}
OBJECTED = {"": "Objection raised", Verdict.CONFIRMED: "Objection upheld", Verdict.DISMISSED: "Objection dismissed"}
# These tests know nothing but what somebody declared.
OF_DECLARATIONS = frozenset({"D8", "D12", "DI"})
SAYS_DECLARED = ("declared an interest", "declared organisation")
BY_GUARDIAN = "by the conflicts guardian on"
Key = tuple[int, int, int, str]


@dataclass(frozen=True)
class Waiting:
    """Something suggested of one member for one organisation that nobody has ruled on."""

    panel: str
    title: str
    on: date
    member: str
    place: str
    organisation: str
    code: str
    case_ref: str
    rule: str
    rule_title: str
    effect: str
    effect_colour: str
    sentence: str
    source: str
    statement: str
    raised: datetime
    raised_by: str
    address: tuple[str, int, int, str]
    objection: int

    @property
    def source_label(self) -> str:
        """In words, where it comes from."""
        return SOURCES[self.source]

    def fits(self, asked: Mapping[str, str]) -> bool:
        """Whether it is among what was asked for: by name, panel, source and effect."""
        text = f"{self.member} {self.organisation} {self.code} {self.case_ref} {self.panel} {self.title}".casefold()
        return (
            all(word in text for word in asked.get("q", "").casefold().split())
            and asked.get("source", "") in {"", self.source}
            and asked.get("effect", "") in {"", self.effect}
        )


@dataclass(frozen=True)
class Ruled:
    """One ruling, with whatever of it the reader may see."""

    panel: str
    title: str
    member: str
    organisation: str
    rule: str
    rule_title: str
    case_ref: str
    verdict: str
    verdict_colour: str
    effect: str
    effect_colour: str
    reason: str
    statement: str
    by: str
    at: datetime
    counts: bool
    address: tuple[str, int, int, str] | None
    objection: int


def waiting(reading: Reading) -> list[Waiting]:
    """Open objections first, then inferences, the next sitting first; four queries. Inferences for the desk alone."""
    found = _objections(reading)
    if reading.everything:
        found += _inferences()
    return sorted(found, key=lambda each: (each.source != "objection", each.on, each.panel, each.member, each.rule))


def _objections(reading: Reading) -> list[Waiting]:
    open_ones = list(reading.objections.filter(rulings__isnull=True).order_by("pk"))
    panels = {each.panel_id for each in open_ones}
    seated = {
        (each.panel_id, each.person_id): each
        for each in Appointment.objects.filter(panel__in=panels, state__in=LIVE).select_related("seat")
    }
    items = Item.objects.filter(panel__in=panels, sitting__closed_at__isnull=True).exclude(state=ItemState.CLOSED)
    listed = {(each.panel_id, each.case_ref): each for each in items.select_related("sitting").order_by("-pk")}
    return [
        _objection(each, seated[each.panel_id, each.person_id], listed[each.panel_id, each.case_ref], reading)
        for each in open_ones
        if (each.panel_id, each.person_id) in seated and (each.panel_id, each.case_ref) in listed
    ]


def _objection(row: Objection, member: Appointment, item: Item, reading: Reading) -> Waiting:
    return Waiting(
        panel=row.panel.ref,
        title=row.panel.title,
        on=item.sitting.on,
        member=row.person.display_name,
        place=member.place,
        organisation=row.organisation.name,
        code=row.organisation.code,
        case_ref=row.case_ref,
        rule=OBJECTION,
        rule_title=InterestKind(row.kind).label,
        effect=LABELS[Effect.DECLARE_ONLY],
        effect_colour=COLOURS[Effect.DECLARE_ONLY],
        sentence=f"{row.organisation.name} objects. Until it is ruled on, the interest counts as declared.",
        source="objection",
        statement=reading.statement(row),
        raised=row.raised_at,
        raised_by=row.raised_by.display_name,
        address=(row.panel.ref, member.pk, item.pk, OBJECTION),
        objection=row.pk,
    )


def _inferences() -> list[Waiting]:
    rows = list(suggestions().order_by("item__sitting__on", "pk"))
    ruled = _latest_rulings({row.item.panel_id for row in rows if row.item})
    found: dict[Key, Waiting] = {}
    for row in rows:
        assert row.item is not None
        for each in row.results:
            key = (row.item.panel_id, row.appointment.person_id, row.item.organisation_id, each["rule"])
            if each["rule"] in RULED and each["rule"] != OBJECTION and _stands(each, ruled.get(key)):
                found.setdefault(key, _inference(row, row.item, each))
    return list(found.values())


def _stands(result: Mapping[str, str], ruling: Ruling | None) -> bool:
    """Whether a result says something nobody has ruled on; what came after a ruling may say more than it covers."""
    if result["effect"] == Effect.CLEAR:
        return False
    covered = BY_GUARDIAN in result["sentence"] or (
        ruling is not None and SEVERITY[Effect(result["effect"])] <= SEVERITY[Effect(ruling.effect)]
    )
    return not (ruling and covered)


def _latest_rulings(panels: Collection[int]) -> dict[Key, Ruling]:
    rows = Ruling.objects.filter(panel__in=panels, objection__isnull=True).order_by("pk")
    return {(each.panel_id, each.person_id, each.organisation_id, each.rule): each for each in rows}


def source_of(rule: str, sentence: str) -> str:
    """Whether a test speaks from what was declared, or from posts and ties."""
    declared = rule in OF_DECLARATIONS or any(words in sentence for words in SAYS_DECLARED)
    return "declared" if declared else "inferred"


def _inference(row: DisinterestCheck, item: Item, result: Mapping[str, str]) -> Waiting:
    effect, rule, member = Effect(result["effect"]), result["rule"], row.appointment
    return Waiting(
        panel=item.panel.ref,
        title=item.panel.title,
        on=item.sitting.on,
        member=member.person.display_name,
        place=member.place,
        organisation=item.organisation.name,
        code=item.organisation.code,
        case_ref=item.case_ref,
        rule=rule,
        rule_title=RULES[rule].title,
        effect=LABELS[effect],
        effect_colour=COLOURS[effect],
        sentence=result["sentence"],
        source=source_of(rule, result["sentence"]),
        statement="",
        raised=row.checked_at,
        raised_by="The tests",
        address=(item.panel.ref, member.pk, item.pk, rule),
        objection=0,
    )


def rulings(rows: Sequence[Ruling], reading: Reading) -> list[Ruled]:
    """Rulings loaded with what they are about; three queries for any number."""
    panels = {each.panel_id for each in rows}
    counting = _counting(panels)
    seated = {
        (each.panel_id, each.person_id): each.pk
        for each in Appointment.objects.filter(panel__in=panels, state__in=LIVE)
    }
    items = Item.objects.filter(panel__in=panels, sitting__closed_at__isnull=True).exclude(state=ItemState.CLOSED)
    listed = {(each.panel_id, each.organisation_id): each.pk for each in items.order_by("-pk")}
    return [
        _ruled(
            each,
            reading,
            counts=each.pk in counting,
            member=seated.get((each.panel_id, each.person_id), 0),
            item=listed.get((each.panel_id, each.organisation_id), 0),
        )
        for each in rows
    ]


def _counting(panels: Iterable[int]) -> set[int]:
    """The keys of the rulings that count: the latest on each test of each member, and on each objection."""
    latest: dict[tuple[object, ...], int] = {}
    rows = Ruling.objects.filter(panel__in=list(panels)).order_by("pk")
    for pk, *about in rows.values_list("pk", "panel", "person", "organisation", "rule", "objection"):
        latest[tuple(about)] = pk
    return set(latest.values())


def _ruled(row: Ruling, reading: Reading, *, counts: bool, member: int, item: int) -> Ruled:
    effect = Effect(row.effect)
    return Ruled(
        panel=row.panel.ref,
        title=row.panel.title,
        member=row.person.display_name,
        organisation=f"{row.organisation.name} ({row.organisation.code})",
        rule=row.rule,
        rule_title=RULES[row.rule].title,
        case_ref=row.objection.case_ref if row.objection else "",
        verdict=row.get_verdict_display(),
        verdict_colour="orange" if row.verdict == Verdict.CONFIRMED else "green",
        effect=LABELS[effect],
        effect_colour=COLOURS[effect],
        reason=reading.reason(row),
        statement=reading.statement(row.objection) if row.objection else "",
        by=row.ruled_by.display_name,
        at=row.ruled_at,
        counts=counts,
        address=(row.panel.ref, member, item, row.rule) if member and item and counts else None,
        objection=row.objection_id or 0,
    )


@dataclass(frozen=True)
class Judge:
    """One member of a panel that will judge a case, as the applicant sees them."""

    appointment: int
    name: str
    place: str
    appointed_by: str
    state: str
    objected: str


@dataclass(frozen=True)
class Bench:
    """A panel that will judge a case, before it sits."""

    panel: str
    title: str
    kind: str
    on: date
    members: Sequence[Judge]


def judges(case_ref: str) -> list[Bench]:
    """Who will judge a case: those invited to every panel that has it listed and does not sit yet; three queries."""
    items = Item.objects.filter(case_ref=case_ref, sitting__convened_at__isnull=True).select_related("panel", "sitting")
    listed = list(items.order_by("sitting__on", "pk"))
    panels = {each.panel_id for each in listed}
    said: dict[tuple[int, int], str] = {}
    raised = Objection.objects.filter(panel__in=panels, case_ref=case_ref).prefetch_related("rulings").order_by("pk")
    for each in raised:
        last = max(each.rulings.all(), key=lambda ruling: ruling.pk, default=None)
        said[each.panel_id, each.person_id] = OBJECTED[last.verdict if last else ""]
    asked = (AppointmentState.INVITED, AppointmentState.ACCEPTED)
    rows = Appointment.objects.filter(panel__in=panels, state__in=asked).select_related(
        "seat", "person", "appointed_by"
    )
    members = list(rows.order_by("panel", "seat__number", "rank"))
    return [
        Bench(
            item.panel.ref,
            item.panel.title,
            item.panel.get_kind_display(),
            item.sitting.on,
            [
                Judge(
                    each.pk,
                    each.person.display_name,
                    each.place,
                    each.appointed_by.name,
                    AppointmentState(each.state).label,
                    said.get((each.panel_id, each.person_id), ""),
                )
                for each in members
                if each.panel_id == item.panel_id
            ],
        )
        for item in listed
    ]
