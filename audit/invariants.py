"""What must hold of the record, recomputed from its content.

Each check returns a sentence for each break it finds, at most ``MOST_SENTENCES`` and one that
counts the rest. Events are streamed: memory does not grow with the log.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from json import loads
from typing import Any

from django.db import connection
from django.db.models import Exists, Model, OuterRef

from audit import erased, fence, keyring, log_invariants
from audit.leaf import commitment, hash_of, written
from audit.models import AuditedAggregate, Erasure, Event, Leaf, Pending, Private
from audit.triggers import own_models

MOST_SENTENCES = 50
_CHUNK = 2000
_PRIVATE = b'"private":'
_COLUMNS = ("id", "stream", "stream_seq", "event_type", "occurred_at", "leaf", "leaf_hash")


def broken_chains() -> list[str]:
    """Every leaf hashes to its hash, agrees with its columns, and follows the one before."""
    rows = Event.objects.order_by("stream", "stream_seq", "id").values_list(*_COLUMNS).iterator(_CHUNK)
    return _told(sentence for _, events in groupby(rows, key=_stream) for sentence in _breaks(events))


def heads_apart() -> list[str]:
    """Every aggregate stands at the last event of its stream."""
    return _told(sentence for model in own_models(AuditedAggregate, "audit_seq") for sentence in _heads_apart(model))


def homeless_streams() -> list[str]:
    """Every stream belongs to an aggregate that exists."""
    return _told(_homeless())


def unkept_secrets() -> list[str]:
    """Every private body is the one committed to; one that is missing was erased by order."""
    return _told(_unkept())


def undone_erasures() -> list[str]:
    """Every order to erase is in the log, was carried out, and stays so."""
    return _told(erased.faults())


def lost_events() -> list[str]:
    """Every event waits for the log or stands in it, never both."""
    waiting = Exists(Pending.objects.filter(event_id=OuterRef("pk")))
    logged = Exists(Leaf.objects.filter(event_id=OuterRef("pk")))
    neither = Event.objects.filter(~waiting, ~logged).values_list("id", flat=True)
    both = Event.objects.filter(waiting, logged).values_list("id", flat=True)
    return _told(
        [
            *(f"Event {event} is neither in the log nor waiting for it." for event in neither.iterator(_CHUNK)),
            *(f"Event {event} is in the log and still waiting for it." for event in both.iterator(_CHUNK)),
        ]
    )


def broken_entries() -> list[str]:
    """The log's indices are dense, and each entry is its event."""
    return _told(log_invariants.entries())


def broken_tiles() -> list[str]:
    """Tiles are the roots of what they stand for."""
    return _told(log_invariants.tiles())


def broken_heads() -> list[str]:
    """Signed heads are heads of this log, each of a piece with the one before."""
    return _told(log_invariants.heads())


def stray_keys() -> list[str]:
    """No event claims a key for the log that no key of the log signed."""
    return _told(keyring.strays())


def false_attestations() -> list[str]:
    """Nothing is attested without its checkpoint, or by what does not verify."""
    return _told(log_invariants.attestations())


def open_fence() -> list[str]:
    """Every declared trigger is in place, unaltered and enabled."""
    return [
        f"The trigger {name} is missing or altered; run migrate to restore it." for name in fence.missing(connection)
    ]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "audit: every stream is an unbroken chain": broken_chains,
    "audit: every aggregate stands at its last event": heads_apart,
    "audit: every stream has its aggregate": homeless_streams,
    "audit: every private body is the one committed to": unkept_secrets,
    "audit: what was erased by order is gone, and stays gone": undone_erasures,
    "audit: no event is lost to the log": lost_events,
    "audit: every entry of the log is its event": broken_entries,
    "audit: every tile of the log is the root of what it stands for": broken_tiles,
    "audit: every checkpoint is a signed head of this log": broken_heads,
    "audit: every key the log names was introduced by a key of the log": stray_keys,
    "audit: every attestation verifies for its checkpoint": false_attestations,
    "audit: every trigger is in place": open_fence,
}


def _told(sentences: Iterable[str]) -> list[str]:
    """Keep the first sentences and count the others."""
    rest = iter(sentences)
    told = list(islice(rest, MOST_SENTENCES))
    more = sum(1 for _ in rest)
    return [*told, f"... and {more} more."] if more else told


def _stream(row: tuple[Any, ...]) -> str:
    return row[1]  # type: ignore[no-any-return]


def _breaks(events: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    """Walk the events of one stream in order."""
    expected, prev = 1, None
    for event_id, stream, seq, event_type, occurred_at, leaf, leaf_hash in events:
        content, stored = bytes(leaf), bytes(leaf_hash)
        name = f"Event {event_id} ({stream} {seq})"
        if hash_of(content) != stored:
            yield f"{name}: its hash is not the hash of its leaf."
        document = loads(content)
        if _spelt(document) != (stream, seq, event_type, written(occurred_at)):
            yield f"{name}: its columns differ from its leaf."
        if seq is None:
            continue
        if seq != expected:
            yield f"{name}: number {expected} was expected; events are missing."
        elif document.get("prev") != prev:
            yield f"{name}: it does not follow the event before it."
        expected, prev = seq + 1, stored.hex()


def _spelt(document: dict[str, Any]) -> tuple[Any, ...]:
    return (document.get("stream"), document.get("seq"), document.get("type"), document.get("at"))


def _heads_apart(model: type[Model]) -> Iterator[str]:
    own = Event.objects.filter(stream=OuterRef("stream"))
    last = own.filter(stream_seq=OuterRef("audit_seq"), leaf_hash=OuterRef("audit_head"))
    later = own.filter(stream_seq__gt=OuterRef("audit_seq"))
    apart = model._base_manager.filter(~Exists(last) | Exists(later)).values_list("stream", "audit_seq")
    for stream, seq in apart.iterator(_CHUNK):
        yield f"{model._meta.label} {stream} stands at event {seq}, which is not the last of its stream."


def _homeless() -> Iterator[str]:
    streams = Event.objects.filter(stream_seq=1)
    for model in own_models(AuditedAggregate, "audit_seq"):
        streams = streams.exclude(Exists(model._base_manager.filter(stream=OuterRef("stream"))))
    for stream in streams.values_list("stream", flat=True).iterator(_CHUNK):
        yield f"The stream {stream} has events and no aggregate."


def _unkept() -> Iterator[str]:
    events = Event.objects.order_by("id").values_list("id", "leaf").iterator(_CHUNK)
    while chunk := list(islice(events, _CHUNK)):
        span = {"event_id__gte": chunk[0][0], "event_id__lte": chunk[-1][0]}
        kept = {
            (event_id, group): commitment(bytes(salt), bytes(body))
            for event_id, group, salt, body in Private.objects.filter(**span).values_list(
                "event_id", "grp", "salt", "body"
            )
        }
        ordered = set(Erasure.objects.filter(**span).values_list("event_id", "grp"))
        promised = {
            (event_id, group): promise for event_id, leaf in chunk for group, promise in _promises(bytes(leaf)).items()
        }
        for place in sorted(kept.keys() | promised.keys()):
            if kept.get(place) != promised.get(place) and (place in kept or place not in ordered):
                what = "is not the one it committed to" if place in kept else "is gone without an order to erase it"
                yield f"Event {place[0]}: its private {place[1]} {what}."


def _promises(leaf: bytes) -> dict[str, str]:
    """The leaf's commitments; parsed only when there are any (``private`` sorts before ``public``)."""
    start = leaf.find(_PRIVATE)
    if start < 0 or leaf.startswith(b"{}", start + len(_PRIVATE)):
        return {}
    return loads(leaf)["private"]  # type: ignore[no-any-return]
