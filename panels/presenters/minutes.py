"""The minutes for one reader: what they may not read is not in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from django.utils import timezone

from panels.minutes import Line, Minutes, Taken
from panels.presenters.seating import Outcomes, outcome_text

CLOSED_TO_YOU = "What happened to this case is not open to you."


def for_reader(minutes: Minutes, kind: str, readable: Collection[str], outcomes: Outcomes) -> Minutes:
    """The minutes with the items the reader may read; of the others only that they were on the agenda."""
    return replace(
        minutes,
        items=[_item(each, kind, each.ref in readable, outcomes) for each in minutes.items],
        notes=[each for each in minutes.notes if not each.ref or each.ref in readable],
    )


def _item(item: Taken, kind: str, may_read: bool, outcomes: Outcomes) -> Taken:
    if may_read:
        return replace(item, outcome=outcome_text(kind, item.outcome, outcomes) if item.outcome else "")
    return replace(
        item, state="", lines=(), sat=(), refused=(), quorum="", positions=(), outcome="", reasons=CLOSED_TO_YOU
    )


def covers(minutes: Minutes) -> str:
    """What the fingerprint of the minutes covers, for a reader: notes added after signing are outside it."""
    late = sum(each.late for each in minutes.notes)
    outside = f", but not the {late} {'note' if late == 1 else 'notes'} added after signing" if late else ""
    hidden = any(each.reasons == CLOSED_TO_YOU for each in minutes.items)
    return f"It covers the whole text{', also where it is not open to you' if hidden else ''}{outside}."


def document(minutes: Minutes, *, fingerprint: str, erased: bool = False) -> dict[str, Any]:
    """The minutes as the PDF says them: text, and never mark-up. `fingerprint` is of the text as drafted now."""
    body = asdict(replace(minutes, notes=(), signature=None, lines=(), items=()))
    return {
        **body,
        "lines": [_line(each) for each in minutes.lines],
        "items": [
            {
                **asdict(each),
                "number": number,
                "lines": [_line(line) for line in each.lines],
                "refused": [_line(line) for line in each.refused],
            }
            for number, each in enumerate(minutes.items, start=1)
        ],
        "notes": [
            {"at": _moment(each.at), "by": each.by, "ref": each.ref, "text": each.text, "late": each.late}
            for each in minutes.notes
        ],
        "signature": {
            "at": _moment(minutes.signature.at),
            "by": minutes.signature.by,
            "sha256": minutes.signature.sha256,
        }
        if minutes.signature
        else None,
        "fingerprint": fingerprint,
        "erased": erased,
        "covers": covers(minutes),
        "numbered": False,
    }


def _line(line: Line) -> dict[str, str]:
    return {"time": line.time, "text": line.text}


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M}"
