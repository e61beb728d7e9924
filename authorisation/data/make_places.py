"""Synthetic neighbours and area teams, for groups whose true ones are not held.

Groups whose codes follow each other within a region are taken for neighbours (next and next but one), because codes
were given out area by area; each region's groups are dealt to its area teams in the same order.

    python -m authorisation.data.make_places
"""

import csv
from pathlib import Path

HERE = Path(__file__).parent
# Ties that follow from the sources: one took over the other's hospital contract, shared a hospital, or shared officers.
KNOWN_TIES = (
    ("03V", "04G", "neighbour", "I", "lgc-5054425"),
    ("07G", "99E", "neighbour", "I", "hsj-5056213"),
    ("00F", "00G", "shares_leadership", "I", "hsj-5068263"),
    ("00F", "00H", "shares_leadership", "I", "hsj-5068263"),
    ("00G", "00H", "shares_leadership", "I", "hsj-5068263"),
)
NEXT = (1, 2)
# 27 area teams in all is background knowledge, as is how many each region had.
AREA_TEAMS = {"North": 9, "Midlands and East": 8, "London": 3, "South": 7}
INITIALS = {"North": "N", "Midlands and East": "M", "London": "L", "South": "S"}


def codes_by_region() -> dict[str, list[str]]:
    """Codes of each region in their own order."""
    with (HERE / "known-2013.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {region: sorted(line["code"] for line in lines if line["region"] == region) for region in AREA_TEAMS}


def ties() -> list[tuple[str, str, str, str, str]]:
    """Every tie once, the smaller code first."""
    known = {(code, other, kind) for code, other, kind, _, _ in KNOWN_TIES}
    made = [
        (codes[place], codes[place + step], "neighbour", "S", "")
        for codes in codes_by_region().values()
        for place in range(len(codes))
        for step in NEXT
        if place + step < len(codes) and (codes[place], codes[place + step], "neighbour") not in known
    ]
    return sorted([*KNOWN_TIES, *made])


def area_teams() -> list[tuple[str, str, str, str, str]]:
    """Code of each group with its area team, dealt in equal runs."""
    return [
        (code, f"AT-{INITIALS[region]}{team}", f"{region} area team {team} (synthetic)", region, "S")
        for region, codes in codes_by_region().items()
        for place, code in enumerate(codes)
        for team in [place * AREA_TEAMS[region] // len(codes) + 1]
    ]


def write(path: Path, header: str, lines: list[tuple[str, str, str, str, str]]) -> None:
    """Write a header and its lines to `path`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(lines)


def write_places(folder: Path) -> None:
    """Write both files into `folder`."""
    write(folder / "neighbours-2012.csv", "code,other,kind,mark,source", ties())
    write(folder / "area_teams-2012.csv", "code,team,team_name,region,mark", area_teams())


if __name__ == "__main__":
    write_places(HERE)
