"""Who may do what: posts and seats against the steps of cases and the acts on panels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from authorisation import rulesets
from authorisation.enums import Stage
from authorisation.permissions import READS_ALL, READS_REGION
from directory.models import OrganisationKind as Kind
from directory.models import PostKind
from directory.rules import POST_GRANTS, grants_of, post_exists_at
from panels.grants import CHAIR, of_seat
from panels.models import PanelKind
from panels.rules import SeatPlan
from workflows.documents import process
from workflows.documents.acts import Act, Way, openings, panel_acts
from workflows.documents.markdown import sentence, table
from workflows.engine.driver import title_of
from workflows.permissions import DIVERSIONS

RULES: Final = Path(settings.BASE_DIR) / "authorisation" / "data" / "ruleset-2012.toml"
YES: Final = "yes"
# Which permission, held where, stands behind each way that is not a seat.
BEHIND: Final[Mapping[Way, tuple[str, Kind]]] = {
    Way.SECRETARIAT: ("administer", Kind.BOARD),
    Way.BODY: ("nominate", Kind.COALITION_BODY),
    Way.GUARDIAN: ("rule_on_conflicts", Kind.BOARD),
    Way.AUDITOR: ("audit", Kind.BOARD),
    Way.APPLICANT: ("act_for", Kind.CCG),
}
DIVERTED_ON: Final[Mapping[str, Kind]] = {"act_for": Kind.CCG, "administer": Kind.BOARD}


SEATS: Final = (
    "Panel",
    "Seat",
    "How many",
    "Needed to sit",
    "Needed to decide",
    "Appointed by",
    "Training",
    "Grants",
    "Steps of the case",
)


def page() -> str:
    """The whole page."""
    columns = _columns()
    titles = [post.label for post in columns]
    return f"""# Who may do what

Permissions follow from posts in the directory and from accepted seats; nobody is given one by hand. An empty cell is a
refusal. Steps in their order: [the process](process.md); when a panel's acts are possible: [panels](panels.md).

## Posts

{table(("Post", "Gives on its own organisation", "At", "Reads"), _posts())}

{_silent()} give nothing by themselves.

Whoever has accepted a seat reads the cases before that panel while the panel is open and, for the Coalition seat, the
nomination stands; except those the tests bar them from and those they left the room for.

## Steps of a case, by post and seat

The post must be at the organisation the step names: {_places()}.

{table(("Stage", "Step", *titles, "Chair of a panel"), _step_rows(columns))}

Beside the steps:

{table(("Stage", "Act", *titles), _beside_rows(columns))}

## Acts on panels, by post and seat

"Own" is for the person the seat is offered to or held by, and for that seat only. A nominations secretary acts for
their own body, which must be a Coalition body; whoever answers for an organisation objects on its behalf, to members of
a panel with its case on the agenda; the conflicts guardian rules on no panel on which they have a seat.

{table(("Act", "What", *(each.label for each in _panel_columns()), "Chair of the panel", "Own"), _act_rows())}

## Seats

The seats of rule set `{_rules().version}`. Every member who counts takes a position; the chair also runs the sitting
and may record on the case what the panel said.

{table(("Panel", "Quorum to sit", "Quorum to decide"), _quorums())}

{table(SEATS, _seats())}
"""


@cache
def _rules() -> rulesets.RuleSetFile:
    return rulesets.read(RULES.read_bytes())


def _kinds(post: PostKind, codename: str) -> list[Kind]:
    return [kind for kind in Kind if post_exists_at(post, kind) and codename in grants_of(post, kind)]


def _columns() -> list[PostKind]:
    """The posts that some step or act beside the steps lets in."""
    wanted = [(process.codename_of(step), process.place_of(step)[0]) for step in process.steps()]
    wanted += [(code, DIVERTED_ON[code]) for each in DIVERSIONS.values() for code in each.codenames]
    wanted += [BEHIND[way] for act in openings() for way in act.ways]
    return [post for post in POST_GRANTS if any(post in process.posts_with(*each) for each in wanted)]


def _panel_columns() -> list[PostKind]:
    ways = {way for act in panel_acts() for way in act.ways if way in BEHIND}
    return [post for post in POST_GRANTS if any(post in process.posts_with(*BEHIND[way]) for way in ways)]


def _posts() -> Iterator[list[str]]:
    for post, codenames in POST_GRANTS.items():
        for codename in codenames:
            kinds = ", ".join(kind.label.lower() for kind in _kinds(post, codename))
            yield [post.label, f"`{codename}`", kinds, _reads(post, codename)]


def _reads(post: PostKind, codename: str) -> str:
    if codename in READS_ALL and Kind.BOARD in _kinds(post, codename):
        return "every case" if _kinds(post, codename) == [Kind.BOARD] else "every case, when at the Board"
    if codename in READS_REGION:
        return "the cases of its CCGs"
    return "its own case" if codename == "act_for" else "no case"


def _silent() -> str:
    names = [post.label if not place else post.label.lower() for place, post in enumerate(_without())]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _without() -> list[PostKind]:
    return [post for post, codenames in POST_GRANTS.items() if not codenames]


def _places() -> str:
    return ", ".join(place for _, place in process.PLACES.values())


def _marks(columns: list[PostKind], wanted: list[tuple[str, Kind]]) -> list[str]:
    allowed = {post for each in wanted for post in process.posts_with(*each)}
    return [YES if post in allowed else "" for post in columns]


def _step_rows(columns: list[PostKind]) -> Iterator[list[str]]:
    for step in process.steps():
        wanted = [(process.codename_of(step), process.place_of(step)[0])]
        stage = Stage(step.stage or "").label
        yield [stage, title_of(step), *_marks(columns, wanted), process.chair_of(step)]


def _beside_rows(columns: list[PostKind]) -> Iterator[list[str]]:
    for act in openings():
        yield ["none yet", f"`{act.name}`", *_marks(columns, [BEHIND[way] for way in Way if way in act.ways])]
    for diversion in DIVERSIONS.values():
        held = [(codename, DIVERTED_ON[codename]) for codename in diversion.codenames]
        late = [stage.label for stage in Stage if stage in diversion.stages - DIVERSIONS["deferred"].stages]
        stages = " or ".join(["any up to the decision", *(f'"{label}"' for label in late)])
        yield [stages, f"`{diversion.verb}`", *_marks(columns, held)]


def _act_rows() -> Iterator[list[str]]:
    for act in panel_acts():
        if not act.ways:
            continue  # the system's own, or said of the act it calls
        held = [BEHIND[way] for way in Way if way in act.ways and way in BEHIND]
        seats = [YES if way in act.ways else "" for way in (Way.CHAIR, Way.SELF)]
        yield [f"`{act.name}`", _what(act), *_marks(_panel_columns(), held), *seats]


def _what(act: Act) -> str:
    return sentence(act.does)


def _plans() -> Iterator[tuple[PanelKind, SeatPlan]]:
    body: Mapping[str, Any] = _rules().body
    for kind in PanelKind:
        if kind.value in body["panels"]:
            yield kind, rulesets.seat_plan(body, kind.value)


def _quorums() -> Iterator[list[str]]:
    for _, plan in _plans():
        yield [plan.title, str(plan.quorum_to_sit), str(plan.quorum_to_decide)]


def _seats() -> Iterator[list[str]]:
    for kind, plan in _plans():
        for seat in plan.seats:
            number = str(seat.minimum) if seat.minimum == seat.maximum else f"{seat.minimum} to {seat.maximum}"
            grants = ", ".join(f"`{codename}`" for codename in of_seat(seat.type))
            steps = _steps_of(kind) if CHAIR in of_seat(seat.type) else ""
            appointer = seat.appointed_by.replace("_", " ")
            needed = [YES if each else "" for each in (seat.required_to_sit, seat.required_to_decide)]
            training = seat.accreditation.replace("_", " ")
            yield [plan.title, seat.title, number, *needed, appointer, training, grants, steps]


def _steps_of(kind: PanelKind) -> str:
    return ", ".join(title_of(step) for step in process.steps() if process.chair_of(step) == kind.label)
