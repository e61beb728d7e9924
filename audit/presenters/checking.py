"""What somebody dropped, checked by the verifier that anybody can run, and beside our own log."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings

from audit import merkle, verify_log
from audit.checkpoints import latest, vkeys_text
from audit.errors import NoteRefused, Refused
from audit.house import Named
from audit.models import Checkpoint
from audit.nodes import Rows
from audit.notes import Head, Note, parse_proof

PROOF, BUNDLE, CHECKPOINT = "proof", "bundle", "checkpoint"
_BEGIN, _END = b"stream", b"endstream"
_FIRST_LINE = b"c2sp.org/tlog-proof@v1\n"
LARGEST_CODE = 100_000
# A letter of ours has some twenty; beyond this a file is none.
MOST_STREAMS = 1000


@dataclass(frozen=True)
class Kind:
    """A kind of evidence: what it is called, what it proves and what it does not, and the command that checks it."""

    name: str
    file: str
    proves: str
    silent: Sequence[str]
    command: str


_OUTSIDE = (
    "That the keeper of the key did not write a second, different history. Only a checkpoint from somewhere else shows "
    "that: one on another letter, one you kept from earlier, or one that a witness signed."
)
KINDS = {
    PROOF: Kind(
        name="the proof of one entry, as a letter's code holds it",
        file="letter.tlog-proof",
        proves="That the entry with this hash was in the log when the log's key signed this checkpoint, and has its "
        "place there. It cannot be taken out or changed without the checkpoint showing it.",
        silent=(
            "What the entry says: the code holds only its hash. The bundle of the case shows the entry itself.",
            "That the letter's words are those of the record: compare them with the bundle or the public register.",
            _OUTSIDE,
        ),
        command="python3 verify_log.py proof letter.tlog-proof --keys vkeys.txt",
    ),
    BUNDLE: Kind(
        name="the bundle of one case",
        file="case.bundle.json",
        proves="That these are the entries of the case, whole and in order from the first, as the log held them when "
        "this checkpoint was signed, and that what is disclosed with them is what was recorded at the time.",
        silent=(
            "What happened after the last entry: the case may have gone on.",
            "What is not disclosed. Of private content the log holds only a commitment.",
            "That what was recorded is true. The log proves who recorded what, and that it was not changed since.",
            _OUTSIDE,
        ),
        command="python3 verify_log.py bundle case.bundle.json --keys vkeys.txt",
    ),
    CHECKPOINT: Kind(
        name="a checkpoint, the signed head of the log",
        file="checkpoint.txt",
        proves="That the log's key signed this head, and which witnesses saw it.",
        silent=("What is in the log: a checkpoint is one hash over all of it. Check an export against it.", _OUTSIDE),
        command="python3 verify_log.py compare checkpoint.txt newest.txt --keys vkeys.txt --proof consistency.txt",
    ),
}


@dataclass(frozen=True)
class Step:
    """One step of a check; None when it could neither hold nor fail."""

    what: str
    ok: bool | None
    detail: str


@dataclass
class Checked:
    """What came of it. steps: what the evidence proves alone; ours: what this server adds to it."""

    kind: Kind
    verdict: str
    steps: list[Step]
    ours: list[Step] = field(default_factory=list)
    about: str = ""
    leaf_hash: str = ""
    size: int | None = None
    elsewhere: str = ""

    @property
    def contradicted(self) -> bool:
        """The evidence holds, and this server's log does not fit it."""
        return self.verdict == verify_log.VERIFIED and any(step.ok is False for step in self.ours)


def kind_of(text: str) -> str:
    """What a text is meant to be; nothing when it is like none of them."""
    start = text.lstrip()[:200]
    if start.startswith("{"):
        return BUNDLE
    if start.startswith("c2sp.org/tlog-proof"):
        return PROOF
    return CHECKPOINT if "\n\n\N{EM DASH} " in text else ""


Called = Callable[[Collection[str]], Mapping[str, Named]]
# As the verifier writes them. A person's is left as it is.
_STREAM = re.compile(r"(Stream )?'((?:application|panel):[0-9a-f-]{36})'")


def check(text: str, kind: str, named: Called = lambda _streams: {}) -> Checked:
    """Run the stand-alone verifier with our published keys, then compare with our newest checkpoint.

    named: what streams are called here, for those to whom the verifier's own words mean nothing.
    """
    run: dict[str, Callable[[str, str], verify_log.Report]] = {
        PROOF: verify_log.check_proof,
        BUNDLE: verify_log.check_bundle,
        CHECKPOINT: verify_log.check_checkpoint,
    }
    report = run[kind](text, vkeys_text())
    checked = Checked(
        kind=KINDS[kind],
        verdict=report.verdict,
        steps=_in_words([_step(each) for each in report.steps], named),
        about=printable(str(report.facts.get("about", ""))),
        leaf_hash=str(report.facts.get("leaf_hash", "")),
    )
    head = _head(text, kind)
    if head is not None and head.origin != settings.AUDIT_ORIGIN:
        checked.elsewhere = printable(head.origin)
    elif head is not None:
        checked.size = head.size
    if head is not None and report.verdict == verify_log.VERIFIED:
        checked.ours.append(_beside(head, latest()))
    return checked


def _in_words(steps: Sequence[Step], named: Called) -> list[Step]:
    """The verifier's steps with the references of cases and panels for their streams, and no options of a command."""
    streams = {found for step in steps for _, found in _STREAM.findall(f"{step.what} {step.detail}")}
    known = named(streams) if streams else {}

    def called(match: re.Match[str]) -> str:
        name = known.get(match[2])
        reference = name.text.partition(" ")[0].rstrip(",") if name else ""
        if not reference:
            return match[0]
        return f"The entries of {reference}" if match[1] else reference

    return [
        Step(
            _STREAM.sub(called, step.what),
            step.ok,
            _STREAM.sub(called, step.detail).replace(" (--old)", "").replace(" with --old", ""),
        )
        for step in steps
    ]


def printable(text: str) -> str:
    """Text from outside without what a page may not hold; line ends stay."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _step(step: verify_log.Step) -> Step:
    """The verifier notes as passed what is only to be known: that there is no witness, or a key it did not use."""
    remark = step.ok and (step.detail.startswith("none") or step.what.endswith("a remark"))
    return Step(printable(step.what), None if remark else step.ok, printable(step.detail))


def code_in(pdf: bytes) -> str:
    """The proof attached to a letter; nothing when there is none."""
    for stream in islice(_streams(pdf), MOST_STREAMS):
        if code := _unpacked(stream):
            return code.decode(errors="replace")
    return ""


def _streams(pdf: bytes) -> Iterator[bytes]:
    """What stands between the words that begin and end a stream. Every byte is looked at once, whatever the file."""
    at = 0
    while (begin := pdf.find(_BEGIN, at)) >= 0:
        at = begin + len(_BEGIN)
        # Elsewhere the word is only a word.
        if not pdf.startswith((b"\n", b"\r\n"), at):
            continue
        end = pdf.find(_END, at)
        if end < 0:
            return
        yield pdf[at:end].lstrip(b"\r\n")
        at = end + len(_END)


def _unpacked(stream: bytes) -> bytes:
    """The stream when it is a proof, packed or not. No more is unpacked than says so."""
    if stream.startswith(_FIRST_LINE):
        return stream.rstrip(b"\r\n") + b"\n"
    try:
        if zlib.decompressobj().decompress(stream, len(_FIRST_LINE)) == _FIRST_LINE:
            return zlib.decompressobj().decompress(stream, LARGEST_CODE)
    except zlib.error:
        pass
    return b""


def _head(text: str, kind: str) -> Head | None:
    try:
        if kind == PROOF:
            return Head.parse(parse_proof(text)[2].text)
        note = json.loads(text)["checkpoint"] if kind == BUNDLE else text
        return Head.parse(Note.parse(note).text)
    except (NoteRefused, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _beside(head: Head, newest: Checkpoint | None) -> Step:
    """Whether our log, as it is now, continues the one that was signed."""
    what = "The log kept here, today"
    if head.origin != settings.AUDIT_ORIGIN:
        told = f"The checkpoint is of the log {head.origin}; the one kept here is {settings.AUDIT_ORIGIN}."
        return Step(what, None, told)
    if newest is None or head.size > newest.tree_size:
        size = newest.tree_size if newest else 0
        return Step(
            what,
            False,
            f"The newest checkpoint here has {size:,} entries, fewer than the {head.size:,} that were signed: the log "
            "here was cut back. Keep what you have and show it to an auditor.",
        )
    try:
        path = merkle.consistency_proof(Rows(), head.size, newest.tree_size)
        merkle.check_consistency(head.size, newest.tree_size, head.root, bytes(newest.root), path)
    except Refused:
        return Step(
            what,
            False,
            f"The newest checkpoint here, of {newest.tree_size:,} entries, does not continue the one you hold: the log "
            "was rewritten, or has two faces. Keep what you have and show it to an auditor.",
        )
    if head.size == newest.tree_size:
        return Step(what, True, f"The checkpoint you hold is the newest here, of {newest.tree_size:,} entries.")
    return Step(
        what,
        True,
        f"The newest checkpoint here, of {newest.tree_size:,} entries, continues the one you hold, of {head.size:,}: "
        f"nothing under yours was changed since. Proved with {len(path)} hashes.",
    )
