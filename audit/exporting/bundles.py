"""One case's own entries with their proofs, in one file that anybody can check without us."""

from base64 import b64encode
from collections.abc import Collection, Iterable
from typing import Any

from audit import checkpoints, merkle
from audit.canonical import canonical
from audit.exporting.errors import ExportRefused
from audit.exporting.rows import snapshot
from audit.models import Checkpoint, Event, Private
from audit.nodes import Rows
from audit.witnessing import note_with_cosignatures

FORMAT = "panel-authority/bundle@v1"


def covering(streams: Collection[str]) -> Checkpoint:
    """A checkpoint that holds the last event of each stream, signed now if need be. Not inside a transaction.

    Raises ``NotYetSigned`` where nobody signs, and ExportRefused for a stream without events.
    """
    newest = [checkpoints.ensure_covering(_last(stream)) for stream in streams]
    return max(newest, key=lambda checkpoint: checkpoint.tree_size)


def bundle_for(streams: Collection[str], *, about: str, checkpoint: Checkpoint, disclose: Collection[str] = ()) -> str:
    """The entries of these streams up to the checkpoint, a proof for the last of each, and what opens `disclose`.

    ``disclose`` names private groups; the caller has checked who asks and recorded it. The links from each entry to
    the one before prove the rest of a stream. Spelt in the one canonical way, so that no byte has two readings.
    """
    with snapshot():
        document = {
            "format": FORMAT,
            "about": about,
            "checkpoint": note_with_cosignatures(checkpoint),
            "vkeys": checkpoints.vkeys_text(),
            "streams": [_stream(stream, checkpoint) for stream in streams],
            "disclosures": [each for stream in streams for each in _disclosures(stream, checkpoint, disclose)],
        }
    return canonical(document, "bundle").decode() + "\n"


def _last(stream: str) -> Event:
    last = Event.objects.filter(stream=stream, stream_seq__isnull=False).order_by("-stream_seq").first()
    if last is None:
        raise ExportRefused(f"Nothing is recorded under {stream}: there is nothing to bundle.")
    return last


def _stream(stream: str, checkpoint: Checkpoint) -> dict[str, Any]:
    size = checkpoint.tree_size
    events = Event.objects.filter(stream=stream, log_leaf__leaf_index__lt=size).order_by("stream_seq")
    rows = list(events.values_list("leaf", "log_leaf__leaf_index"))
    index = rows[-1][1]
    proof = merkle.inclusion_proof(Rows(), index, size)
    return {
        "stream": stream,
        "leaves": [bytes(leaf).decode() for leaf, _ in rows],
        "index": index,
        "proof": [b64encode(each).decode() for each in proof],
    }


def _disclosures(stream: str, checkpoint: Checkpoint, groups: Collection[str]) -> Iterable[dict[str, Any]]:
    rows = Private.objects.filter(
        event__stream=stream, event__log_leaf__leaf_index__lt=checkpoint.tree_size, grp__in=groups
    )
    columns = ("event__stream_seq", "grp", "salt", "body")
    for seq, group, salt, body in rows.order_by("event__stream_seq", "grp").values_list(*columns) if groups else ():
        yield {
            "stream": stream,
            "seq": seq,
            "group": group,
            "salt": bytes(salt).hex(),
            "body": bytes(body).decode(),
        }
