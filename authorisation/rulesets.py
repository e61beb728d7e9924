"""Reading a rule set: a TOML file checked key by key. Pure; nothing is stored here."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit.canonical import canonical
from authorisation.errors import RuleSetRefused
from directory.models import OrganisationKind
from panels.rules import SeatPlan, plan_faults

PANEL_KINDS = ("site_visit", "moderation", "conditions", "decision", "review")
OPTIONAL_KINDS = ("appraisal",)
UNITS = ("working_days", "calendar_days")
ACCREDITATIONS = "accreditations"
TOP = {"substantial_from_level", "meta", "levels", "windows", "disinterest", "panels"}
META = {"version", "title", "effective_from", "criteria_set", "criteria_count", "source"}
LEVEL = {"text", "mark", "source", "note"}
WINDOW = {"length", "unit", "mark", "note", "source"}
PERIODS = {
    "conditions_after_moderation_days",
    "plan_days",
    "plan_days_min",
    "review_months",
    "declaration_days",
}
ANSWER_WINDOWS = ("report_comments", "conditions_response")
QUORUMS = ("quorum_to_sit", "quorum_to_decide")
PANEL = {"title", "chair", "chair_mark", "quorum_mark", "seats", "source", "note", *QUORUMS}
ACCREDITATION = {"title", "mark", "source", "note"}
REACH = {
    "d1_months",
    "d2_months",
    "d6_months",
    "d7_months",
    "d9_preparer_months",
    "d10_months",
    "d12_months",
    "d13_months",
    "d14_days",
}
TEXTS = {"mark", "note", "source", "title", "chair", "chair_mark", "quorum_mark"}
# No period of this process is longer, in whatever unit; a slip of the finger is.
MOST = 366
LEVEL_LENGTH = 4
LONGEST = {"version": 40, "title": 200, "criteria_set": 40}
SEAT_TEXTS = {"type": 40, "title": 80, "appointed_by": 40}
LONGEST_NAME = 40
REQUIRED = ("required_to_sit", "required_to_decide")
SEAT = {"accreditation", "minimum", "maximum", "mark", "source", "note", *SEAT_TEXTS, *REQUIRED}
# Keys of rule sets up to 2012.1, and what took their place. What is stored already is still read: see `seat_plan`.
RETIRED = {"quorum": QUORUMS, "required": REQUIRED}


@dataclass(frozen=True)
class RuleSetFile:
    """A rule set that passed every check."""

    version: str
    title: str
    criteria_set: str
    sha256: str
    source: str
    body: dict[str, Any]


def read(source: bytes) -> RuleSetFile:
    """Check a rule set. There is no key that turns the Coalition seat off (I1).

    Raises RuleSetRefused naming every fault: unknown keys, missing parts, a Coalition seat left out.
    """
    try:
        text = source.decode()
        body = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleSetRefused(f"This is not a TOML file in UTF-8: {error}.") from error
    if faults := _faults(body):
        raise RuleSetRefused("This rule set cannot be loaded: " + "; ".join(faults) + ".")
    meta = body["meta"]
    return RuleSetFile(
        version=meta["version"],
        title=meta["title"],
        criteria_set=meta["criteria_set"],
        sha256=hashlib.sha256(source).hexdigest(),
        source=text,
        # PostgreSQL keeps no order among the keys of a JSON object, and the levels are a scale.
        body=_plain(body) | {"level_order": list(body["levels"])},
    )


def _faults(body: Mapping[str, Any]) -> list[str]:
    faults = _unknown("the file", body, TOP | {ACCREDITATIONS})
    missing = sorted(TOP - body.keys())
    faults += [f"[{name}] is missing" for name in missing]
    if missing:
        return faults
    tables = sorted(TOP - {"substantial_from_level"})
    if misshapen := [f"[{name}] must be a table" for name in tables if not isinstance(body[name], dict)]:
        return [*faults, *misshapen]
    faults += _meta_faults(body["meta"])
    faults += _level_faults(body["levels"], body["substantial_from_level"])
    faults += _window_faults(body["windows"])
    faults += _disinterest_faults(body["disinterest"])
    offered = body.get(ACCREDITATIONS, {})
    return faults + _accreditation_faults(offered) + _panel_faults(body["panels"], offered)


def _unknown(where: str, body: Mapping[str, Any], known: set[str]) -> list[str]:
    return [f"{where} has {_stranger(key)}" for key in sorted(body.keys() - known)] + [
        f"{where}: {key} must be text" for key in sorted(TEXTS & body.keys()) if not _is_note(body[key])
    ]


def _stranger(key: str) -> str:
    if key in RETIRED:
        return f'the key "{key}" of an earlier release: write {" and ".join(RETIRED[key])} in its place'
    return f'an unknown key "{key}": remove it or correct its spelling'


def _is_note(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))


def _meta_faults(meta: Mapping[str, Any]) -> list[str]:
    faults = _unknown("[meta]", meta, META)
    faults += [
        f"[meta] needs {key} as text of at most {longest} characters"
        for key, longest in LONGEST.items()
        if not isinstance(meta.get(key), str) or not 0 < len(meta[key].strip()) <= len(meta[key]) <= longest
    ]
    if not _whole(meta.get("criteria_count", 1), 1):
        faults.append("[meta] needs criteria_count as a whole number, or not at all")
    if not isinstance(meta.get("effective_from", date.min), date):
        faults.append("[meta] needs effective_from as a date, or not at all")
    return faults


def _level_faults(levels: Mapping[str, Any], substantial: object) -> list[str]:
    faults = []
    for name, level in levels.items():
        if not isinstance(level, dict) or not isinstance(level.get("text"), str) or not level["text"].strip():
            faults.append(f"[levels.{name}] needs a text")
        else:
            faults += _unknown(f"[levels.{name}]", level, LEVEL)
        if not 0 < len(name) <= LEVEL_LENGTH:
            faults.append(f'level "{name}" needs a name of 1 to {LEVEL_LENGTH} characters')
    if not isinstance(substantial, str) or substantial not in levels:
        faults.append(f'substantial_from_level is "{substantial}": name one of {", ".join(levels)}')
    return faults


def _window_faults(windows: Mapping[str, Any]) -> list[str]:
    faults = _unknown("[windows]", windows, PERIODS | {"marks", *ANSWER_WINDOWS})
    faults += [
        f"[windows] {key} must be a whole number from 0 to {MOST}"
        for key in sorted(PERIODS & windows.keys())
        if not _whole(windows[key], 0)
    ]
    marks = windows.get("marks", {})
    if isinstance(marks, dict):
        faults += _unknown("[windows.marks]", marks, PERIODS)
        faults += [f"[windows.marks] {key} must be text" for key, mark in marks.items() if not isinstance(mark, str)]
    else:
        faults.append("[windows.marks] must be a table")
    for name in ANSWER_WINDOWS:
        window = windows.get(name)
        if not isinstance(window, dict):
            faults.append(f"[windows] needs {name} with a length and a unit")
            continue
        faults += _unknown(f"[windows] {name}", window, WINDOW)
        if not _whole(window.get("length"), 1) or window.get("unit") not in UNITS:
            faults.append(f"[windows] {name} needs a length from 1 to {MOST} and a unit: {' or '.join(UNITS)}")
    return faults


def _disinterest_faults(windows: Mapping[str, Any]) -> list[str]:
    return _unknown("[disinterest]", windows, REACH | {"mark", "note", "source"}) + [
        f'[disinterest] {key} is "{windows[key]}": windows are whole numbers from 0 to {MOST}'
        for key in sorted(REACH & windows.keys())
        if not _whole(windows[key], 0)
    ]


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST


def _accreditation_faults(offered: object) -> list[str]:
    if not isinstance(offered, dict):
        return [f"[{ACCREDITATIONS}] must be a table"]
    faults = []
    for kind, body in offered.items():
        where = f"[{ACCREDITATIONS}.{kind}]"
        if not 0 < len(kind.strip()) <= len(kind) <= LONGEST_NAME:
            faults.append(f'accreditation "{kind}" needs a name of 1 to {LONGEST_NAME} characters')
        if not isinstance(body, dict) or not isinstance(body.get("title"), str) or not body["title"].strip():
            faults.append(f"{where} needs a title")
        else:
            faults += _unknown(where, body, ACCREDITATION)
    return faults


def _panel_faults(panels: Mapping[str, Any], accreditations: object) -> list[str]:
    faults = _unknown("[panels]", panels, {*PANEL_KINDS, *OPTIONAL_KINDS})
    faults += [f"[panels.{kind}] is missing" for kind in PANEL_KINDS if kind not in panels]
    for kind, panel in panels.items():
        faults += _one_panel_faults(f"[panels.{kind}]", kind, panel, accreditations)
    return faults


def _one_panel_faults(where: str, kind: str, panel: object, accreditations: object) -> list[str]:
    if not isinstance(panel, dict):
        return [f"{where} must be a table"]
    faults = _unknown(where, panel, PANEL)
    seats = panel.get("seats", [])
    if not isinstance(seats, list) or not all(isinstance(seat, dict) for seat in seats):
        return [*faults, f"{where} needs its seats as tables [[panels.{kind}.seats]]"]
    shaped = [
        fault
        for number, seat in enumerate(seats, start=1)
        for fault in _seat_faults(f"{where} seat {number}", seat, accreditations)
    ]
    shaped += [
        f"{where} needs {key} as a whole number of 1 or more" for key in QUORUMS if not _whole(panel.get(key), 1)
    ]
    return faults + (shaped or plan_faults(_plan(kind, panel, {})))


def _seat_faults(where: str, seat: Mapping[str, Any], accreditations: object) -> list[str]:
    faults = _unknown(where, seat, SEAT)
    faults += [
        f"{where} needs {key} as text of at most {longest} characters"
        for key, longest in SEAT_TEXTS.items()
        if not isinstance(seat.get(key), str) or not 0 < len(seat[key].strip()) <= len(seat[key]) <= longest
    ]
    faults += [
        f"{where} needs {key} as a whole number from 0 to {MOST}"
        for key in ("minimum", "maximum")
        if not _whole(seat.get(key), 0)
    ]
    faults += [f"{where} needs {key} = true or false" for key in REQUIRED if not isinstance(seat.get(key), bool)]
    if isinstance(seat.get("appointed_by"), str) and seat["appointed_by"] not in OrganisationKind.values:
        faults.append(
            f'{where} is appointed_by "{seat["appointed_by"]}", which is no kind of organisation: name one of '
            + ", ".join(OrganisationKind.values)
        )
    asked = seat.get("accreditation")
    if asked is not None and (not isinstance(asked, str) or asked not in _names(accreditations)):
        faults.append(
            f'{where} asks for accreditation "{asked}", which is not in [{ACCREDITATIONS}]: add it there, correct its '
            "name, or leave it out"
        )
    return faults


def _names(accreditations: object) -> set[str]:
    return set(accreditations) if isinstance(accreditations, dict) else set()


def _plan(kind: str, panel: Mapping[str, Any], windows: Mapping[str, int]) -> SeatPlan:
    """Also of a body stored by an earlier release, whose one quorum and one `required` meant both."""
    named = {"kind": kind, "title": panel.get("title", kind), "seats": panel.get("seats", []), "windows": windows}
    return SeatPlan.from_json({**panel, **named})


def _plain(value: Any) -> Any:
    """TOML values as JSON has them: dates become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def seat_plan(body: Mapping[str, Any], kind: str) -> SeatPlan:
    """The seats, quorums and disinterest windows of one kind of panel, from a rule set's body."""
    windows = {key: value for key, value in body["disinterest"].items() if isinstance(value, int)}
    return _plan(kind, body["panels"][kind], windows)


def published(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a stranger needs to check a panel by this rule set: its seats, quorums and windows, in codes and numbers."""
    plans = [seat_plan(body, kind) for kind in sorted(body["panels"])]
    return {
        "plans": [
            {
                "kind": plan.kind,
                "quorum_to_sit": plan.quorum_to_sit,
                "quorum_to_decide": plan.quorum_to_decide,
                "seats": [
                    {
                        "seat": seat.type,
                        "minimum": seat.minimum,
                        "maximum": seat.maximum,
                        "appointed_by": seat.appointed_by,
                        "accreditation": seat.accreditation,
                        "required_to_sit": seat.required_to_sit,
                        "required_to_decide": seat.required_to_decide,
                    }
                    for seat in plan.seats
                ],
            }
            for plan in plans
        ],
        "windows": dict(plans[0].windows),
    }


# What is told of a criterion, and stored.
TOLD = ("position", "code", "domain", "heading", "text", "placeholder", "mark", "source")


def catalogue_digest(rows: Sequence[Sequence[Any]]) -> str:
    """The SHA-256 of a catalogue's rows as they are stored: by it the tables are compared with the event."""
    return hashlib.sha256(canonical(rows, "criteria")).hexdigest()


def has_kind(body: Mapping[str, Any], kind: str) -> bool:
    """Whether a rule set seats this kind of panel; only appraisal may be left out."""
    return kind in body["panels"]


def accreditations(body: Mapping[str, Any]) -> dict[str, str]:
    """The title of each kind of accreditation a rule set knows; none in those of earlier releases."""
    return {kind: each["title"] for kind, each in body.get(ACCREDITATIONS, {}).items()}


def levels(body: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The support levels in force by name, mildest first."""
    return {name: body["levels"][name] for name in body["level_order"]}
