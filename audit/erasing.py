"""Erasing personal data and free text by order, without a change to the log.

The log holds salted commitments; what is erased is the text behind them, and its copies in the tables. An order
names entries of the log and a group of each, never the text: a stranger who checks an export sees that something
was erased, on what ground and who allowed it, and every entry verifies as before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import models, transaction
from django.db.models import F, Func, Q, QuerySet
from django.utils import timezone

from audit import clock
from audit.actions import record_system
from audit.canonical import canonical
from audit.erasable import MARK, holding, is_list
from audit.errors import ErasureRefused, NotCurrent
from audit.leaf import PRIVATE_GROUPS, Actor
from audit.mentions import Known
from audit.models import Erasure, Event, Private, RecordedFact, RegisteredRow
from audit.triggers import own_models

PERFORMED = "erasure.performed"
# Entries one order names: so many hashes fit into an entry.
BATCH = 500
_REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9/.-]{0,23}", re.ASCII)
_T = TypeVar("_T")


class Ground(models.TextChoices):
    """Why something is erased: the grounds of the UK GDPR. The label stands where the text stood."""

    NOT_NEEDED = "not_needed", "no longer needed, Article 17(1)(a)"
    CONSENT = "consent_withdrawn", "consent withdrawn, Article 17(1)(b)"
    OBJECTION = "objection", "objected to, Article 17(1)(c)"
    UNLAWFUL = "unlawful", "unlawfully processed, Article 17(1)(d)"
    LEGAL = "legal_obligation", "legal obligation, Article 17(1)(e)"
    INACCURATE = "inaccurate", "inaccurate, Article 5(1)(d)"
    RETENTION = "retention", "retention period over, Article 5(1)(e)"


# Article 17(3)(b) shields what a public task needs. It cannot need what was unlawful, or what a law orders erased.
PREVAILING = frozenset({Ground.UNLAWFUL, Ground.LEGAL})


@dataclass(frozen=True)
class Order:
    """On what ground, under which reference of a file kept elsewhere, carried out and allowed by whom."""

    ground: str
    reference: str
    by: Actor
    authorised_by: Actor

    def __post_init__(self) -> None:
        if self.ground not in Ground.values:
            raise ErasureRefused(f"'{self.ground}' is no ground for erasing: use one of {', '.join(Ground.values)}.")
        if not _REFERENCE.fullmatch(self.reference):
            raise ErasureRefused(
                "The reference is a code of capital letters, digits, '/', '.' and '-' (at most 24), such as "
                "IG/2013/004: it stays in the log for ever, so it names nobody."
            )
        if self.by.stream == self.authorised_by.stream:
            raise ErasureRefused("Two people erase together: name somebody else as the one who authorised it.")

    def sentence(self, on: datetime) -> str:
        """What stands in place of the text."""
        return f"{MARK}{timezone.localtime(on):%-d %B %Y}: {Ground(self.ground).label}. Ref {self.reference}.]"


class Pair(NamedTuple):
    """One group of one event."""

    event: int
    group: str


class Copy(NamedTuple):
    """A text of one row that repeats what an event keeps in a group."""

    model: type[models.Model]
    pk: Any
    column: str
    pair: Pair


@dataclass
class Scope:
    """What an order is to reach: groups of events, those that have a private body still, and the copies of them."""

    bodies: set[Pair] = field(default_factory=set)
    copies: set[Copy] = field(default_factory=set)

    @property
    def pairs(self) -> set[Pair]:
        """Every group of an event it touches."""
        return self.bodies | {each.pair for each in self.copies}

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.bodies | other.bodies, self.copies | other.copies)


@dataclass(frozen=True)
class Erased:
    """What an order did, or would do: bodies and texts of rows gone, groups kept, its entries in the log, people."""

    bodies: int
    copies: int
    kept: int
    events: tuple[Event, ...] = ()
    people: int = 0


def groups() -> list[str]:
    """Every group an order can name: the private groups, and those that only texts of rows have."""
    return sorted(PRIVATE_GROUPS.union(*(model.ERASABLE.values() for model in _models())))


def of_events(ids: Collection[int], wanted: Collection[str]) -> Scope:
    """Some groups of some events."""
    scope = Scope()
    for some in _batches(sorted(ids)):
        scope |= Scope(_bodies(Q(event__in=some), wanted), _copies(Q(event__in=some), wanted, RecordedFact))
        scope.copies |= _written_with(some, wanted)
    return scope


def about(stream: str, known: Known = Known()) -> Scope:  # noqa: B008  it is frozen
    """What one person's stream and the entries about them keep in private, what rows say of them, what they were told.

    Of the entries that keep something in private the messages go whole: what others were told may name the person.
    `known`: the names and addresses by which they are found where no entry is about them, such as a sign-in in vain.
    """
    own = Event.objects.filter(stream=stream).values_list("id", flat=True)
    scope = of_events([*own, *_naming(stream)], groups()) | _mentioning(known)
    for model in _models():
        if model.ABOUT:
            condition = Q(*((lookup, stream) for lookup in model.ABOUT), _connector=Q.OR)
            scope.copies |= _of(model, condition, groups())
    for group, ids in _by_group(scope.pairs).items():
        if group in PRIVATE_GROUPS:
            scope |= of_events(ids, {group} | set(groups()) - PRIVATE_GROUPS)
    return scope


def before(moment: datetime, wanted: Collection[str], *, except_streams: QuerySet[Any] | None = None) -> Scope:
    """Some groups of everything that happened before a moment, but for the events of some streams."""
    older = Q(event__occurred_at__lt=moment)
    if except_streams is not None:
        older &= ~Q(event__stream__in=except_streams)
    bodies = _bodies(older, wanted)
    copies = _copies(older, wanted, RecordedFact | RegisteredRow)
    for group, ids in _by_group(bodies).items():
        for some in _batches(sorted(ids)):
            copies |= _written_with(some, [group])
    return Scope(bodies, copies)


def erase(scope: Scope, order: Order, *, dry_run: bool = False) -> Erased:
    """Carry out an order on a scope, wholly or not at all; what a public task needs is kept and counted.

    Nothing is recorded when nothing is left to erase, so an order carried out twice does no more than once. Raises
    NotCurrent when somebody else erased some of it at the same moment.
    """
    kept = _kept(scope, order.ground)
    bodies = scope.bodies - kept
    copies = {each for each in scope.copies if each.pair not in kept}
    counted = Erased(len(bodies), len(copies), len(kept & scope.pairs))
    if dry_run or not (bodies or copies):
        return counted
    with transaction.atomic():
        events = tuple(_perform(Scope(bodies, copies), order))
    return Erased(counted.bodies, counted.copies, counted.kept, events)


def _perform(scope: Scope, order: Order) -> Iterator[Event]:
    at = clock.now()
    sentences: dict[Pair, str] = {}
    for group, ids in sorted(_by_group(scope.pairs).items()):
        for some in _batches(sorted(ids)):
            yield _order(order, group, some, at, sentences)
    gone = 0
    for group, ids in _by_group(scope.bodies).items():
        for some in _batches(sorted(ids)):
            gone += Private.objects.filter(event__in=some, grp=group).delete()[0]
    if gone != len(scope.bodies):
        raise NotCurrent("Somebody else erased some of this at the same moment, so nothing was erased: repeat it.")
    _empty(scope.copies, sentences)


def _order(order: Order, group: str, ids: list[int], at: datetime, sentences: dict[Pair, str]) -> Event:
    """Record one order and its rows; an event ordered before keeps its row and its sentence."""
    entries = dict(Event.objects.filter(id__in=ids).values_list("id", "leaf_hash"))
    event = record_system(
        PERFORMED,
        by=order.by,
        public={
            "events": [bytes(entries[each]).hex() for each in ids],
            "groups": [group],
            "ground": str(order.ground),
            "reference": order.reference,
            "authorised_by": order.authorised_by.stream,
        },
        at=at,
    )
    said = dict(Erasure.objects.filter(event__in=ids, grp=group).values_list("event_id", "ground"))
    sentence = order.sentence(at)
    Erasure.objects.bulk_create(
        Erasure(event_id=each, grp=group, erasure_event=event, ground=sentence, at=at)
        for each in ids
        if each not in said
    )
    sentences.update({Pair(each, group): said.get(each, sentence) for each in ids})
    return event


def _empty(copies: Iterable[Copy], sentences: dict[Pair, str]) -> None:
    alike: defaultdict[tuple[type[models.Model], str, str], list[Any]] = defaultdict(list)
    for each in sorted(copies, key=lambda each: (each.model._meta.label, each.column, each.pk)):
        alike[each.model, each.column, sentences[each.pair]].append(each.pk)
    for (model, column, sentence), keys in alike.items():
        for some in _batches(keys):
            told = [sentence] if is_list(model, column) else sentence
            model._base_manager.filter(pk__in=some).update(**{column: told})


def _kept(scope: Scope, ground: str) -> set[Pair]:
    """Groups that stay: what was published always, what a public task needs unless the ground prevails."""
    kept: set[Pair] = set()
    for model in _models():
        for group in set(model.KEPT.values()):
            kept |= _standing(model, model.KEPT_WITH, group, scope)
        if ground not in PREVAILING:
            for group in {*(model.ERASABLE.values() if model.PUBLIC_TASK else ()), *model.NEEDED}:
                kept |= _standing(model, ["event"], group, scope)
    return kept


def _standing(model: type[models.Model], lookups: Iterable[str], group: str, scope: Scope) -> set[Pair]:
    """Those of a scope's events in this group that a row of the model rests on."""
    ids = sorted(pair.event for pair in scope.pairs if pair.group == group)
    found: set[int] = set()
    for lookup in lookups:
        for some in _batches(ids):
            found |= set(model._base_manager.filter(**{f"{lookup}__in": some}).values_list(lookup, flat=True))
    return {Pair(event, group) for event in found}


class _PlaceOf(Func):
    """Where some bytes stand in a column of bytes, from 1; 0 when they do not."""

    output_field = models.IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **given: Any) -> Any:
        return super().as_sql(compiler, connection, template="instr(%(expressions)s)", **given)

    def as_postgresql(self, compiler: Any, connection: Any, **given: Any) -> Any:
        turned = Func(*reversed(self.get_source_expressions()), output_field=models.IntegerField())
        return turned.as_sql(compiler, connection, template="position(%(expressions)s)", arg_joiner=" IN ", **given)


def _naming(stream: str) -> list[int]:
    """Events that keep something in private and name this person as the one they are about."""
    spelt = models.Value(canonical({"person": stream})[1:-1], output_field=models.BinaryField())
    secretive = Event.objects.filter(id__in=Private.objects.values("event_id")).alias(at=_PlaceOf(F("leaf"), spelt))
    return [each.id for each in secretive.filter(at__gt=0) if each.document["public"].get("person") == stream]


def _mentioning(known: Known) -> Scope:
    """Groups of events that hold a name or an address, and texts that no private group keeps, such as messages."""
    scope = Scope()
    for group, ids in _by_group(Pair(*each) for each in known.bodies()).items():
        scope |= of_events(ids, [group])
    for model in _models():
        for column in (name for name, group in model.ERASABLE.items() if group not in PRIVATE_GROUPS):
            where = Q(*((f"{column}__icontains", each) for each in known.sought), _connector=Q.OR)
            rows = model._base_manager.filter(where) if known.sought else model._base_manager.none()
            found = [pk for pk, text in rows.values_list("pk", column).iterator() if known.in_text(text)]
            for some in _batches(found):
                scope.copies |= _of(model, Q(pk__in=some), groups())
    return scope


def _models() -> list[type[RecordedFact | RegisteredRow]]:
    return holding([*own_models(RecordedFact, "event"), *own_models(RegisteredRow, "event")])


def _bodies(where: Q, wanted: Collection[str]) -> set[Pair]:
    found = Private.objects.filter(where, grp__in=wanted).values_list("event_id", "grp")
    return {Pair(*each) for each in found.iterator()}


def _copies(where: Q, wanted: Collection[str], base: Any) -> set[Copy]:
    return {each for model in _models() if issubclass(model, base) for each in _of(model, where, wanted)}


def _of(model: type[RecordedFact | RegisteredRow], where: Q, wanted: Collection[str]) -> set[Copy]:
    """The texts of a model's rows that stand still."""
    found: set[Copy] = set()
    for column, group in model.ERASABLE.items():
        if group in wanted:
            first, nothing = (f"{column}__0", []) if is_list(model, column) else (column, "")
            still = Q(**{column: nothing}) | Q(**{f"{first}__startswith": MARK})
            pairs = model._base_manager.filter(where).exclude(still).values_list("pk", "event_id")
            found |= {Copy(model, pk, column, Pair(event, group)) for pk, event in pairs.iterator()}
    return found


def _written_with(ids: Collection[int], wanted: Collection[str]) -> set[Copy]:
    """The texts of register rows that were written with these events, though they name later ones by now."""
    found: set[Copy] = set()
    for model in _models():
        if issubclass(model, RegisteredRow) and model.WRITTEN_BY and set(model.ERASABLE.values()) & set(wanted):
            for event in Event.objects.filter(id__in=ids, event_type=model.WRITTEN_BY):
                found |= _of(model, Q(pk__in=model.written_with(event)), wanted)
    return found


def _by_group(pairs: Iterable[Pair]) -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for pair in pairs:
        found[pair.group].add(pair.event)
    return found


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while some := list(islice(rest, BATCH)):
        yield some
