"""Writing events: the only way anything enters the log.

One transaction, in this order: lock the aggregate and re-read it, ``record`` (once or more),
write the facts that name the event, ``settle``. Triggers refuse any other order. Several
aggregates are locked in order of their streams, or two writers may wait for each other.

After an exception inside a savepoint the rows are as before but the objects in memory are
ahead of them: ``refresh_from_db()`` (a new object: build it again) before using them again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError

from audit import clock
from audit.leaf import SYSTEM, By, Draft, Groups, Place, draft
from audit.models import AuditedAggregate, Event
from audit.rows import insert_event, insert_events, update_row, update_rows

_T = TypeVar("_T")
_A = TypeVar("_A", bound=AuditedAggregate)


def record(
    aggregate: AuditedAggregate,
    event_type: str,
    *,
    by: By,
    role: str = "",
    public: Mapping[str, Any] | None = None,
    private: Groups | None = None,
    reason_code: str = "",
    ruleset: str = "",
    at: datetime | None = None,
) -> Event:
    """Write one event of ``aggregate`` and move its ``audit_seq`` and ``audit_head`` on in memory.

    The caller is inside a transaction, holds the aggregate's row lock and has re-read it (or
    it is new), and calls ``settle`` afterwards. ``private`` maps a group (``person``,
    ``interest``, ``free_text``) to its body; personal data and free text go only there. ``at``
    is when it happened, by default ``clock.now()``.

    Raises ``NotCanonical`` or ``LeafTooLarge`` before anything is written, and
    ``IntegrityError`` when another event already holds this place in the stream.
    """
    _require_transaction()
    its_draft = draft(
        _next_place(aggregate),
        event_type,
        by=by,
        role=role,
        public=public,
        private=private,
        reason_code=reason_code,
        ruleset=ruleset,
        at=at or clock.now(),
    )
    event = insert_event(its_draft)
    _advance(aggregate, its_draft)
    return event


def record_system(
    event_type: str,
    *,
    by: By,
    role: str = "",
    public: Mapping[str, Any] | None = None,
    private: Groups | None = None,
    reason_code: str = "",
    ruleset: str = "",
    at: datetime | None = None,
) -> Event:
    """Write one event that belongs to no aggregate: a register entry, a login, an export.

    Such events have no place in a chain (``stream_seq`` is null); the log orders them.
    """
    _require_transaction()
    return insert_event(
        draft(
            Place(SYSTEM, None, None),
            event_type,
            by=by,
            role=role,
            public=public,
            private=private,
            reason_code=reason_code,
            ruleset=ruleset,
            at=at or clock.now(),
        )
    )


def record_many(
    aggregates: Iterable[_A],
    event_type: str,
    *,
    by: By,
    role: str = "",
    public: Callable[[_A], Mapping[str, Any] | None] | Mapping[str, Any] | None = None,
    private: Callable[[_A], Groups | None] | Groups | None = None,
    reason_code: Callable[[_A], str] | str = "",
    ruleset: Callable[[_A], str] | str = "",
    at: datetime | None = None,
) -> list[Event]:
    """Write one event for each aggregate, in their order, with few statements.

    Equal to calling ``record`` on each, row for row; what differs from one to the next is
    given as a function of the aggregate. Each aggregate once. Follow with ``settle_many``.
    """
    _require_transaction()
    when = at or clock.now()
    everyone = list(aggregates)
    drafts = [
        draft(
            _next_place(one),
            event_type,
            by=by,
            role=role,
            public=_for(one, public),
            private=_for(one, private),
            reason_code=_for(one, reason_code),
            ruleset=_for(one, ruleset),
            at=when,
        )
        for one in everyone
    ]
    events = insert_events(drafts)
    for one, its_draft in zip(everyone, drafts, strict=True):
        _advance(one, its_draft)
    return events


def settle(aggregate: AuditedAggregate) -> None:
    """Write the aggregate's row after its events: INSERT when it is new, else UPDATE.

    Signals and ``save()`` are passed over by the UPDATE, as by ``settle_many``. Raises ``NotCurrent`` when the row is
    missing and ``IntegrityError`` when no event was recorded since it was read.
    """
    _require_transaction()
    if aggregate._state.adding:
        aggregate.save(force_insert=True)
    elif aggregate.get_deferred_fields() or aggregate._meta.parents:
        aggregate.save(force_update=True)
    else:
        update_row(aggregate)


def settle_many(aggregates: Iterable[AuditedAggregate], fields: Sequence[str]) -> None:
    """Write ``fields`` and the audit columns of aggregates of one model, a batch a statement.

    New aggregates are inserted whole. Signals and ``save()`` are passed over, as by Django's
    ``bulk_create``. Raises ``NotCurrent`` when a row is missing and ``IntegrityError`` when
    one has no new event.
    """
    _require_transaction()
    new: list[AuditedAggregate] = []
    known: list[AuditedAggregate] = []
    for one in aggregates:
        (new if one._state.adding else known).append(one)
    if new:
        type(new[0])._base_manager.bulk_create(new)
    if known:
        update_rows(known, [*fields, "audit_seq", "audit_head"])


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        msg = "An event and its change belong in one transaction: call this inside atomic()."
        raise TransactionManagementError(msg)


def _for(aggregate: _A, value: Callable[[_A], _T] | _T) -> _T:
    return value(aggregate) if callable(value) else value


def _next_place(aggregate: AuditedAggregate) -> Place:
    seq = aggregate.audit_seq
    return Place(aggregate.stream, seq + 1, bytes(aggregate.audit_head).hex() if seq else None)


def _advance(aggregate: AuditedAggregate, its_draft: Draft) -> None:
    aggregate.audit_seq += 1
    aggregate.audit_head = its_draft.leaf_hash
