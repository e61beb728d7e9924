"""What is compared: columns of a table, what an event says of them, and how a difference is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from unicodedata import normalize

from django.db import models

from audit.erasable import is_erased

Row: TypeAlias = dict[str, Any]
# A row is written moments before or after its event, in the same transaction.
ONE_TRANSACTION = timedelta(minutes=5)
LONGEST = 60


@dataclass(frozen=True)
class Near:
    """The moment of an event; the row's own was read from the clock in the same transaction."""

    moment: datetime

    def holds(self, standing: Any) -> bool:
        """Whether it is that moment, but for the length of a transaction."""
        return isinstance(standing, datetime) and abs(standing - self.moment) <= ONE_TRANSACTION

    def __str__(self) -> str:
        return f"{self.moment:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class OneOf:
    """One of several: the event leaves open which."""

    values: tuple[Any, ...]

    def holds(self, standing: Any) -> bool:
        """Whether it is one of them."""
        return standing in self.values

    def __str__(self) -> str:
        return " or ".join(map(shown, self.values))


@dataclass(frozen=True)
class Text:
    """What a private group says, or the sentence of the order by which it was erased. Neither is ever told."""

    text: str | None
    erased: str = ""

    def holds(self, standing: Any) -> bool:
        """Whether the column is the private text, or says that it was erased where that was ordered.

        Text whose group is gone by order while the column stands is the business of ``audit.erased``: what was
        published is kept.
        """
        if is_erased(standing):
            return standing in (self.erased, [self.erased])
        return plain(standing) == plain(self.text) if self.text is not None else bool(self.erased)

    def __str__(self) -> str:
        return "what the event keeps in private" if self.text is not None or self.erased else "gone without an order"


@dataclass(frozen=True, eq=False)
class Table:
    """A table of an aggregate: how its rows are found, named and read.

    stream: the lookup from a row to its aggregate's stream, "" for tables of no aggregate; key: the columns that tell
    one row from another (those that are alike are told apart by their order); columns: lookups by name, and how to read
    those that are not compared as they stand.
    """

    model: type[models.Model]
    stream: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    read: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    only: Mapping[str, Any] = field(default_factory=dict)

    def rows(self, streams: Collection[str] | None = None) -> Iterator[tuple[str, Row]]:
        """The rows of these aggregates in the order they were written, each with its stream."""
        found = self.model._base_manager.filter(**self.only).order_by("pk")
        if streams is not None and self.stream:
            found = found.filter(**{f"{self.stream}__in": streams})
        lookups = {"pk", *self.columns.values(), *([self.stream] if self.stream else [])}
        for row in found.values(*lookups).iterator(500):
            named = {name: self._value(name, row[lookup]) for name, lookup in self.columns.items()}
            yield (row[self.stream] if self.stream else ""), {"pk": row["pk"], **named}

    def _value(self, name: str, raw: Any) -> Any:
        value = bytes(raw) if isinstance(raw, memoryview) else raw
        if name in self.read:
            return self.read[name](value)
        return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value

    def key_of(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What tells this row from others."""
        return tuple(row[name] for name in self.key)

    @property
    def name(self) -> str:
        """The table as it is told."""
        return self.model._meta.label


@dataclass(frozen=True)
class Difference:
    """Something the record and a table do not agree on."""

    stream: str
    table: str
    row: str
    field: str
    record: str
    standing: str

    def __str__(self) -> str:
        """One sentence, without any private text."""
        where = f"{self.stream}: {self.table}" + (f" {self.row}" if self.row else "")
        if self.field:
            return f"{where}: {self.field} is {self.record} by the record and {self.standing} in the table."
        return f"{where}: by the record {self.record}; in the table {self.standing}."

    def document(self) -> dict[str, str]:
        """The same for programs."""
        return {
            "stream": self.stream,
            "table": self.table,
            "row": self.row,
            "field": self.field,
            "record": self.record,
            "standing": self.standing,
            "sentence": str(self),
        }


def holds(said: Any, standing: Any) -> bool:
    """Whether a column may hold this by what an event says of it."""
    if isinstance(said, Near | OneOf | Text):
        return said.holds(standing)
    return bool(plain(said) == plain(standing))


def plain(value: Any) -> Any:
    """Text as the log spells it, and without blanks around it, which some tables drop."""
    return normalize("NFC", value).strip() if isinstance(value, str) else value


def shown(value: Any, said: Any = None) -> str:
    """A value as a sentence may tell it; what stands where private text should is never told."""
    if isinstance(said, Text):
        return "another text"
    if isinstance(value, Near | OneOf | Text):
        return str(value)
    if value is None or value == "":
        return "empty"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    text = f"'{value}'" if isinstance(value, str) else f"{value}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
