"""Organisations, people with posts, nominations, and a rule set with eight criteria; two tenths of a second."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.contrib.contenttypes.models import ContentType

from audit import clock
from authorisation.actions import rulesets, waves
from authorisation.calendar import LONDON
from authorisation.models import RuleSet, Wave
from directory import queries
from directory.actions import organisations, people, posts, ties
from directory.models import Organisation, OrganisationKind, Person, PostKind, TieKind
from directory.rows import NewOrganisation, NewPerson, NewPost, NewTie
from panels.actions.accreditations import accredit_many
from panels.actions.nominations import nominate
from panels.models import Nomination

HERE = Path(__file__).parent
DATA = Path(rulesets.__file__).parents[1] / "data"
SMALL = HERE / "criteria-small.csv"
CRITERIA = [row["code"] for row in csv.DictReader(SMALL.read_text().splitlines())]
BEGIN = date(2012, 5, 1)

ORGANISATIONS = [
    (OrganisationKind.BOARD, "BOARD", "NHS Commissioning Board", ""),
    (OrganisationKind.REGION, "RN1", "North", "BOARD"),
    (OrganisationKind.REGION, "RS1", "South", "BOARD"),
    (OrganisationKind.AREA_TEAM, "AT1", "Area team one", "RN1"),
    (OrganisationKind.AREA_TEAM, "AT2", "Area team two", "RS1"),
    (OrganisationKind.AREA_TEAM, "AT3", "Area team three", "RS1"),
    (OrganisationKind.COALITION_BODY, "NHSA", "NHS Alliance", ""),
    (OrganisationKind.COALITION_BODY, "NAPC", "National Association of Primary Care", ""),
    (OrganisationKind.LOCAL_AUTHORITY, "LA1", "Borough council", ""),
    *(
        (OrganisationKind.CCG, f"0{n}A", f"NHS Group {n} CCG", "AT1" if n < 4 else "AT2" if n == 4 else "AT3")
        for n in range(1, 7)
    ),
    (OrganisationKind.PRACTICE, "P01", "The practice of group 1", ""),
    (OrganisationKind.COMMISSIONING_SUPPORT, "S01", "The support unit of group 1", ""),
    (OrganisationKind.PROVIDER, "H01", "The hospital of group 1", ""),
]
TIES = [
    (TieKind.NEIGHBOUR, "01A", "02A"),
    (TieKind.NEIGHBOUR, "02A", "03A"),
    (TieKind.SHARES_LEADERSHIP, "01A", "04A"),
    (TieKind.MEMBER_PRACTICE, "P01", "01A"),
    (TieKind.SUPPORTS, "S01", "01A"),
    (TieKind.MAIN_PROVIDER, "H01", "01A"),
]
# Everybody in the tests: name, where, which post.
PEOPLE = [
    ("secretary", "BOARD", PostKind.SECRETARIAT),
    ("assessor", "BOARD", PostKind.DESK_TOP_ASSESSOR),
    ("reader", "BOARD", PostKind.SECOND_READER),
    ("guardian", "BOARD", PostKind.CONFLICTS_GUARDIAN),
    ("auditor", "BOARD", PostKind.AUDITOR),
    ("director", "RN1", PostKind.REGIONAL_DIRECTOR),
    ("other_director", "RS1", PostKind.REGIONAL_DIRECTOR),
    ("contact", "AT1", PostKind.AREA_TEAM_CONTACT),
    ("nominator", "NHSA", PostKind.NOMINATIONS_SECRETARY),
    ("other_nominator", "NAPC", PostKind.NOMINATIONS_SECRETARY),
    ("chair", "BOARD", PostKind.PANEL_MEMBER),
    ("board_member", "BOARD", PostKind.PANEL_MEMBER),
    ("second_board_member", "BOARD", PostKind.PANEL_MEMBER),
    ("key_assessor", "BOARD", PostKind.PANEL_MEMBER),
    ("finance", "BOARD", PostKind.PANEL_MEMBER),
    ("lay", "BOARD", PostKind.PANEL_MEMBER),
    ("local_authority", "LA1", PostKind.PANEL_MEMBER),
    ("clinician", "06A", PostKind.CHAIR),
    # Coalition representatives: from afar, from afar for the other body, and from a neighbour of 01A.
    ("voice", "05A", PostKind.GOVERNING_BODY_MEMBER),
    ("other_voice", "06A", PostKind.GOVERNING_BODY_MEMBER),
    ("near_voice", "02A", PostKind.GOVERNING_BODY_MEMBER),
    ("spare_voice", "05A", PostKind.GOVERNING_BODY_MEMBER),
    *((f"officer_{n}", f"0{n}A", PostKind.ACCOUNTABLE_OFFICER) for n in range(1, 7)),
]
# Who has had the training that most seats ask for: everybody who sits in the tests.
TRAINED = [
    *("chair", "board_member", "second_board_member", "key_assessor", "finance", "lay", "local_authority"),
    *("clinician", "voice", "other_voice", "near_voice", "spare_voice", "spare"),
]
VOICES = (
    ("voice", "NHSA", "nominator"),
    ("other_voice", "NAPC", "other_nominator"),
    ("near_voice", "NHSA", "nominator"),
    ("spare_voice", "NAPC", "other_nominator"),
)


def london(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A moment by the clocks of London."""
    return datetime(year, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


def days(count: float) -> timedelta:
    return timedelta(days=count)


START = london(2012, 6, 1)


@dataclass
class World:
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    nominations: dict[str, Nomination] = field(default_factory=dict)
    waves: dict[int, Wave] = field(default_factory=dict)
    ruleset: RuleSet | None = None

    def __getattr__(self, name: str) -> Person:
        """People by the names of the table above: `world.secretary`."""
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def add_like(self, name: str, like: str) -> Person:
        """Another person with the posts, the training and the nomination of one there is."""
        _add_people(self, [like], [(like, place, kind) for one, place, kind in PEOPLE if one == name])
        _train(self, [like] if name in TRAINED else [])
        for _, body, secretary in [each for each in VOICES if each[0] == name]:
            _nominate(self, like, body, secretary)
        return self.people[like]

    def officer(self, code: str) -> Person:
        return self.people[f"officer_{code[1]}"]


def small_ruleset(version: str = "small", **replaced: str) -> bytes:
    """The rule set of 2012 over the small criteria; each keyword text is replaced by its value."""
    text = (DATA / "ruleset-2012.toml").read_text()
    text = text.replace('version = "2012.2"', f'version = "{version}"')
    text = text.replace('criteria_set = "2012"', 'criteria_set = "small"').replace("= 119", f"= {len(CRITERIA)}")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text.encode()


def build_world(*, at: datetime = START) -> World:
    """The whole world; the clock stands at `at` while it is made."""
    queries.forget_board()  # the one of an example rolled back before this one
    ContentType.objects.clear_cache()
    world = World()
    with clock.at(at):
        _organisations(world)
        _people(world)
        for name, body, secretary in VOICES:
            _nominate(world, name, body, secretary)
        _train(world, TRAINED)
        rulesets.import_criteria(source=SMALL.read_bytes(), version="small", by="system")
        world.ruleset = rulesets.load_ruleset(source=small_ruleset(), by="system")
        for number, deadline in (
            (1, date(2012, 7, 2)),
            (2, date(2012, 9, 3)),
            (3, date(2013, 2, 1)),
            (4, date(2014, 1, 1)),
        ):
            world.waves[number] = waves.add_wave(cycle=2012, number=number, deadline=deadline, by="system")
    return world


def _organisations(world: World) -> None:
    rows = [NewOrganisation(kind=kind, code=code, name=name, parent_code=up) for kind, code, name, up in ORGANISATIONS]
    world.organisations = {row.code: row for row in organisations.add_many(organisations=rows, by="system")}
    known = world.organisations
    ties.add_many(
        ties=[NewTie(kind=kind, one=known[one], other=known[other], starts=BEGIN) for kind, one, other in TIES],
        by="system",
    )


def _nominate(world: World, name: str, body: str, secretary: str) -> None:
    world.nominations[name] = nominate(
        body=world.organisations[body], person=world.people[name], starts=BEGIN, by=world.people[secretary]
    )
    world.people[name].refresh_from_db()


def _train(world: World, names: Sequence[str]) -> None:
    trained = [world.people[name] for name in names]
    board = world.organisations["BOARD"]
    accredit_many(people=trained, kind="panel_training", given_by=board, starts=BEGIN, by="system")
    for person in trained:
        person.refresh_from_db()


def _people(world: World) -> None:
    _add_people(world, [*(name for name, _, _ in PEOPLE), "outsider", "spare"], PEOPLE)


def _add_people(world: World, names: Sequence[str], held: Sequence[tuple[str, str, PostKind]]) -> None:
    rows = [
        NewPerson(full_name=name.replace("_", " ").title(), email=f"{name}@example.test", synthetic=True)
        for name in names
    ]
    world.people |= dict(zip(names, people.add_many(people=rows, by="system"), strict=True))
    posts.add_many(
        posts=[
            NewPost(person=world.people[name], organisation=world.organisations[place], kind=kind, starts=BEGIN)
            for name, place, kind in held
        ],
        by="system",
    )
