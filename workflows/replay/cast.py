"""The directory of 2012: real organisations, synthetic people. Nobody named here ever lived."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from authorisation.facts import CcgFact, load_area_teams, load_ties
from directory.actions import organisations, people, posts, ties
from directory.models import Organisation, OrganisationKind, Person, PostKind, TieKind
from directory.queries import today
from directory.rows import NewOrganisation, NewPerson, NewPost, NewTie
from panels.actions.accreditations import accredit_many
from panels.actions.nominations import nominate
from panels.models import Nomination

# Common first and last names; the people they make up never lived.
NAMES = Path(__file__).with_name("names.txt")
FIRST_NAMES, LAST_NAMES = (line.split() for line in NAMES.read_text().splitlines())
REGIONS = {"North": "RGN", "Midlands and East": "RGM", "London": "RGL", "South": "RGS"}
COALITION = {"NHSA": "NHS Alliance", "NAPC": "National Association of Primary Care"}
BOARD = "BOARD"
# Members of panels were trained before they sat (domain.md 1.3); when, is not known.
TRAINING = "panel_training"
TRAINED = ("key_assessor", "ccg_chair", "coalition", "finance", "local_authority", "lay")
SIZES = {
    "secretariat": 3,
    "assessor": 12,
    "reader": 4,
    "chair": 16,
    "board_member": 9,
    "key_assessor": 24,
    "finance": 20,
    "lay": 18,
    "coalition": 84,
    "local_authority": 20,
}


@dataclass
class Cast:
    """Everyone and everything the replay needs to hand, by code or by part."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    parts: dict[str, list[Person]] = field(default_factory=dict)
    officers: dict[str, Person] = field(default_factory=dict)
    chairs: dict[str, Person] = field(default_factory=dict)
    directors: dict[str, Person] = field(default_factory=dict)
    area_contacts: dict[str, Person] = field(default_factory=dict)
    homes: dict[int, str] = field(default_factory=dict)
    waves: dict[str, int] = field(default_factory=dict)
    nominations: list[Nomination] = field(default_factory=list)

    def region_of(self, code: str) -> Organisation:
        """The region whose area team a CCG belongs to."""
        team = next(each for each in self.organisations.values() if each.pk == self.organisations[code].parent_id)
        return next(each for each in self.organisations.values() if each.pk == team.parent_id)

    @property
    def secretary(self) -> Person:
        """The member of the secretariat who keeps the record."""
        return self.parts["secretariat"][0]


class Names:
    """Synthetic names in a fixed order; the same seed gives the same people."""

    def __init__(self, seed: int) -> None:
        pairs = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
        random.Random(seed).shuffle(pairs)  # noqa: S311  names, not secrets
        self._pairs = iter(pairs)
        self._used = 0

    def take(self, title: str = "") -> NewPerson:
        """One more person."""
        first, last = next(self._pairs)
        self._used += 1
        email = f"{first}.{last}.{self._used}@example.org".lower()
        return NewPerson(full_name=f"{first} {last}", title=title, email=email, synthetic=True)


def assemble(facts: dict[str, CcgFact], *, seed: int) -> Cast:
    """Record the organisations, ties, people, posts and nominations of the replay."""
    cast = Cast(waves={code: fact.wave_decided for code, fact in facts.items()})
    _organisations(cast, facts)
    _ties(cast, facts)
    _people(cast, facts, Names(seed))
    return cast


def _organisations(cast: Cast, facts: dict[str, CcgFact]) -> None:
    kind = OrganisationKind
    teams = load_area_teams()
    rows = [NewOrganisation(kind=kind.BOARD, code=BOARD, name="NHS Commissioning Board")]
    rows += [
        NewOrganisation(kind=kind.REGION, code=code, name=name, parent_code=BOARD) for name, code in REGIONS.items()
    ]
    named = {team.team.replace("-", ""): team for team in teams.values()}
    rows += [
        NewOrganisation(
            kind=kind.AREA_TEAM, code=code, name=team.team_name, parent_code=REGIONS[team.region], synthetic=True
        )
        for code, team in sorted(named.items())
    ]
    rows += [NewOrganisation(kind=kind.COALITION_BODY, code=code, name=name) for code, name in COALITION.items()]
    rows += [
        NewOrganisation(
            kind=kind.LOCAL_AUTHORITY,
            code=f"LA{number:03d}",
            name=f"Local authority {number} (synthetic)",
            synthetic=True,
        )
        for number in range(1, SIZES["local_authority"] + 1)
    ]
    rows += [
        NewOrganisation(kind=kind.CCG, code=code, name=fact.name, parent_code=teams[code].team.replace("-", ""))
        for code, fact in facts.items()
    ]
    added = organisations.add_many(organisations=rows, by="system")
    cast.organisations = {each.code: each for each in added}


def _ties(cast: Cast, facts: dict[str, CcgFact]) -> None:
    known = cast.organisations
    ties.add_many(
        ties=[
            NewTie(
                kind=TieKind(tie.kind),
                one=known[tie.code],
                other=known[tie.other],
                starts=today(),
                synthetic=tie.mark == "S",
                source=" ".join(tie.source),
            )
            for tie in load_ties()
            if tie.code in facts and tie.other in facts
        ],
        by="system",
    )


def _people(cast: Cast, facts: dict[str, CcgFact], names: Names) -> None:
    board, codes = cast.organisations[BOARD], list(facts)
    wanted: list[tuple[str, Organisation, PostKind, str, str]] = []
    for part, kind, title, count in (
        ("secretariat", PostKind.SECRETARIAT, "Secretary", SIZES["secretariat"]),
        ("assessor", PostKind.DESK_TOP_ASSESSOR, "Assessor", SIZES["assessor"]),
        ("reader", PostKind.SECOND_READER, "Second reader", SIZES["reader"]),
        ("chair", PostKind.PANEL_MEMBER, "Panel chair", SIZES["chair"]),
        ("board_member", PostKind.PANEL_MEMBER, "Member of the Board", SIZES["board_member"]),
        ("finance", PostKind.PANEL_MEMBER, "Finance member", SIZES["finance"]),
        ("lay", PostKind.PANEL_MEMBER, "Lay member", SIZES["lay"]),
        ("key_assessor", PostKind.PANEL_MEMBER, "Key assessor", SIZES["key_assessor"]),
        ("guardian", PostKind.CONFLICTS_GUARDIAN, "Conflicts guardian", 1),
        ("auditor", PostKind.AUDITOR, "Auditor", 1),
    ):
        wanted += [(part, board, kind, title, "")] * count
    wanted += [
        ("director", cast.organisations[code], PostKind.REGIONAL_DIRECTOR, "Regional director", "")
        for code in REGIONS.values()
    ]
    wanted += [
        ("area", each, PostKind.AREA_TEAM_CONTACT, "Area team contact", "")
        for each in cast.organisations.values()
        if each.kind == OrganisationKind.AREA_TEAM
    ]
    wanted += [
        ("local_authority", each, PostKind.PANEL_MEMBER, "Director of social care", "")
        for each in cast.organisations.values()
        if each.kind == OrganisationKind.LOCAL_AUTHORITY
    ]
    wanted += [
        ("body", cast.organisations[code], PostKind.NOMINATIONS_SECRETARY, "Nominations secretary", "")
        for code in COALITION
    ]
    for code in codes:
        wanted.append(("officer", cast.organisations[code], PostKind.ACCOUNTABLE_OFFICER, "Accountable officer", ""))
        wanted.append(("ccg_chair", cast.organisations[code], PostKind.CHAIR, "Chair", "Dr"))
    spread = [codes[number * len(codes) // SIZES["coalition"]] for number in range(min(SIZES["coalition"], len(codes)))]
    wanted += [
        ("coalition", cast.organisations[code], PostKind.GOVERNING_BODY_MEMBER, "GP lead", "Dr") for code in spread
    ]
    _employ(cast, wanted, names)
    _nominate(cast)
    _train(cast)


def _employ(cast: Cast, wanted: Sequence[tuple[str, Organisation, PostKind, str, str]], names: Names) -> None:
    added = people.add_many(people=[names.take(title) for *_, title in wanted], by="system")
    posts.add_many(
        posts=[
            NewPost(person=person, organisation=organisation, kind=kind, starts=today(), title=title)
            for person, (_, organisation, kind, title, _) in zip(added, wanted, strict=True)
        ],
        by="system",
    )
    for person, (part, organisation, *_) in zip(added, wanted, strict=True):
        cast.parts.setdefault(part, []).append(person)
        cast.homes[person.pk] = organisation.code
        for key, by_code in (
            ("officer", cast.officers),
            ("ccg_chair", cast.chairs),
            ("director", cast.directors),
            ("area", cast.area_contacts),
        ):
            if part == key:
                by_code[organisation.code] = person


def _nominate(cast: Cast) -> None:
    """Each Coalition body nominates every other of the GP leads, so the balance between them shows."""
    bodies = list(COALITION)
    for number, person in enumerate(cast.parts["coalition"]):
        code = bodies[number % len(bodies)]
        cast.nominations.append(
            nominate(
                body=cast.organisations[code],
                person=person,
                starts=today(),
                by=cast.parts["body"][number % len(bodies)],
            )
        )


def _train(cast: Cast) -> None:
    """Whoever may sit where training is asked for has had it."""
    trained = [person for part in TRAINED for person in cast.parts[part]]
    accredit_many(people=trained, kind=TRAINING, given_by=cast.organisations[BOARD], starts=today(), by=cast.secretary)


def codes_near(cast: Cast, codes: Iterable[str]) -> dict[int, set[str]]:
    """The CCGs each Coalition representative may not judge: their own, its neighbours and its area team's (D1, D4)."""
    known = set(codes)
    teams: defaultdict[int | None, set[str]] = defaultdict(set)
    for code in known:
        teams[cast.organisations[code].parent_id].add(code)
    near: defaultdict[str, set[str]] = defaultdict(set)
    for tie in load_ties():
        if tie.kind == "neighbour":
            near[tie.code].add(tie.other)
            near[tie.other].add(tie.code)
    return {
        person.pk: ({home} | near[home] | teams[cast.organisations[home].parent_id]) & known
        for person in cast.parts["coalition"]
        for home in (cast.homes[person.pk],)
    }


def first_day() -> date:
    """When the replay begins: the Board approved the waves on this day (domain.md 1.1)."""
    return date(2012, 5, 31)
