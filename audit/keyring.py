"""The keys of the log: which of those that its events name are believed, and why.

Whoever may write events may write that a key is the log's, so the event alone counts for nothing. It carries a
statement, and a key that was known before it has signed that. The first key signs its own, and is known because it
signed the first head, which takes another right than to write events. Nothing else is published or signed with; it
stays in the log, harms nobody, and is reported.

A key whose end stands in the log vouches for nothing after that entry: one that was stolen brings in no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F

from audit import clock
from audit.actions import record_system
from audit.errors import NoteRefused
from audit.leaf import written
from audit.models import Checkpoint, Event
from audit.notes import Note, Signature, VerifierKey

INTRODUCED, RETIRED = "log.key_introduced", "log.key_retired"
# Nobody loses more logs than that; whoever changed the notes in the database shall not keep us busy.
_MOST_LOGS = 20
_FORM = "panel-authority/key-statement@v1"


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of a key, in the one text that is signed. No head reads like it: its second line is no number."""

    what: str
    key: VerifierKey
    since: str
    until: str

    def body(self) -> str:
        """The text that is signed."""
        return "\n".join([_FORM, self.what, f"{self.key}", f"from {self.since}", f"until {self.until}", ""])

    def is_signed(self, signatures: Iterable[Signature], keys: Iterable[VerifierKey]) -> bool:
        """Whether one of the keys signed it; a key speaks for the log of its own name only."""
        return _signed(self.body(), signatures, [key for key in keys if key.name == self.key.name])


Vouch = Callable[[Statement], Sequence[Signature]]


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that may sign, and when; None means without that end."""

    key: VerifierKey
    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        since = f" from={written(self.since)}" if self.since else ""
        return f"{self.key}{since}{f' until={written(self.until)}' if self.until else ''}"

    @classmethod
    def parse(cls, line: str) -> PublishedKey:
        """Read a line of vkeys.txt."""
        text, *fields = line.split()
        known = dict(field.split("=", 1) for field in fields)
        return cls(VerifierKey.parse(text), _moment(known.get("from", "")), _moment(known.get("until", "")))


@dataclass(frozen=True, slots=True)
class _Told:
    """One event that says something of a key, once it can be read."""

    event: int
    statement: Statement
    signatures: tuple[Signature, ...]

    @property
    def key(self) -> VerifierKey:
        """The key it is about."""
        return self.statement.key

    @property
    def by_itself(self) -> bool:
        """Whether the key vouches for itself, as the first one does."""
        return self.statement.is_signed(self.signatures, [self.key])


def vkeys() -> list[PublishedKey]:
    """Every key that may have signed a checkpoint: those the log introduces as it should, and AUDIT_VKEYS."""
    return list(_read()[0].values())


def known() -> set[VerifierKey]:
    """The keys by which the log is signed, without their dates."""
    return {each.key for each in vkeys()}


def strays() -> Iterator[str]:
    """What claims to be a key of the log and is none, a sentence each."""
    yield from _read()[1]


def reachable(trusted: Iterable[VerifierKey]) -> list[PublishedKey]:
    """The keys that follow from those somebody trusts, each introduced by one before it: she need not ask us."""
    told = [each for each in map(_told, _events()) if isinstance(each, _Told)]
    found = {key: PublishedKey(key) for key in trusted}
    _follow(found, told)
    return list(found.values())


def introduces_itself(key: VerifierKey) -> bool:
    """Whether the log holds the key's own introduction: it began this log, or is about to."""
    return any(isinstance(told, _Told) and told.key == key and told.by_itself for told in map(_told, _events()))


def introduce(key: VerifierKey, *, vouch: Vouch) -> Event:
    """Note in the log that a key signs it from now on; ``vouch`` signs the statement."""
    return _note(Statement(INTRODUCED, key, written(clock.real_now()), ""), vouch)


def retire(key: VerifierKey, *, until: datetime, vouch: Vouch) -> Event:
    """Note in the log when a key will have signed for the last time."""
    return _note(Statement(RETIRED, key, "", written(until)), vouch)


def _note(statement: Statement, vouch: Vouch) -> Event:
    dates = {"from": statement.since or None, "until": statement.until or None}
    signatures = [f"{each}" for each in vouch(statement)]
    return record_system(
        statement.what, by="system", public={"vkey": f"{statement.key}", **dates, "signatures": signatures}
    )


def _read() -> tuple[dict[VerifierKey, PublishedKey], list[str]]:
    """The keys that are believed, and a sentence for each claim that is not."""
    found, faults = _configured()
    told: list[_Told] = []
    for each in map(_told, _events()):
        if isinstance(each, _Told):
            told.append(each)
        else:
            faults.append(each)
    heads = _first_heads()
    for each in told:
        if each.statement.what == INTRODUCED and each.by_itself and any(_began(each.key, head) for head in heads):
            found.setdefault(each.key, PublishedKey(each.key))
    strangers = _follow(found, told)
    return found, faults + [_stray(each) for each in strangers if not _may_begin(each, heads)]


def _may_begin(told: _Told, heads: Iterable[Note]) -> bool:
    """Whether this may be the first key of this log, whose first head is not signed yet."""
    origin = settings.AUDIT_ORIGIN
    begun = any(head.text.startswith(f"{origin}\n") for head in heads)
    return told.key.name == origin and told.statement.what == INTRODUCED and told.by_itself and not begun


def _configured() -> tuple[dict[VerifierKey, PublishedKey], list[str]]:
    found, faults = {}, []
    for line in settings.AUDIT_VKEYS:
        try:
            each = PublishedKey.parse(line)
        except (NoteRefused, ValueError):
            faults.append(f"AUDIT_VKEYS holds {line[:60]!a}, which is no key: copy the whole line again.")
        else:
            found[each.key] = each
    return found, faults


def _events() -> Iterator[Event]:
    """In the order of the log, which nobody chooses who writes events; what waits for its place comes last."""
    events = Event.objects.filter(event_type__in=(INTRODUCED, RETIRED))
    return events.order_by(F("log_leaf__leaf_index").asc(nulls_last=True), "id").iterator()


def _told(event: Event) -> _Told | str:
    """What an event says of a key; a sentence when it cannot be read."""
    try:
        public: dict[str, Any] = event.document["public"]
        statement = Statement(
            event.event_type,
            VerifierKey.parse(public["vkey"]),
            _spelt(public.get("from")),
            _spelt(public.get("until")),
        )
        signatures = tuple(Signature.parse(line) for line in public.get("signatures", ()))
    except (NoteRefused, KeyError, TypeError, ValueError, AttributeError):
        return f"Event {event.pk} ({event.event_type}) names no key of the log: what it says cannot be read."
    return _Told(event.pk, statement, signatures)


def _follow(found: dict[VerifierKey, PublishedKey], told: Iterable[_Told]) -> list[_Told]:
    """Add to the keys what they, one after the other, introduce and end; return what none of them signed."""
    strangers, ended = [], set[VerifierKey]()
    for each in told:
        introduced = each.statement.what == INTRODUCED
        if not each.statement.is_signed(each.signatures, found.keys() - ended):
            # That a key which is known is one says nothing new, whoever says it.
            if not (introduced and each.key in found):
                strangers.append(each)
            continue
        entry = found.get(each.key, PublishedKey(each.key))
        if introduced:
            found[each.key] = replace(entry, since=entry.since or _moment(each.statement.since))
        elif until := _moment(each.statement.until):
            found[each.key] = replace(entry, until=min(until, entry.until or until))
            ended.add(each.key)
    return strangers


def _first_heads() -> list[Note]:
    """The first signed head of each log in this database; a log that was lost is followed by one of another name."""
    rows, found = Checkpoint.objects.order_by("tree_size"), list[str]()
    newest, row = rows.last(), rows.first()
    while row is not None and newest is not None and len(found) < _MOST_LOGS:
        found.append(row.note)
        origin = row.note.partition("\n")[0] + "\n"
        rows = rows.filter(tree_size__gt=row.tree_size).exclude(note__startswith=origin)
        row = None if newest.note.startswith(origin) else rows.first()
    return [note for note in map(_note_of, found) if note is not None]


def _note_of(text: str) -> Note | None:
    try:
        return Note.parse(text)
    except NoteRefused:
        return None


def _began(key: VerifierKey, head: Note) -> bool:
    return head.text.startswith(f"{key.name}\n") and _signed(head.text, head.signatures, [key])


def _signed(text: str, signatures: Iterable[Signature], keys: Iterable[VerifierKey]) -> bool:
    candidates = list(keys)
    return any(each.is_by(key) and key.verifies(text, each.blob) for each in signatures for key in candidates)


def _stray(told: _Told) -> str:
    does = "introduces" if told.statement.what == INTRODUCED else "ends"
    return (
        f"Event {told.event} {does} the key {told.key.name}+{told.key.key_id.hex()} and no key of the log signed that: "
        "it counts for nothing, and somebody wrote it who does not hold the key."
    )


def _spelt(value: object) -> str:
    """A moment as the statement has it. Raises ValueError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str) or written(datetime.fromisoformat(value)) != value:
        raise ValueError(value)
    return value


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
