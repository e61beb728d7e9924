"""Reading a rule set: a TOML file checked key by key. Pure; nothing is stored here."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from authorisation.errors import RuleSetRefused
from panels.rules import SeatPlan, SeatRule, plan_faults

PANEL_KINDS = ("site_visit", "moderation", "conditions", "decision", "review")
OPTIONAL_KINDS = ("appraisal",)
UNITS = ("working_days", "calendar_days")
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
    "marks",
}
ANSWER_WINDOWS = ("report_comments", "conditions_response")
PANEL = {"title", "chair", "chair_mark", "quorum", "quorum_mark", "seats", "source", "note"}
SEAT = {"type", "title", "minimum", "maximum", "required", "appointed_by", "mark", "source", "note"}


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
    """Check a rule set. Raises RuleSetRefused naming every fault: unknown keys, missing parts, a Coalition seat
    left out. There is no key that turns the Coalition seat off (I1).
    """
    try:
        text = source.decode()
        body = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleSetRefused(f"This is not a TOML file in UTF-8: {error}.") from error
    if faults := _faults(body):
        raise RuleSetRefused("This rule set cannot be loaded: " + "; ".join(faults) + ".")
    meta = body["meta"]
    return RuleSetFile(
        version=meta["version"],
        title=meta["title"],
        criteria_set=str(meta["criteria_set"]),
        sha256=hashlib.sha256(source).hexdigest(),
        source=text,
        body=_plain(body),
    )


def _faults(body: Mapping[str, Any]) -> list[str]:
    faults = _unknown("the file", body, TOP)
    missing = sorted(TOP - body.keys())
    if missing:
        return [*faults, *(f"[{name}] is missing" for name in missing)]
    faults += _unknown("[meta]", body["meta"], META)
    faults += [
        f"[meta] needs {key} as text"
        for key in ("version", "title", "criteria_set")
        if not isinstance(body["meta"].get(key), str) or not body["meta"][key]
    ]
    faults += _level_faults(body["levels"], body["substantial_from_level"])
    faults += _window_faults(body["windows"])
    faults += _disinterest_faults(body["disinterest"])
    return faults + _panel_faults(body["panels"])


def _unknown(where: str, body: Mapping[str, Any], known: set[str]) -> list[str]:
    return [
        f'{where} has an unknown key "{key}": remove it or correct its spelling' for key in sorted(body.keys() - known)
    ]


def _level_faults(levels: Mapping[str, Any], substantial: str) -> list[str]:
    faults = []
    for name, level in levels.items():
        if not isinstance(level, dict) or not level.get("text"):
            faults.append(f"[levels.{name}] needs a text")
        else:
            faults += _unknown(f"[levels.{name}]", level, LEVEL)
    if substantial not in levels:
        faults.append(f'substantial_from_level is "{substantial}": name one of {", ".join(levels)}')
    return faults


def _window_faults(windows: Mapping[str, Any]) -> list[str]:
    faults = _unknown("[windows]", windows, PERIODS | set(ANSWER_WINDOWS))
    for name in ANSWER_WINDOWS:
        window = windows.get(name)
        if not isinstance(window, dict):
            faults.append(f"[windows] needs {name} with a length and a unit")
            continue
        faults += _unknown(f"[windows] {name}", window, WINDOW)
        if not _whole(window.get("length"), 1) or window.get("unit") not in UNITS:
            faults.append(f"[windows] {name} needs a length of 1 or more and a unit: {' or '.join(UNITS)}")
    return faults


def _disinterest_faults(windows: Mapping[str, Any]) -> list[str]:
    return [
        f'[disinterest] {key} is "{value}": windows are whole numbers, named like d1_months or d14_days'
        for key, value in windows.items()
        if key != "mark" and not (key.startswith("d") and key.endswith(("_months", "_days")) and _whole(value, 0))
    ]


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _panel_faults(panels: Mapping[str, Any]) -> list[str]:
    faults = _unknown("[panels]", panels, {*PANEL_KINDS, *OPTIONAL_KINDS})
    faults += [f"[panels.{kind}] is missing" for kind in PANEL_KINDS if kind not in panels]
    for kind, panel in panels.items():
        faults += _unknown(f"[panels.{kind}]", panel, PANEL)
        shaped = [
            fault
            for number, seat in enumerate(panel.get("seats", []), start=1)
            for fault in _seat_faults(f"[panels.{kind}] seat {number}", seat)
        ]
        faults += shaped
        if not shaped:
            faults += (
                plan_faults(_plan(kind, panel, {}))
                if _whole(panel.get("quorum"), 1)
                else [f"[panels.{kind}] needs a quorum of 1 or more"]
            )
    return faults


def _seat_faults(where: str, seat: Mapping[str, Any]) -> list[str]:
    faults = _unknown(where, seat, SEAT)
    faults += [f"{where} needs {key} as text" for key in ("type", "title", "appointed_by") if not seat.get(key)]
    faults += [
        f"{where} needs {key} as a whole number" for key in ("minimum", "maximum") if not _whole(seat.get(key), 0)
    ]
    if not isinstance(seat.get("required"), bool):
        faults.append(f"{where} needs required = true or false")
    return faults


def _plan(kind: str, panel: Mapping[str, Any], windows: Mapping[str, int]) -> SeatPlan:
    seats = tuple(
        SeatRule(**{key: seat[key] for key in ("type", "title", "minimum", "maximum", "required", "appointed_by")})
        for seat in panel.get("seats", [])
    )
    return SeatPlan(kind, panel.get("title", kind), seats, panel["quorum"], windows)


def _plain(value: Any) -> Any:
    """TOML values as JSON has them: dates become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def seat_plan(body: Mapping[str, Any], kind: str) -> SeatPlan:
    """The seats, quorum and disinterest windows of one kind of panel, from a rule set's body."""
    windows = {key: value for key, value in body["disinterest"].items() if isinstance(value, int)}
    return _plan(kind, body["panels"][kind], windows)


def levels(body: Mapping[str, Any]) -> list[str]:
    """The support levels in force, mildest first."""
    return list(body["levels"])
