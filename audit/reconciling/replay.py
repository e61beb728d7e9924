"""One aggregate's events turned into the rows they must have left, and these compared with the rows that stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, ClassVar, TypeAlias

from audit.reconciling.events import Told
from audit.reconciling.tables import Difference, Row, Table, holds, shown

Handler: TypeAlias = Callable[..., None]


@dataclass
class Expected:
    """A row the events call for: what they say of its columns, and which event wrote it."""

    table: str
    values: Row
    written: Told
    last: Told


def on(*types: str) -> Callable[[Handler], Handler]:
    """Name the types of events that a method of a replay takes."""

    def mark(method: Handler) -> Handler:
        method.types = types  # type: ignore[attr-defined]
        return method

    return mark


@dataclass
class Replay:
    """How the events of one kind of stream become rows: a method for each type of event, marked with ``on``."""

    PREFIX: ClassVar[str] = ""
    TABLES: ClassVar[Mapping[str, Table]] = {}
    # Types that change no table of this replay.
    SILENT: ClassVar[frozenset[str]] = frozenset()
    HANDLERS: ClassVar[Mapping[str, str]] = {}

    stream: str
    # The rows that stand, by the name of the table.
    standing: Mapping[str, list[Row]]
    # What `prepare` read.
    context: Any = None
    rows: dict[str, defaultdict[tuple[Any, ...], list[Expected]]] = field(default_factory=dict)
    faults: list[Difference] = field(default_factory=list)
    types: dict[int, str] = field(default_factory=dict)

    def __init_subclass__(cls) -> None:
        cls.HANDLERS = {
            event_type: name
            for base in reversed(cls.__mro__)
            for name, method in vars(base).items()
            for event_type in getattr(method, "types", ())
            if callable(method)
        }

    def __post_init__(self) -> None:
        self.rows = {name: defaultdict(list) for name in self.TABLES}

    @classmethod
    def prepare(cls) -> Any:
        """What every replay of this kind needs to know from elsewhere, read once."""
        return None

    def take(self, told: Told) -> None:
        """Let one event change what is expected."""
        self.types[told.id] = told.type
        if name := self.HANDLERS.get(told.type):
            getattr(self, name)(told)

    def finish(self) -> None:
        """What can be said when every event was taken."""

    def allows(self, _table: str, _row: Row) -> bool:
        """Whether a row may stand that no event foretells."""
        return False

    def expect(self, name: str, told: Told, /, **values: Any) -> Expected:
        """A row that this event writes."""
        if "event" in self.TABLES[name].columns:
            values.setdefault("event", told.id)
        wanted = Expected(name, values, told, told)
        self.rows[name][self.TABLES[name].key_of(values)].append(wanted)
        return wanted

    def last(self, name: str, *key: Any) -> Expected | None:
        """The newest row expected under a key."""
        found = self.rows[name].get(key)
        return found[-1] if found else None

    def change(self, wanted: Expected | None, told: Told, what: str, /, **values: Any) -> None:
        """Let this event change a row; one that no event wrote is a fault of the record itself."""
        if wanted is None:
            self.fault("", f"event {told.id} ({told.type}) changes {what}", "no earlier event wrote that")
            return
        if "event" in self.TABLES[wanted.table].columns:
            values.setdefault("event", told.id)
        wanted.values.update(values)
        wanted.last = told

    def that_names(self, name: str, candidates: list[Expected], told: Told) -> Expected | None:
        """Of several rows that an event could mean, the one that stands under it; else the newest."""
        for key in {self.TABLES[name].key_of(each.values): None for each in candidates} if candidates[1:] else ():
            rows = [row for row in self.standing.get(name, ()) if self.TABLES[name].key_of(row) == key]
            for expected, row in zip(self.rows[name][key], rows, strict=False):
                if row["event"] == told.id and expected in candidates:
                    return expected
        return candidates[-1] if candidates else None

    def fault(self, table: str, record: str, standing: str, row: str = "") -> None:
        """Note something else that does not agree."""
        name = self.TABLES[table].name if table else "events"
        self.faults.append(Difference(self.stream, name, row, "", record, standing))

    def differences(self) -> Iterator[Difference]:
        """Everything in which the rows that stand are not those that were expected."""
        yield from self.faults
        for name in self.TABLES:
            yield from self._compared(name)

    def _compared(self, name: str) -> Iterator[Difference]:
        table, wanted = self.TABLES[name], self.rows[name]
        found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in self.standing.get(name, ()):
            found[table.key_of(row)].append(row)
        for key in dict.fromkeys([*wanted, *found]):
            for expected, row in zip_longest(wanted.get(key, ()), found.get(key, ())):
                if expected is None:
                    yield from self._unexpected(name, row)
                elif row is None:
                    yield self._missing(table, expected, key)
                else:
                    yield from self._apart(table, expected, row)

    def _unexpected(self, name: str, row: Row) -> Iterator[Difference]:
        if self.allows(name, row):
            return
        table = self.TABLES[name]
        event_type = self.types.get(row.get("event", 0))
        names = f", though it names event {row['event']}" if "event" in row else ""
        names += f" ({event_type})" if event_type else ""
        yield Difference(
            self.stream, table.name, _place(table, row), "", "no event wrote this row", f"it stands{names}"
        )

    def _missing(self, table: Table, expected: Expected, key: tuple[Any, ...]) -> Difference:
        told = expected.written
        named = _named({name: part for name, part in zip(table.key, key, strict=True) if name != "event"})
        record = f"event {told.id} ({told.type}) wrote a row" + (f" ({named})" if named else "")
        return Difference(self.stream, table.name, "", "", record, "there is none")

    def _apart(self, table: Table, expected: Expected, row: Row) -> Iterator[Difference]:
        for name, said in expected.values.items():
            if not holds(said, row[name]):
                told = f"{shown(said)} (event {expected.last.id}, {expected.last.type})"
                yield Difference(self.stream, table.name, _place(table, row), name, told, shown(row[name], said))


def _place(table: Table, row: Row) -> str:
    """Which row: its key in the database, and what tells it from others."""
    named = _named({name: row[name] for name in table.key if name != "event"})
    return f"{row['pk']}" + (f" ({named})" if named else "")


def _named(parts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parts.items())
