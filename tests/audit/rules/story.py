"""A history made by the real actions, taken out of the database, and what could be written into it instead.

Every change is made to plain documents; `files()` numbers and links them anew and signs them, as whoever keeps both
the database and the key could. Nothing but the rules is left to tell.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

from audit.canonical import canonical
from audit.leaf import commitment, hash_of
from audit.merkle import Frontier
from audit.models import Event, Private
from audit.notes import ED25519, Head, Note, SigningKey, sign
from audit.verify_log import Report, Rules, check_export

ORIGIN = "board.example/ccg-authorisation/log"
KEY = SigningKey(ORIGIN, ED25519, b"board" + b"." * 27)
KEYS = f"{KEY.verifier}\n"


@dataclass
class Entry:
    """One document and the private groups that may be shown with it."""

    document: dict[str, Any]
    private: dict[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> dict[str, Any]:
        return self.document["public"]

    @property
    def type(self) -> str:
        return self.document["type"]


class Story:
    """Entries in log order."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def copy(self) -> "Story":
        return Story(deepcopy(self.entries))

    def all(self, type_: str, where: Callable[[Entry], bool] = lambda _: True) -> list[Entry]:
        return [each for each in self.entries if each.type == type_ and where(each)]

    def last(self, type_: str, where: Callable[[Entry], bool] = lambda _: True) -> Entry:
        return self.all(type_, where)[-1]

    def before(self, later: Entry, type_: str, where: Callable[[Entry], bool] = lambda _: True) -> Entry:
        """The last such entry of the same stream before one."""
        at = next(index for index, each in enumerate(self.entries) if each is later)
        same = [each for each in self.entries[:at] if each.document["stream"] == later.document["stream"]]
        return [each for each in same if each.type == type_ and where(each)][-1]

    def drop(self, *gone: Entry) -> None:
        self.entries = [each for each in self.entries if not any(each is one for one in gone)]

    def put_before(self, later: Entry, new: Entry) -> None:
        at = next(index for index, each in enumerate(self.entries) if each is later)
        self.entries.insert(at, new)

    def leaves(self) -> tuple[list[bytes], list[dict[str, Any]]]:
        """The bytes of each entry, numbered and linked, and the disclosures."""
        heads: defaultdict[str, tuple[int, str | None]] = defaultdict(lambda: (0, None))
        leaves, shown = [], []
        for index, entry in enumerate(self.entries):
            document = entry.document
            if document["stream"] != "system":
                seq, document["prev"] = heads[document["stream"]]
                document["seq"] = seq + 1
            for group, body in entry.private.items():
                salt, text = bytes([index % 256]) * 32, canonical(body, group)
                document["private"][group] = commitment(salt, text)
                shown.append({"index": index, "group": group, "salt": salt.hex(), "body": text.decode()})
            leaf = canonical(document)
            if document["stream"] != "system":
                heads[document["stream"]] = (document["seq"], hash_of(leaf).hex())
            leaves.append(leaf)
        return leaves, shown

    def files(self) -> tuple[bytes, str, bytes]:
        """The export, its checkpoint and the disclosures."""
        leaves, shown = self.leaves()
        tree = Frontier()
        for leaf in leaves:
            tree.append(hash_of(leaf))
        text = Head(ORIGIN, tree.size, tree.root()).body()
        note = Note(text, (sign(text, KEY),))
        return b"".join(leaf + b"\n" for leaf in leaves), str(note), b"".join(canonical(row) + b"\n" for row in shown)

    def check(self, *, disclosed: bool = True, allow_old: bool = False) -> Report:
        """What a stranger's program says of it."""
        export, note, shown = self.files()
        private = BytesIO(shown) if disclosed else None
        return check_export(BytesIO(export), note, KEYS, disclosures=private, rules=Rules(allow_old=allow_old))


def recomposed(entry: Entry) -> None:
    """Give an altered composition the hash that belongs to it."""
    entry.public["composition_sha256"] = sha256(canonical(entry.public["composition"])).hexdigest()


def taken() -> Story:
    """The whole history in the database."""
    private: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for row in Private.objects.all():
        private[row.event_id][row.grp] = json.loads(bytes(row.body))
    rows = Event.objects.order_by("pk").values_list("pk", "leaf")
    return Story([Entry(json.loads(bytes(leaf)), private[pk]) for pk, leaf in rows])


def breaches() -> list[str]:
    """What the rules say of the database as it stands, with everything disclosed."""
    rules = Rules()
    for index, entry in enumerate(taken().entries):
        shown = {group: canonical(body) for group, body in entry.private.items()}
        rules.entry(index, entry.document, b"", shown)
    return [str(each) for each in rules.breaches]
