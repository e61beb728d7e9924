"""Private content of an entry, opened by somebody who may see it and with a record that they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.altered import said
from audit.leaf import By, commitment
from audit.models import Erasure, Event, Private
from audit.reading import note_read


@dataclass(frozen=True)
class Group:
    """A private group of an entry: what the log holds of it, and whether the content is still there.

    erased: on what ground, when, and the hash of the entry that says so.
    """

    name: str
    commitment: str
    kept: bool
    erased: tuple[str, datetime, str] | None = None


@dataclass(frozen=True)
class Opened:
    """The content of a group, with what lets anybody check it against the log's commitment."""

    group: str
    body: str
    salt: str
    fits: bool
    document: Any


def groups(event: Event) -> list[Group]:
    """The private groups of an entry, without their content; at most two queries."""
    committed = said(event)["private"]
    if not committed:
        return []
    kept = set(Private.objects.filter(event=event).values_list("grp", flat=True))
    orders = {each.grp: each for each in Erasure.objects.filter(event=event).select_related("erasure_event")}
    return [Group(name, commits, name in kept, _order(orders.get(name))) for name, commits in committed.items()]


def _order(order: Erasure | None) -> tuple[str, datetime, str] | None:
    return (order.ground, order.at, bytes(order.erasure_event.leaf_hash).hex()) if order else None


def opened(event: Event, group: str, *, by: By) -> Opened | None:
    """One private group, after recording who looks at it; None when it is not there, or there no more."""
    committed = said(event)["private"]
    if group not in committed:
        return None
    note_read(what=f"private-{group}", ref=bytes(event.leaf_hash).hex(), by=by)
    row = Private.objects.filter(event=event, grp=group).first()
    if row is None:
        return None
    salt, body = bytes(row.salt), bytes(row.body)
    return Opened(
        group=group,
        body=body.decode(),
        salt=salt.hex(),
        fits=commitment(salt, body) == committed[group],
        document=row.document,
    )
