"""The tables of an application, as they are compared with its events."""

from __future__ import annotations

import hashlib

from audit.reconciling import Table
from authorisation.models import (
    Application,
    ApplicationReview,
    Condition,
    ConditionChange,
    Decision,
    Direction,
    Finding,
    Letter,
    ProposedCondition,
    Publication,
    Recommendation,
    RectificationPlan,
    Report,
    SignOff,
    Submission,
    WaveMove,
    Window,
    WindowAnswer,
)
from panels.models import Panel

_OWN = "application__stream"


def same(*names: str) -> dict[str, str]:
    """Columns that are compared under their own names."""
    return {name: name for name in names}


def digest(raw: bytes) -> str:
    """The SHA-256 of a file as it is stored."""
    return hashlib.sha256(raw).hexdigest()


def panel(key: int) -> str:
    """The reference of a panel, as events give it."""
    return Panel(pk=key).ref


_RESTS = {"panel": "panel_outcome__item__panel_id", "composed": "panel_outcome__composition__sha256"}
_CRITERION = {"criterion": "criterion__code"}

TABLES = {
    "application": Table(
        Application,
        "stream",
        (),
        {
            **same("ref", "attempt", "resumes_at", "outcome", "cycle", "opened_at", "submitted_at"),
            "ccg": "ccg__code",
            "wave": "wave__number",
            "ruleset": "ruleset__version",
            "ruleset_sha256": "ruleset__sha256",
        },
    ),
    "submission": Table(
        Submission,
        _OWN,
        ("attempt",),
        {
            "event": "event_id",
            **same("attempt", "constitution", "accountable_officer", "practices", "declarations", "submitted_at"),
        },
    ),
    "finding": Table(
        Finding,
        _OWN,
        ("attempt", "tier", "criterion"),
        {
            "event": "event_id",
            **same("attempt", "tier", "met", "reason", "line_of_enquiry", "found_at"),
            **_CRITERION,
            "author": "author__stream",
        },
    ),
    "report": Table(
        Report,
        _OWN,
        ("attempt",),
        {"event": "event_id", **same("attempt", "summary", "issued_at"), "signed_by": "signed_by__stream"},
    ),
    "recommendation": Table(
        Recommendation,
        _OWN,
        ("attempt", "kind"),
        {"event": "event_id", **same("attempt", "kind", "outcome", "made_at"), "panel": _RESTS["panel"]},
        read={"panel": panel},
    ),
    "proposed": Table(
        ProposedCondition,
        _OWN,
        ("attempt", "criterion"),
        {
            "event": "event_id",
            **same("attempt", "level", "discharge_test", "direction"),
            **_CRITERION,
            "other": "other__code",
        },
    ),
    "sign_off": Table(
        SignOff,
        _OWN,
        ("attempt",),
        {"event": "event_id", **same("attempt", "note", "signed_at"), "director": "director__stream"},
    ),
    "decision": Table(
        Decision,
        _OWN,
        (),
        {"event": "event_id", **same("outcome", "has_directions", "reasons", "decided_at"), **_RESTS},
        read={"panel": panel},
    ),
    "condition": Table(
        Condition,
        _OWN,
        ("criterion",),
        {
            "event": "event_id",
            **_CRITERION,
            **same("level", "discharge_test", "state", "imposed_at", "discharged_at"),
            "finding": "finding__criterion__code",
        },
    ),
    "direction": Table(
        Direction,
        _OWN,
        ("origin", "criterion"),
        {
            "event": "event_id",
            "origin": "review__round__number",
            "criterion": "condition__criterion__code",
            **same("legal_basis", "text", "given_on", "ended_on"),
        },
    ),
    "letter": Table(
        Letter,
        "decision__application__stream",
        (),
        {"event": "event_id", "sha256": "sha256", "pdf": "pdf", "issued_at": "issued_at"},
        read={"pdf": digest},
    ),
    "publication": Table(
        Publication,
        _OWN,
        (),
        {"event": "event_id", "letter_sha256": "letter__sha256", "published_at": "published_at"},
    ),
    "review": Table(
        ApplicationReview,
        _OWN,
        ("round",),
        {
            "event": "event_id",
            "round": "round__number",
            **_RESTS,
            **same("conditions_left", "directions_left", "reviewed_at"),
        },
        read={"panel": panel},
    ),
    "change": Table(
        ConditionChange,
        "condition__application__stream",
        ("event", "criterion"),
        {
            "event": "event_id",
            "criterion": "condition__criterion__code",
            "round": "review__round__number",
            **same("result", "from_level", "to_level", "reason"),
        },
    ),
    "plan": Table(
        RectificationPlan,
        _OWN,
        ("version",),
        {"event": "event_id", **same("version", "text", "agreed_at"), "agreed_with": "agreed_with__stream"},
    ),
    "move": Table(
        WaveMove,
        _OWN,
        ("event",),
        {
            "event": "event_id",
            "from_wave": "from_wave__number",
            "to_wave": "to_wave__number",
            **same("reason", "moved_at"),
        },
    ),
    "window": Table(
        Window,
        _OWN,
        ("attempt", "kind"),
        {
            "event": "event_id",
            **same("attempt", "kind", "opens_at", "closes_at", "answered_at", "waived_at", "lapsed_at", "stopped_at"),
        },
    ),
    "answer": Table(
        WindowAnswer,
        "window__application__stream",
        ("attempt", "kind"),
        {
            "event": "event_id",
            "attempt": "window__attempt",
            "kind": "window__kind",
            "text": "text",
            "sent_by": "sent_by__stream",
            "received_at": "received_at",
        },
    ),
}
