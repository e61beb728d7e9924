"""Cosignatures: somebody outside saw a head of this log and found that it extends the one she saw before.

A witness asks for the proof, checks it and signs with a key that never comes here. Anybody may bring her signature, for
it is the signature that is believed and not who brings it. A log rewritten later no longer fits what she signed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from audit import clock
from audit.actions import record_system
from audit.errors import CosignatureRefused, NoteRefused
from audit.leaf import By
from audit.models import Attestation, AttestationKind, Checkpoint, Leaf
from audit.notes import COSIGNATURE, MOST_SIGNATURES, Head, Note, Signature, VerifierKey, cosigned_at

# What is recorded about the log's own heads. They alone call for no new head, or each would call for the next.
OWN_EVENTS = frozenset({"checkpoint.cosigned", "checkpoint.stamped", "checkpoint.told"})
# Signature lines may come without their checkpoint: it is looked for among so many of the newest.
RECENT = 200
# How far a witness's clock may run ahead of ours.
AHEAD = timedelta(hours=1)


def witnesses() -> list[VerifierKey]:
    """The keys whose cosignatures count: those of the settings, and those of the file they name, one a line."""
    file = Path(settings.AUDIT_WITNESSES_FILE) if settings.AUDIT_WITNESSES_FILE else None
    lines = file.read_text(encoding="utf-8").splitlines() if file and file.is_file() else []
    keys = [VerifierKey.parse(line.strip()) for line in (*settings.AUDIT_WITNESSES, *lines) if line.strip()]
    return [key for key in dict.fromkeys(keys) if key.kind == COSIGNATURE]


def keep_cosignature(text: str, *, by: By) -> Attestation:
    """Keep the witnesses' signatures of a checkpoint: a whole note, or the signature lines alone.

    One for each key of a witness and checkpoint; one that is kept already is given back as it is. Raises
    CosignatureRefused for a text that cannot be read, a witness we do not know, a head that is not ours and a signature
    that does not verify.
    """
    keys = witnesses()
    note, checkpoint = _understood(text, keys)
    found = _by_witnesses(note.signatures, keys)
    times = [_time(note.text, key, signature) for key, signature in found]
    kept = [_keep(checkpoint, *one, at=at, by=by) for one, at in zip(found, times, strict=True)]
    return kept[0]


def note_with_cosignatures(checkpoint: Checkpoint) -> str:
    """The checkpoint as it is handed out: our signatures, then the witnesses' in the order they came.

    A row that does not hold a witness's signature of this checkpoint is left out; the doctor reports it.
    """
    keys = witnesses()
    kept = Attestation.objects.filter(checkpoint=checkpoint, kind=AttestationKind.COSIGNATURE).order_by("pk")
    lines = [Signature.parse(bytes(row.blob).decode()) for row in kept if not cosignature_fault(row, keys)]
    return str(Note.parse(checkpoint.note).with_signatures(*lines))


def cosignature_fault(row: Attestation, keys: Sequence[VerifierKey]) -> str:
    """Why a row is no witness's signature of its checkpoint; nothing when it is one."""
    try:
        signature = Signature.parse(bytes(row.blob).decode())
        text = Note.parse(row.checkpoint.note).text
        key = next((each for each in keys if signature.is_by(each) and each.name == row.who), None)
        if key is None:
            return "it is by none of the witnesses of this log; the keys of former ones belong into AUDIT_WITNESSES too"
        if cosigned_at(Note(text, (signature,)), key) != row.at:
            return "it was signed at another moment than the row says"
    except NoteRefused as refused:
        return refused.message
    except ValueError:
        return "it is no signature at all"
    return ""


def grown(since: int, until: int) -> bool:
    """Whether the log took anything between two sizes but what it notes about its own heads."""
    between = Leaf.objects.filter(leaf_index__gte=since, leaf_index__lt=until)
    return between.exclude(event__event_type__in=OWN_EVENTS).exists()


def _understood(text: str, keys: Sequence[VerifierKey]) -> tuple[Note, Checkpoint]:
    """The signatures over the text of a checkpoint of ours. Browsers change ends of lines, people lose the last one."""
    whole = text.replace("\r\n", "\n").strip() + "\n"
    try:
        if whole.startswith("\N{EM DASH} "):
            return _beside_recent(whole, keys)
        note = Note.parse(whole)
        return note, _checkpoint_of(note, Head.parse(note.text))
    except NoteRefused as unread:
        raise CosignatureRefused(unread.message) from unread


def _checkpoint_of(note: Note, head: Head) -> Checkpoint:
    checkpoint = Checkpoint.objects.filter(tree_size=head.size).first()
    if checkpoint is None:
        raise CosignatureRefused(
            f"This log has signed no checkpoint of {head.size} entries: cosign one it gives out at /audit/checkpoint."
        )
    ours = Note.parse(checkpoint.note)
    if ours.text != note.text:
        mine = Head.parse(ours.text)
        if head.origin != mine.origin:
            raise CosignatureRefused(f"This is a head of the log {head.origin}; this log is {mine.origin}.")
        raise CosignatureRefused(
            f"At {head.size} entries this log has another root than the note says. Keep that note: if our signature on "
            "it is good, this log has shown two faces, and auditors must hear of it."
        )
    return checkpoint


def _beside_recent(whole: str, keys: Sequence[VerifierKey]) -> tuple[Note, Checkpoint]:
    """Bare signature lines, put under the newest checkpoint that a known witness signed with them."""
    lines = whole.splitlines()
    if len(lines) > MOST_SIGNATURES:
        raise CosignatureRefused(f"These are {len(lines)} lines; at most {MOST_SIGNATURES} signatures are read.")
    signatures = tuple(Signature.parse(line) for line in lines)
    found = _by_witnesses(signatures, keys)
    newest = list(Checkpoint.objects.order_by("-tree_size")[:RECENT])
    if not newest:
        raise CosignatureRefused("This log has signed no checkpoint yet: there is nothing to cosign.")
    for checkpoint in newest:
        note = Note(Note.parse(checkpoint.note).text, signatures)
        if all(key.verifies(note.text, signature.blob) for key, signature in found):
            return note, checkpoint
    raise CosignatureRefused(
        f"These signatures fit none of the newest {len(newest)} checkpoints. Bring the whole note, text and signatures."
    )


def _by_witnesses(signatures: Iterable[Signature], keys: Sequence[VerifierKey]) -> list[tuple[VerifierKey, Signature]]:
    """The signatures that claim to be by a witness of ours. Raises CosignatureRefused when none does."""
    signed = list(signatures)
    if found := [(key, each) for each in signed for key in keys if each.is_by(key)]:
        return found
    signers = ", ".join(sorted({each.name for each in signed}))[:200]
    known = ", ".join(f"{key.name} ({key.key_id.hex()})" for key in keys)
    raise CosignatureRefused(
        f"None of these signatures is by a witness of this log; they are by {signers}. "
        + (f"Its witnesses are {known}." if known else "It has no witness yet: AUDIT_WITNESSES names their keys.")
    )


def _time(text: str, key: VerifierKey, signature: Signature) -> datetime:
    """The moment inside the signature, once it verifies."""
    if not key.verifies(text, signature.blob):
        raise CosignatureRefused(
            f"The signature of {key.name} does not verify: it was made over another text, or changed on the way."
        )
    try:
        at = cosigned_at(Note(text, (signature,)), key)
    except NoteRefused as beyond:
        raise CosignatureRefused(beyond.message) from beyond
    assert at is not None
    if at > clock.real_now() + AHEAD:
        raise CosignatureRefused(
            f"{key.name} signed this at {at:%Y-%m-%d %H:%M} UTC, which is still to come: set the clock."
        )
    return at


def _keep(checkpoint: Checkpoint, key: VerifierKey, signature: Signature, *, at: datetime, by: By) -> Attestation:
    """Event and row once for each key and checkpoint, also when two bring the same at one moment."""
    place = {"checkpoint": checkpoint, "kind": AttestationKind.COSIGNATURE, "who": key.name}
    blob = f"{signature}".encode()
    try:
        with transaction.atomic():
            kept = Attestation.objects.filter(**place).select_related("checkpoint").order_by("pk")
            if known := next((row for row in kept if not cosignature_fault(row, [key])), None):
                return known
            record_system("checkpoint.cosigned", by=by, public={"size": checkpoint.tree_size, "who": key.name})
            return Attestation.objects.create(**place, blob=blob, at=at)
    except IntegrityError:
        return Attestation.objects.get(**place, blob=blob)
