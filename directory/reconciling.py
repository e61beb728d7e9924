"""How the events of the directory become rows: people, posts, organisations, ties.

What people were told is no part of the log (``Message``): an event says that it happened, the message whom it was told
to and in which words, and a message is compared with nothing but the event it names. What an import took from a file is
known by the file's hash and the number of rows; a row by row account is in the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from audit.leaf import SYSTEM
from audit.models import Event
from audit.reconciling import Replay, Row, Table, Told
from audit.reconciling.events import CHUNK, batches, read
from audit.reconciling.replay import Expected, on
from directory.models import Message, Organisation, Person, Post, Tie
from directory.models.organisations import SYMMETRIC_TIES
from directory.models.people import ERASED_DOMAIN, ERASED_NAME
from directory.rules import in_force, tidy

IMPORTED = "directory.imported"
_NAMED = ("full_name", "title", "email")
_ORGANISATION = ("kind", "code", "name", "opened", "closed", "postcode", "parent", "synthetic")
_DATES = {"starts": "starts", "ends": "ends"}


class People(Replay):
    """A person and the posts they hold."""

    PREFIX = "person"
    TABLES = {
        "person": Table(
            Person,
            "stream",
            (),
            {name: name for name in (*_NAMED, "is_active", "is_staff", "is_superuser", "synthetic")},
        ),
        "post": Table(
            Post,
            "person__stream",
            ("organisation", "kind", "starts"),
            {
                "event": "event_id",
                "organisation": "organisation__code",
                "kind": "kind",
                "title": "title",
                **_DATES,
                "in_force": "in_force",
            },
        ),
    }
    SILENT = frozenset({"person.password_set"})

    @classmethod
    def prepare(cls) -> dict[str, list[tuple[Told, list[Any]]]]:
        """The posts that imports gave, by the person's stream."""
        given: dict[str, list[tuple[Told, list[Any]]]] = defaultdict(list)
        for told in _imports():
            if "posts" in told.public:
                for row in told.public.get("rows", ()):
                    given[row[0]].append((told, row))
        return given

    @on("person.added")
    def added(self, told: Told) -> None:
        self.expect(
            "person",
            told,
            **{name: told.text("person", name) for name in _NAMED},
            is_active=True,
            is_staff=False,
            is_superuser=False,
            synthetic=told.public["synthetic"],
        )
        for event, (_, organisation, kind, starts, ends) in self.context.get(self.stream, ()):
            self._given(event, organisation, kind, starts, ends)

    @on("person.deactivated")
    def deactivated(self, told: Told) -> None:
        self.change(self.last("person"), told, "a person", is_active=False)

    @on("person.reactivated")
    def reactivated(self, told: Told) -> None:
        self.change(self.last("person"), told, "a person", is_active=True)

    @on("person.erased")
    def erased(self, told: Told) -> None:
        email = f"{self.stream.partition(':')[2]}@{ERASED_DOMAIN}"
        named = {"full_name": ERASED_NAME, "title": "", "email": email}
        self.change(self.last("person"), told, "a person", **named, is_active=False)

    @on("post.appointed")
    def appointed(self, told: Told) -> None:
        said = told.public
        wanted = self._given(told, said["organisation"], said["kind"], said["starts"], said["ends"])
        wanted.values["title"] = told.text("free_text", "title")

    def _given(self, told: Told, organisation: str, kind: str, starts: str, ends: str | None) -> Expected:
        force = in_force(date.fromisoformat(starts), _day(ends), told.day)
        return self.expect("post", told, organisation=organisation, kind=kind, starts=starts, ends=ends, in_force=force)

    @on("post.ended")
    def ended(self, told: Told) -> None:
        starts, ends = date.fromisoformat(told.public["starts"]), _day(told.public["ends"])
        self._post(told, ends=told.public["ends"], in_force=in_force(starts, ends, told.day))

    @on("post.began")
    def began(self, told: Told) -> None:
        self._post(told, in_force=True)

    @on("post.expired")
    def expired(self, told: Told) -> None:
        self._post(told, in_force=False)

    def _post(self, told: Told, **values: Any) -> None:
        """The post is named by its key in the table."""
        key = told.public["post"]
        row = next((row for row in self.standing.get("post", ()) if row["pk"] == key), None)
        found = self.last("post", *self.TABLES["post"].key_of(row)) if row else None
        self.change(found, told, f"post {key}", **values)


class Register(Replay):
    """Organisations, and the ties between them."""

    PREFIX = "system"
    TABLES = {
        "organisation": Table(
            Organisation,
            "",
            ("code",),
            {
                "event": "event_id",
                **{name: name for name in ("kind", "code", "name", "opened", "closed", "postcode", "synthetic")},
                "parent": "parent__code",
            },
        ),
        "tie": Table(
            Tie,
            "",
            ("kind", "one", "other", "starts"),
            {
                "event": "event_id",
                "kind": "kind",
                "one": "one__code",
                "other": "other__code",
                **_DATES,
                "synthetic": "synthetic",
                "source": "source",
            },
        ),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.keys = {row["code"]: row["pk"] for row in self.standing["organisation"]}
        # Imports from files: their events, and how many organisations they added.
        self.files: set[int] = set()
        self.filed = 0

    @on("organisation.added")
    def added(self, told: Told) -> None:
        self._organisation(told, [told.public[name] for name in _ORGANISATION])

    def _organisation(self, told: Told, row: list[Any]) -> None:
        said = dict(zip(_ORGANISATION, row, strict=True))
        self.expect(
            "organisation",
            told,
            **said | {"name": tidy(said["name"]), "postcode": tidy(said["postcode"]), "parent": said["parent"] or None},
        )

    @on(IMPORTED)
    def imported(self, told: Told) -> None:
        if "file_sha256" in told.public:
            self.files.add(told.id)
            self.filed += told.public["added"]
        for row in told.public.get("rows", ()):
            if "organisations" in told.public:
                self._organisation(told, row)
            elif "ties" in told.public:
                self._tie(told, *row)

    @on("organisation.renamed")
    def renamed(self, told: Told) -> None:
        self._known(told, name=told.public["to"])

    @on("organisation.closed")
    def closed(self, told: Told) -> None:
        self._known(told, closed=told.public["closed"])

    def _known(self, told: Told, **values: Any) -> None:
        """An organisation that is there; of one from a file only what came later is known."""
        code = told.public["code"]
        found = self.last("organisation", code)
        if found is None and self.files:
            self.expect("organisation", told, code=code, **values)
            self.filed -= 1
        else:
            self.change(found, told, f"organisation {code}", **values)

    @on("tie.added")
    def tied(self, told: Told) -> None:
        said = told.public
        wanted = self._tie(told, *(said[name] for name in ("kind", "one", "other", "starts", "ends", "synthetic")))
        wanted.values["source"] = told.text("free_text", "source")

    def _tie(self, told: Told, kind: str, *row: Any) -> Expected:
        one, other, starts, ends, synthetic = row
        if kind in SYMMETRIC_TIES and self.keys.get(one, 0) > self.keys.get(other, 0):
            one, other = other, one
        return self.expect("tie", told, kind=kind, one=one, other=other, starts=starts, ends=ends, synthetic=synthetic)

    @on("tie.ended")
    def untied(self, told: Told) -> None:
        key = told.public["tie"]
        row = next((row for row in self.standing["tie"] if row["pk"] == key), None)
        found = self.last("tie", *self.TABLES["tie"].key_of(row)) if row else None
        self.change(found, told, f"tie {key}", ends=told.public["ends"])

    def allows(self, table: str, row: Row) -> bool:
        """What an import took from a file."""
        return table == "organisation" and row["event"] in self.files

    def finish(self) -> None:
        """What a file changed is known by the file alone, and of those it added their number."""
        for row in self.standing["organisation"]:
            found = self.last("organisation", row["code"])
            if found and row["event"] in self.files and row["event"] > found.last.id:
                found.values = {name: found.values[name] for name in ("code", "kind") if name in found.values}
        unforetold = sum(not self.last("organisation", row["code"]) for row in self.standing["organisation"])
        if self.files and unforetold != self.filed:
            self.fault("organisation", f"imports from files added {self.filed}", f"{unforetold} stand")


def _imports() -> Iterator[Told]:
    events = Event.objects.filter(stream=SYSTEM, event_type=IMPORTED).order_by("id")
    for some in batches(events.iterator(CHUNK), CHUNK):
        yield from (told for told, _ in read(some))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


REPLAYS = (People, Register)
# Tables of which the events say nothing, and why.
UNTOLD = {Message: "What people are told is no part of the log; a message names the event it was told because of."}
