"""A small log and everything that can be done to it, in files, without the program that keeps logs.

A world begins honest: twelve entries of four streams, one checkpoint signed by the Board and cosigned by
the Coalition. Each method does one thing to it and returns it, so that a failure case reads as a sentence.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from audit.canonical import canonical
from audit.leaf import Place, draft, hash_of
from audit.merkle import Frontier, inclusion_proof
from audit.notes import (
    COSIGNATURE,
    ED25519,
    Head,
    Note,
    SigningKey,
    cosign,
    proof_text,
    sign,
)
from tests.audit.merkle.trees import Held

ORIGIN = "board.example/ccg-authorisation/log"
BOARD = SigningKey(ORIGIN, ED25519, b"board" + b"." * 27)
NEXT = SigningKey(ORIGIN, ED25519, b"next key of the board" + b"." * 11)
STRANGER = SigningKey(ORIGIN, ED25519, b"stranger" + b"." * 24)
ELSEWHERE = SigningKey("elsewhere.example/log", ED25519, b"elsewhere" + b"." * 23)
COALITION = SigningKey("coalition.example/witness", COSIGNATURE, b"coalition" + b"." * 23)
BEGIN = datetime(2012, 10, 1, 9, tzinfo=UTC)

LEEDS, HULL = "application:11111111-1111-4111-8111-111111111111", "application:22222222-2222-4222-8222-222222222222"
PANEL = "panel:33333333-3333-4333-8333-333333333333"
STORY = [
    ("system", "log.key_introduced", {}),
    (LEEDS, "application.opened", {}),
    (HULL, "application.opened", {}),
    (PANEL, "panel.convened", {"person": {"name": "Ada Lovelace"}}),
    (LEEDS, "finding.recorded", {"free_text": {"reasons": "Plans are sound."}}),
    (HULL, "finding.recorded", {"free_text": {"reasons": "Plans are thin."}, "person": {"name": "Ada Lovelace"}}),
    ("system", "person.signed_in", {}),
    (LEEDS, "position.stated", {"interest": {"position": "concur"}}),
    (PANEL, "panel.closed", {}),
    (HULL, "position.stated", {"interest": {"position": "dissent"}}),
    (LEEDS, "decision.recorded", {}),
    ("system", "export.made", {}),
]
LAST_OF_LEEDS = 10


@dataclass
class World:
    """The files that an auditor is given, and the history they were made from."""

    entries: list[bytes]
    private: list[dict]
    note: Note
    keys: list = field(default_factory=lambda: [BOARD.verifier])
    held: list[str] = field(default_factory=list)
    proof: str = ""
    leaf: bytes = b""
    options: list[str] = field(default_factory=list)
    command: str = ""
    disclosed: bool = False

    # What the keeper of the log does to the entries

    def alter(self, index, **changed):
        """Change what one entry says, and nothing else."""
        document = json.loads(self.entries[index])
        document |= changed or {"reason_code": "altered"}
        self.entries[index] = canonical(document)
        return self

    def spell(self, index, change):
        """Write one entry in other bytes."""
        self.entries[index] = change(self.entries[index])
        return self

    def delete(self, index):
        del self.entries[index]
        self.private = [row for row in self.private if row["index"] != index]
        return self

    def duplicate(self, index):
        self.entries.insert(index, self.entries[index])
        return self

    def swap(self, one, other):
        self.entries[one], self.entries[other] = self.entries[other], self.entries[one]
        return self

    def truncate(self, size):
        del self.entries[size:]
        self.private = [row for row in self.private if row["index"] < size]
        return self

    def go_on(self, *types):
        """Append further entries."""
        for event_type in types:
            self.entries.append(_entry(self.entries, LEEDS, event_type, {}).leaf)
        return self

    def relink(self):
        """Make every entry name the hash of the one before it in its stream again."""
        heads = {}
        for index, entry in enumerate(self.entries):
            document = json.loads(entry)
            if document["seq"] is not None:
                document["prev"] = heads.get(document["stream"])
                self.entries[index] = canonical(document)
                heads[document["stream"]] = hash_of(self.entries[index]).hex()
        return self

    # What the holder of a key does

    def sign(self, *keys, **head):
        """Make a checkpoint of the entries as they are now; by default with the Board's own (stolen) key."""
        self.note = checkpoint(self.entries, *keys, **head)
        return self

    def cosigned(self, note=None):
        """Add the Coalition's cosignature: a true one of this checkpoint, or the one of another note."""
        lines = [cosign(self.note.text, COALITION, BEGIN + timedelta(days=1))] if note is None else note.signatures[1:]
        self.note = self.note.with_signatures(*lines)
        return self

    def say(self, old, new):
        """Change the text of the checkpoint under its signatures."""
        assert old in self.note.text
        self.note = replace(self.note, text=self.note.text.replace(old, new))
        return self

    def unsigned(self):
        self.note = replace(self.note, signatures=())
        return self

    # What the auditor holds and asks

    def trust(self, *keys):
        self.keys = [key.verifier for key in keys]
        return self

    def hold(self, note):
        """Give the auditor another checkpoint, from a letter, a colleague or last year."""
        self.held.append(str(note))
        return self

    def demand_witness(self):
        """Ask for the Coalition's cosignature."""
        self.options += ["--require-witness", "--witness", str(COALITION.verifier)]
        return self

    def disclose(self, change=None):
        """Hand over the private groups, after some change to them."""
        self.private = change(self.private) if change else self.private
        self.disclosed = True
        return self

    def prove(self, index, *, at=None, leaf=None, change=list):
        """Hand over the proof of one entry instead of an export."""
        hashes = change(inclusion_proof(Held([hash_of(entry) for entry in self.entries]), index, len(self.entries)))
        self.leaf = self.entries[index if leaf is None else leaf]
        self.proof = proof_text(index if at is None else at, hashes, self.note, hash_of(self.leaf))
        self.command = "proof"
        return self

    def compare(self):
        """Ask whether two checkpoints can both be true."""
        self.command = "compare"
        return self

    def write(self, folder):
        """Write the files and return the arguments that check them."""
        put(folder / "vkeys.txt", "".join(f"{key}\n" for key in self.keys))
        put(folder / "checkpoint.txt", str(self.note))
        put(folder / "export.jsonl", b"".join(entry + b"\n" for entry in self.entries))
        held = [put(folder / f"held-{number}.txt", note) for number, note in enumerate(self.held)]
        keys = ["--keys", folder / "vkeys.txt", *self.options]
        if self.command == "proof":
            path = put(folder / "entry.tlog-proof", self.proof)
            return ["proof", path, *keys, "--leaf", put(folder / "leaf.json", self.leaf)]
        if self.command == "compare":
            return ["compare", *held, folder / "checkpoint.txt", *keys]
        if self.disclosed:
            rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.private)
            keys += ["--disclosures", put(folder / "private.jsonl", rows)]
        old = [part for path in held for part in ("--old", path)]
        return [folder / "export.jsonl", folder / "checkpoint.txt", *keys, *old]


def honest(size=None):
    """Return the world before anybody did anything to it: each time the same, salts and all."""
    entries, private = _story()
    shown = entries[:size]
    return World(list(shown), [row for row in private if row["index"] < len(shown)], checkpoint(shown)).cosigned()


@cache
def _story():
    entries, private = [], []
    for stream, event_type, groups in STORY:
        made = _entry(entries, stream, event_type, groups)
        private += [
            {"index": len(entries), "group": one.group, "salt": one.salt.hex(), "body": one.body.decode()}
            for one in made.secrets
        ]
        entries.append(made.leaf)
    return entries, private


def checkpoint(entries, *keys, size=None, origin=ORIGIN):
    """Return the signed head over the first ``size`` entries."""
    frontier = Frontier()
    for entry in entries[:size]:
        frontier.append(hash_of(entry))
    body = Head(origin, frontier.size, frontier.root()).body()
    return Note(body, tuple(sign(body, key) for key in keys or (BOARD,)))


def committed(private, index, its_group, **changed):
    """Return one disclosure changed, for ``disclose``."""
    return [row | changed if (row["index"], row["group"]) == (index, its_group) else row for row in private]


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _entry(entries, stream, event_type, groups):
    before = [entry for entry in entries if json.loads(entry)["stream"] == stream]
    place = Place(stream, None, None)
    if stream != "system":
        place = Place(stream, len(before) + 1, hash_of(before[-1]).hex() if before else None)
    return draft(
        place,
        event_type,
        by="system",
        role="secretary",
        public={"number": len(entries)},
        private=groups,
        reason_code="",
        ruleset="2012-1",
        at=BEGIN + timedelta(hours=len(entries)),
    )
