"""How every synthetic value of facts-2012.csv was chosen.

Known values come from known-2013.csv and stories-2012.toml and are never altered. The rest is drawn so that each
published total holds. A draw is a hash of the group's code, so the same file results on every machine and for ever:

    python -m authorisation.data.make_facts
"""

import csv
import hashlib
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COLUMNS = [
    *(
        "code",
        "name",
        "region",
        "wave_applied",
        "wave_decided",
        "outcome",
        "directions",
        "conditions",
        "unmet",
        "levels",
    ),
    *("r0", "r1", "r2", "d0", "d1", "d2", "discharged0", "discharged1", "discharged2", "level_changes"),
    *("known_unmet", "inferred", "synthetic", "source"),
]

DECIDED = {1: 34, 2: 67, 3: 62, 4: 48}
FULL = {1: 8, 2: 19, 3: 6, 4: 10}
LEVEL_THREE = {1: 9, 2: 17}  # groups with at least one level III
MOST_IN_WAVE_1 = 14
AVERAGED_REGION, AVERAGED_TOTAL = "Midlands and East", 61 * 6
CLEARED = (63, 46, 28)
UNTOUCHED = (20, 8, 9)  # of those left with conditions, 47 and 51 had some discharged; the 9 of October is our choice
FEWER_THAN_FIVE = 55  # of the 105 left after the first review
RAISED = 4  # conditions raised to level III in March 2013: "some", the number is ours

# Our choice of plausible numbers of conditions, by wave; "most 1 to 10" in wave 2.
COUNTS = {
    1: (2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 8, 9, 11),
    2: (1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10),
    3: (1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 12),
    4: (1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 9, 12),
}
COUNTS_WITH_DIRECTIONS = (8, 9, 10, 11, 12, 13)
LARGEST = {1: 13, 2: 10, 3: 15, 4: 15}
# Plans failed most, then clinical focus and governance (wave 1, published); the weights are ours.
DOMAIN_WEIGHT = {"1": 3.0, "2": 2.0, "3": 5.0, "4": 3.0, "5": 1.0, "6": 2.0}
TEXT_HELD_WEIGHT = 4.0  # criteria whose text is held are shown more often than placeholders
SUBSTANTIAL = ("IV", "V", "VI")

Story = dict[str, Any]


def draw(*words: str) -> float:
    """A number between 0 and 1 that depends on the words alone."""
    digest = hashlib.sha256("|".join(words).encode()).digest()
    return (int.from_bytes(digest[:8], "big") + 0.5) / 2**64


@dataclass
class Row:
    """One group while its values are being found; `open` maps criterion to level."""

    code: str
    name: str
    region: str
    published: dict[str, str]
    known: Story
    chosen: Story
    wave: int = 0
    full: bool = False
    directions: bool = False
    count: int = 0
    unmet: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)
    in_force: list[bool] = field(default_factory=list)
    discharged: list[list[str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def told(self, key: str) -> Any:
        """The value of a story, published before chosen; None when neither tells."""
        return self.known.get(key, self.chosen.get(key))

    def told_unmet(self) -> dict[str, str]:
        """Criteria of the story with their level, empty where the level is not told."""
        items = [*self.known.get("unmet", []), *self.chosen.get("unmet", [])]
        return {code: level for code, _, level in (item.partition(":") for item in items)}

    def directed_after(self, number: int) -> bool:
        """Whether directions are in force after review `number` (-1: at authorisation)."""
        if number < 0:
            return self.directions
        told = self.told(f"d{number}")
        return bool(told) if told is not None else False


def read_rows() -> list[Row]:
    """The 211 groups with what is known of each."""
    stories = tomllib.loads((HERE / "stories-2012.toml").read_text(encoding="utf-8"))
    with (HERE / "known-2013.csv").open(encoding="utf-8", newline="") as file:
        return [
            Row(
                code=line["code"],
                name=line["name"],
                region=line["region"],
                published=line,
                known=stories["known"].get(line["code"], {}),
                chosen=stories["chosen"].get(line["code"], {}),
            )
            for line in csv.DictReader(file)
        ]


def by_draw(rows: Iterable[Row], salt: str) -> list[Row]:
    """The rows in an order that the salt alone decides."""
    return sorted(rows, key=lambda row: draw(salt, row.code))


def assign_waves(rows: list[Row]) -> None:
    """Published and chosen waves first; the others fill each wave to its published size."""
    for row in rows:
        row.wave = int(row.published["wave"] or row.told("wave_decided") or 0)
    free = by_draw((row for row in rows if not row.wave), "wave")
    for wave, size in DECIDED.items():
        for _ in range(size - sum(row.wave == wave for row in rows)):
            free.pop().wave = wave


def assign_outcomes(rows: list[Row]) -> None:
    """Full authorisations, to the published number of each wave."""
    for row in rows:
        row.directions = row.published["outcome"] == "directions"
        row.full = row.published["outcome"] == "full"
    for wave, size in FULL.items():
        free = by_draw((row for row in rows if row.wave == wave and outcome_is_free(row)), "outcome")
        for row in free[: size - sum(row.full for row in rows if row.wave == wave)]:
            row.full = True


def outcome_is_free(row: Row) -> bool:
    """No source tells whether the group was fully authorised."""
    return not row.published["outcome"] and not row.known.get("outcome")


def assign_counts(rows: list[Row]) -> None:
    """Number of conditions of each conditional group."""
    free = []
    for row in (row for row in rows if not row.full):
        row.count = int(row.published["conditions"] or row.told("conditions") or 0)
        if not row.count:
            table = COUNTS_WITH_DIRECTIONS if row.directions else COUNTS[row.wave]
            row.count = table[int(draw("count", row.code) * len(table))]
            free.append(row)
    most = by_draw((row for row in free if row.wave == 1), "most")[0]
    most.count = MOST_IN_WAVE_1
    settle_average([row for row in free if row is not most], rows)


def settle_average(free: list[Row], rows: list[Row]) -> None:
    """Move the free counts of the one region whose average is published until it holds."""
    region = [row for row in rows if row.region == AVERAGED_REGION]
    movable = by_draw((row for row in free if row.region == AVERAGED_REGION), "average")
    while missing := AVERAGED_TOTAL - sum(row.count for row in region):
        step = int(math.copysign(1, missing))
        for row in movable[: abs(missing)]:
            if 1 <= row.count + step <= LARGEST[row.wave]:
                row.count += step


def assign_unmet(rows: list[Row]) -> None:
    """Which criteria were unmet: those told, then a weighted draw."""
    with (HERE / "criteria-2012.csv").open(encoding="utf-8", newline="") as file:
        catalogue = list(csv.DictReader(file))
    for row in (row for row in rows if row.count):
        told = row.told_unmet()
        others = sorted(
            (line for line in catalogue if line["code"] not in told),
            key=partial(reluctance, row.code),
        )
        picked = {*told, *(line["code"] for line in others[: row.count - len(told)])}
        row.unmet = {line["code"]: told.get(line["code"], "") for line in catalogue if line["code"] in picked}


def reluctance(code: str, line: dict[str, str]) -> float:
    """Sort key of a weighted draw without replacement (Efraimidis and Spirakis): the smallest are picked."""
    weight = DOMAIN_WEIGHT[line["domain"]] * (TEXT_HELD_WEIGHT if line["placeholder"] == "false" else 1.0)
    return -math.log(draw("unmet", code, line["code"])) / weight


def assign_levels(rows: list[Row]) -> None:
    """A support level for each unmet criterion; IV and above only where directions were given."""
    third = level_three(rows)
    for row in rows:
        blank = sorted((code for code, level in row.unmet.items() if not level), key=partial(draw, "level", row.code))
        if row.directions and not set(row.unmet.values()) & set(SUBSTANTIAL):
            row.unmet[blank.pop()] = "IV"
        if row.code in third and "III" not in row.unmet.values():
            row.unmet[blank.pop()] = "III"
        for code in blank:
            row.unmet[code] = "I" if draw("low", row.code, code) < 1 / 2 else "II"
        row.open = dict(row.unmet)


def level_three(rows: list[Row]) -> set[str]:
    """Groups with a level III: the published number in waves 1 and 2, two in five (our choice) after."""
    told = {row.code for row in rows if "III" in row.told_unmet().values()}
    for wave, size in LEVEL_THREE.items():
        here = [row for row in rows if row.wave == wave and row.count > 1 and not row.directions]
        pool = by_draw((row for row in here if row.code not in told), "three")
        told |= {row.code for row in pool[: size - (len(here) - len(pool))]}
    late = (row for row in rows if row.wave not in LEVEL_THREE and row.count > 1)
    return told | {row.code for row in late if draw("three", row.code) < 2 / 5}


def must_stay(row: Row, number: int) -> bool:
    """The sources, or a choice made for a named story, leave the group with conditions after this review."""
    told = row.told(f"r{number}")
    if told is not None:
        return bool(told > 0)
    if any((row.told(f"r{later}") or 0) > 0 for later in range(number, 3)):
        return True
    return row.directed_after(number - 1) or any(row.directed_after(later) for later in range(number, 3))


def choose_left(rows: list[Row], number: int) -> dict[str, int]:
    """How many conditions each reviewed group keeps at review `number`."""
    pool = [row for row in rows if row.open and (number > 0 or row.wave < max(DECIDED))]
    told_clear = [row for row in pool if row.told(f"r{number}") == 0]
    # Fewer conditions are sooner cleared, with chance worth six conditions.
    free = [row for row in pool if row not in told_clear and not must_stay(row, number)]
    free.sort(key=lambda row: len(row.open) + 6 * draw("clear", str(number), row.code))
    cleared = {row.code for row in [*told_clear, *free[: CLEARED[number] - len(told_clear)]]}
    kept = [row for row in pool if row.code not in cleared]
    left = dict.fromkeys(cleared, 0) | {row.code: row.told(f"r{number}") for row in kept if row.told(f"r{number}")}
    left |= {row.code: 1 for row in kept if len(row.open) == 1}
    untouched = sum(left.get(row.code) == len(row.open) for row in kept)
    rest = by_draw((row for row in kept if row.code not in left), f"untouched{number}")
    left |= {row.code: len(row.open) for row in rest[: UNTOUCHED[number] - untouched]}
    return left | reduce_some(rows, rest[UNTOUCHED[number] - untouched :], left, number)


def reduce_some(rows: list[Row], some: list[Row], left: dict[str, int], number: int) -> dict[str, int]:
    """Some but not all conditions of each group discharged; at review 0 the published number end below five."""
    five = 5
    few = len(some)
    if number == 0:
        after = {row.code: left.get(row.code, len(row.open)) for row in rows if row.open and row not in some}
        few = FEWER_THAN_FIVE - sum(0 < count < five for count in after.values())
    some = sorted(some, key=lambda row: (len(row.open), draw("few", row.code)))
    result = {}
    for place, row in enumerate(some):
        low, high = (1, len(row.open) - 1) if place < few else (five, len(row.open) - 1)
        if place < few and number == 0:
            high = min(high, five - 1)
        result[row.code] = low + int(draw("left", str(number), row.code) * (high - low + 1))
    return result


def hold_review(rows: list[Row], number: int) -> None:
    """Discharge conditions and lift or add directions, keeping level IV and above with directions alone."""
    left = choose_left(rows, number)
    for row in rows:
        order = sorted(row.open, key=partial(stays_longer, row))
        gone = order[: len(order) - left.get(row.code, len(order))]
        row.discharged.append([code for code in row.open if code in gone])
        row.open = {code: level for code, level in row.open.items() if code not in gone}
        row.left.append(len(row.open))
        row.in_force.append(row.directed_after(number))
        fit_levels(row, number)


def stays_longer(row: Row, code: str) -> tuple[bool, bool, float]:
    """Sort key: what rests on directions goes last, then what a story keeps, then plans more often than not."""
    plans = 0.35 if code.removeprefix("P").startswith("3") else 0.0
    return row.open[code] in SUBSTANTIAL, code in (row.told("left1") or []), draw("goes", row.code, code) + plans


def fit_levels(row: Row, number: int) -> None:
    """Lower what rested on directions that were lifted; raise one condition where directions were added."""
    substantial = [code for code, level in row.open.items() if level in SUBSTANTIAL]
    if not row.in_force[number]:
        for code in substantial:
            change_level(row, number, code, "III")
    elif not substantial:
        change_level(row, number, next(code for code in row.open if code in row.told("left1")), "IV")


def change_level(row: Row, number: int, code: str, level: str) -> None:
    """Record a change of support level made by a review."""
    row.changes.append(f"R{number}:{code}:{row.open[code]}>{level}")
    row.open[code] = level


def raise_some(rows: list[Row]) -> None:
    """March 2013: some conditions were raised so that the Board's sign-off was needed."""
    pool = [row for row in rows if row.wave < max(DECIDED) and "II" in row.open.values() and not row.discharged[0]]
    for row in by_draw((row for row in pool if not row.in_force[0]), "raise")[:RAISED]:
        change_level(row, 0, next(code for code, level in row.open.items() if level == "II"), "III")


def make_rows() -> list[Row]:
    """All 211 groups with every value found."""
    rows = read_rows()
    for step in (assign_waves, assign_outcomes, assign_counts, assign_unmet, assign_levels):
        step(rows)
    for number in range(len(CLEARED)):
        hold_review(rows, number)
        if number == 0:
            raise_some(rows)
    return rows


def kinds(row: Row) -> tuple[list[str], list[str]]:
    """Names of the row's inferred and synthetic columns; every other column is published."""
    told = row.known.get("inferred", [])
    inferred = {"region", *told} | set(() if row.known.get("d2") is not None else ("directions", "d0", "d1", "d2"))
    synthetic: set[str] = set()
    if not row.published["wave"] and "wave_decided" not in told:
        synthetic |= {"wave_decided", "wave_applied"}
    if outcome_is_free(row):
        synthetic.add("outcome")
    if row.published["outcome"] != "full":
        synthetic |= made_up_conditions(row, synthetic)
    synthetic |= {name for name in ("d0", "d1", "d2") if name in row.chosen}
    if row.directions:
        inferred.discard("directions")
    return in_order(inferred - synthetic), in_order(synthetic)


def made_up_conditions(row: Row, synthetic: set[str]) -> set[str]:
    """Columns about conditions that no source gives for a group not known to be fully authorised."""
    told = row.known.get("inferred", [])
    made_up = {"levels"}
    if not row.published["conditions"]:
        made_up.add("conditions")
    if "conditions" in made_up or len(row.known.get("unmet", [])) < row.count:
        made_up.add("unmet")
    for number in range(len(CLEARED)):
        if f"r{number}" not in row.known and f"r{number}" not in told:
            made_up.add(f"r{number}")
        if f"discharged{number}" not in told:
            made_up.add(f"discharged{number}")
    if row.changes or "outcome" in synthetic:
        made_up.add("level_changes")
    return made_up


def in_order(names: set[str]) -> list[str]:
    """Column names in the order of the file."""
    return [name for name in COLUMNS if name in names]


def line_of(row: Row) -> dict[str, Any]:
    """The row as facts-2012.csv has it."""
    inferred, synthetic = kinds(row)
    numbered: dict[str, Any] = {f"r{number}": count for number, count in enumerate(row.left)}
    numbered |= {f"d{number}": str(flag).lower() for number, flag in enumerate(row.in_force)}
    numbered |= {f"discharged{number}": " ".join(codes) for number, codes in enumerate(row.discharged)}
    return numbered | {
        "code": row.code,
        "name": row.name,
        "region": row.region,
        "wave_applied": row.told("wave_applied") or row.wave,
        "wave_decided": row.wave,
        "outcome": "full" if row.full else "conditional",
        "directions": str(row.directions).lower(),
        "conditions": row.count,
        "unmet": " ".join(row.unmet),
        "levels": " ".join(row.unmet.values()),
        "level_changes": " ".join(row.changes),
        "known_unmet": " ".join(row.known.get("unmet", [])),
        "inferred": " ".join(inferred),
        "synthetic": " ".join(synthetic),
        "source": " ".join(["ods", *row.known.get("source", [])]),
    }


def write_facts(path: Path) -> None:
    """Write all groups to `path`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(line_of(row) for row in make_rows())


if __name__ == "__main__":
    write_facts(HERE / "facts-2012.csv")
