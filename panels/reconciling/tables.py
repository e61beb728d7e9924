"""The tables of a panel, as they are compared with its events."""

from __future__ import annotations

import hashlib
from typing import Any

from audit.canonical import canonical
from audit.reconciling import Table
from panels.models import (
    Absence,
    AgendaOrder,
    Appointment,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    MinuteNote,
    Objection,
    Outcome,
    Panel,
    Position,
    Recusal,
    Refusal,
    Ruling,
    Seat,
    Sitting,
)

_CASE = {"on": "item__sitting__on", "case": "item__case_ref"}
_MEMBER = {"person": "appointment__person__stream"}


def digest(body: Any) -> str:
    """The SHA-256 of a document in its canonical spelling."""
    return hashlib.sha256(canonical(body)).hexdigest()


def told(results: list[dict[str, str]]) -> list[tuple[str, str]]:
    """What each test said, without its sentence."""
    return [(each["rule"], each["effect"]) for each in results]


TABLES = {
    "panel": Table(
        Panel,
        "stream",
        (),
        {
            "kind": "kind",
            "title": "title",
            "ruleset": "ruleset",
            "plan": "plan",
            "created_at": "created_at",
            "confirmed_at": "confirmed_at",
            "closed_at": "closed_at",
        },
    ),
    "seat": Table(
        Seat,
        "panel__stream",
        ("number",),
        {
            "event": "event_id",
            "number": "number",
            "kind": "kind",
            "title": "title",
            "required": "required",
            "accreditation": "accreditation",
            "appointed_by": "appointed_by",
        },
    ),
    "appointment": Table(
        Appointment,
        "panel__stream",
        ("person",),
        {
            "event": "event_id",
            "person": "person__stream",
            "number": "seat__number",
            "by": "appointed_by__code",
            "nominated_by": "nomination__body__code",
            "nominated": "nomination__person__stream",
            "rank": "rank",
            "state": "state",
            "proposed_at": "proposed_at",
            "invited_at": "invited_at",
            "answered_at": "answered_at",
        },
    ),
    "absence": Table(
        Absence,
        "appointment__panel__stream",
        ("person", "starts"),
        {
            "event": "event_id",
            **_MEMBER,
            "starts": "starts",
            "ends": "ends",
            "reason": "reason",
            "noted_at": "noted_at",
            "withdrawn_at": "withdrawn_at",
        },
    ),
    "declaration": Table(
        Declaration,
        "panel__stream",
        ("event", "person"),
        {
            "event": "event_id",
            "person": "person__stream",
            "nil": "nil",
            "kind": "kind",
            "organisation": "organisation__code",
            "statement": "statement",
            "starts": "starts",
            "ends": "ends",
            "made_at": "made_at",
        },
    ),
    "objection": Table(
        Objection,
        "panel__stream",
        ("event",),
        {
            "event": "event_id",
            "case": "case_ref",
            "person": "person__stream",
            "kind": "kind",
            "statement": "statement",
            "raised_by": "raised_by__stream",
            "raised_at": "raised_at",
        },
    ),
    "ruling": Table(
        Ruling,
        "panel__stream",
        ("event",),
        {
            "event": "event_id",
            "person": "person__stream",
            "organisation": "organisation__code",
            "rule": "rule",
            "verdict": "verdict",
            "effect": "effect",
            "objection": "objection__event__stream_seq",
            "reason": "reason",
            "ruled_by": "ruled_by__stream",
            "ruled_at": "ruled_at",
        },
    ),
    "refusal": Table(
        Refusal,
        "panel__stream",
        ("event",),
        {
            "event": "event_id",
            "act": "act",
            "rule": "rule",
            "seat": "seat__number",
            "person": "person__stream",
            "case": "case_ref",
            "sentence": "sentence",
            "refused_to": "refused_to__stream",
            "refused_at": "refused_at",
        },
    ),
    "sitting": Table(
        Sitting,
        "panel__stream",
        ("on",),
        {"event": "event_id", "on": "on", "convened_at": "convened_at", "closed_at": "closed_at"},
    ),
    "item": Table(
        Item,
        "panel__stream",
        ("on", "case"),
        {
            "event": "event_id",
            "on": "sitting__on",
            "case": "case_ref",
            "organisation": "organisation__code",
            "number": "number",
            "state": "state",
            "opened_at": "opened_at",
            "closed_at": "closed_at",
        },
    ),
    "attendance": Table(
        Attendance,
        "item__panel__stream",
        ("event", "on", "case", "person"),
        {"event": "event_id", **_CASE, **_MEMBER, "present": "present", "noted_at": "noted_at"},
    ),
    "recusal": Table(
        Recusal,
        "item__panel__stream",
        ("on", "case", "person"),
        {"event": "event_id", **_CASE, **_MEMBER, "reason": "reason", "recused_at": "recused_at"},
    ),
    "position": Table(
        Position,
        "item__panel__stream",
        ("event", "on", "case", "person"),
        {
            "event": "event_id",
            **_CASE,
            **_MEMBER,
            "stance": "stance",
            "reasons": "reasons",
            "entered_by": "entered_by__stream",
            "taken_at": "taken_at",
        },
    ),
    "composition": Table(
        Composition,
        "item__panel__stream",
        ("on", "case"),
        {"event": "event_id", **_CASE, "body": "body", "sha256": "sha256", "stored_at": "stored_at"},
        read={"body": digest},
    ),
    "outcome": Table(
        Outcome,
        "item__panel__stream",
        ("on", "case"),
        {
            "event": "event_id",
            **_CASE,
            "composed": "composition__sha256",
            "outcome": "outcome",
            "reasons": "reasons",
            "reached_at": "reached_at",
        },
    ),
    "order": Table(
        AgendaOrder,
        "sitting__panel__stream",
        ("event", "on"),
        {"event": "event_id", "on": "sitting__on", "items": "items", "made_at": "made_at"},
    ),
    "note": Table(
        MinuteNote,
        "sitting__panel__stream",
        ("event",),
        {
            "event": "event_id",
            "on": "sitting__on",
            "case": "item__case_ref",
            "text": "text",
            "signed_sha256": "signed_sha256",
            "written_by": "written_by__stream",
            "written_at": "written_at",
        },
    ),
    "check": Table(
        DisinterestCheck,
        "appointment__panel__stream",
        ("event", "moment", "on", "case", "person"),
        {
            "event": "event_id",
            "moment": "moment",
            **_CASE,
            **_MEMBER,
            "effect": "effect",
            "rule": "rule",
            "results": "results",
            "checked_at": "checked_at",
        },
        read={"results": told},
    ),
}
