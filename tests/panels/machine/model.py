"""What must be so of panels, worked out once more from rows as plain values: none of the production rules is asked.

Every function gives the sentences of what is wrong; none means that all is well.
"""

from collections import Counter
from collections.abc import Iterator

from panels.models import (
    Appointment,
    Attendance,
    Composition,
    DisinterestCheck,
    Item,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
)

VOTES = {"clear", "declare_only"}
SEAT = (
    *("pk", "panel", "person", "state", "rank", "seat", "seat__kind", "panel__closed_at"),
    *("nomination__person", "nomination__body__kind", "nomination__starts", "nomination__ends"),
)


class Facts:
    """Every appointment and, for each item, who is in the room and what the tests answered them last."""

    def __init__(self) -> None:
        self.seats = {row["pk"]: row for row in Appointment.objects.values(*SEAT)}
        self.items = {
            row["pk"]: row for row in Item.objects.values("pk", "panel", "state", "case_ref", "sitting", "sitting__on")
        }
        self.plans = dict(Panel.objects.values_list("pk", "plan"))
        noted = Attendance.objects.order_by("pk").values_list("item", "appointment", "present")
        self.noted = {(item, who): here for item, who, here in noted}
        self.gone = set(Recusal.objects.values_list("item", "appointment"))
        said = DisinterestCheck.objects.order_by("pk").values_list("item", "appointment", "effect")
        self.answer = {(item, who): effect for item, who, effect in said}

    def here(self, item: int) -> list[dict]:
        """Who is in the room: noted there last, and not gone."""
        panel = self.items[item]["panel"]
        return [
            row
            for who, row in self.seats.items()
            if row["panel"] == panel and self.noted.get((item, who)) and (item, who) not in self.gone
        ]

    def votes(self, item: int) -> list[dict]:
        return [row for row in self.here(item) if self.answer.get((item, row["pk"])) in VOTES]

    def open(self) -> Iterator[tuple[int, dict]]:
        return ((pk, row) for pk, row in self.items.items() if row["state"] == "open")

    def heard(self, item: int) -> bool:
        """Whether somebody a Coalition body nominates for that day sits with a vote."""
        on = self.items[item]["sitting__on"]
        return any(
            row["seat__kind"] == "coalition_representative"
            and row["nomination__body__kind"] == "coalition_body"
            and row["nomination__person"] == row["person"]
            and row["nomination__starts"] <= on
            and (row["nomination__ends"] is None or on <= row["nomination__ends"])
            and row["state"] == "accepted"
            for row in self.votes(item)
        )


def rooms(facts: Facts) -> Iterator[str]:
    """Of every open item: alone at its sitting, the Coalition's voice, nobody barred, one person a seat, the quorum."""
    at_once = Counter(row["sitting"] for _, row in facts.open())
    yield from (f"{number} items are open at sitting {key}" for key, number in at_once.items() if number > 1)
    for pk, item in facts.open():
        here, name = facts.here(pk), item["case_ref"]
        if not facts.heard(pk):
            yield f"{name} is open without the Coalition's voice"
        if barred := [row["person"] for row in here if facts.answer.get((pk, row["pk"]), "barred") == "barred"]:
            yield f"{name} is open with {barred} in the room, who are barred"
        if any(row["state"] != "accepted" for row in here):
            yield f"{name} is open with somebody in the room who holds no seat"
        if twice := [seat for seat, number in Counter(row["seat"] for row in here).items() if number > 1]:
            yield f"{name} is open with two people in the seats {twice}"
        if len(here) < facts.plans[item["panel"]]["quorum_to_sit"]:
            yield f"{name} is open with {len(here)} in the room, fewer than its quorum"


def outcomes(facts: Facts) -> Iterator[str]:
    """Of every outcome: its arithmetic, from the members who voted, and the Coalition's own hand."""
    last: dict[int, dict[int, tuple[str, int]]] = {}
    for item, who, stance, by in Position.objects.order_by("pk").values_list(
        "item", "appointment", "stance", "entered_by"
    ):
        last.setdefault(item, {})[who] = (stance, by)
    stored = dict(Composition.objects.values_list("item", "body"))
    for pk in Outcome.objects.values_list("item", flat=True):
        name, plan = facts.items[pk]["case_ref"], facts.plans[facts.items[pk]["panel"]]
        voters = [row for row in facts.votes(pk) if row["state"] in {"accepted", "stood_down"}]
        said = [last.get(pk, {}).get(row["pk"], ("nothing", 0)) for row in voters]
        count = Counter(stance for stance, _ in said)
        if len(voters) < plan["quorum_to_decide"] or stored[pk]["quorum"]["counted"] != len(voters):
            yield f"{name} was decided by {len(voters)} votes: {stored[pk]['quorum']}"
        if count["nothing"] or count["concur"] <= count["dissent"]:
            yield f"{name} was decided on {count}"
        own = [row for row, (_, by) in zip(voters, said, strict=True) if by == row["person"]]
        if not any(row["seat__kind"] == "coalition_representative" for row in own):
            yield f"{name} was decided without the Coalition's own hand"


def places(facts: Facts) -> Iterator[str]:
    """One person in each place of a seat, and one place for each person of a panel."""
    live = [row for row in facts.seats.values() if row["state"] in {"proposed", "invited", "accepted"}]
    for what, key in (("place", ("seat", "rank")), ("person", ("panel", "person"))):
        twice = Counter(tuple(row[name] for name in key) for row in live)
        yield from (f"{number} times the {what} {found}" for found, number in twice.items() if number > 1)


def grants(facts: Facts) -> Iterator[str]:
    """I12: the grants there are, and no others."""
    wanted = Counter(
        (row["person"], row["panel"], code)
        for row in facts.seats.values()
        if row["state"] == "accepted" and row["panel__closed_at"] is None
        for code in (["sit", "chair"] if row["seat__kind"] == "chair" else ["sit"])
    )
    found = Counter(PanelGrant.objects.values_list("user", "content_object", "permission__codename"))
    if found != wanted:
        yield f"grants missing {wanted - found} and too many {found - wanted}"


def tiers(facts: Facts) -> Iterator[str]:
    """I4: nobody with a position on one case before panels of two kinds."""
    kinds: dict[tuple[int, str], set[str]] = {}
    rows = Position.objects.exclude(item__panel__kind="review")
    for person, case, kind in rows.values_list("appointment__person", "item__case_ref", "item__panel__kind"):
        kinds.setdefault((person, case), set()).add(kind)
    yield from (f"{key} spoke at {found}" for key, found in kinds.items() if len(found) > 1)


def faults() -> list[str]:
    """Everything that is wrong; some ten small queries."""
    facts = Facts()
    return [said for check in (rooms, outcomes, places, grants, tiers) for said in check(facts)]
