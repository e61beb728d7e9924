"""One entry of the log at its permanent address."""

from __future__ import annotations

from dataclasses import dataclass
from json import dumps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from audit import altered, keyring
from audit.checkpoints import inclusion, latest
from audit.disclosing import groups, opened
from audit.errors import NoteRefused, Refused
from audit.forms.search import kinds, words
from audit.house import House
from audit.leaf import SYSTEM, By, hash_of
from audit.merkle import inclusion_proof
from audit.models import Checkpoint, Event
from audit.nodes import Rows
from audit.notes import Head, Note, verified
from audit.presenters.checking import printable
from audit.presenters.entries import facts, mentioned, of
from audit.presenters.proofs import Step, steps
from audit.queries import by_hash, index_of


@dataclass(frozen=True)
class Proof:
    """That an entry is under a signed head: the head, and each step from what the entry says now to its root."""

    size: int
    root: str
    made: str
    steps: list[Step]

    @property
    def holds(self) -> bool:
        """Whether the steps end at the root that was signed."""
        return (self.steps[-1].makes if self.steps else self.made) == self.root


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: HttpRequest, hash: bytes, *, house: House) -> HttpResponse:  # noqa: A002  the address's own word
    """What an entry says, where it stands, and its proof. Posting `show` opens one private group, and is recorded."""
    house.check_audits(request.user)
    event = _find(hash)
    asked = request.POST.get("show", "") if request.method == "POST" else ""
    shown = opened(event, asked, by=cast("By", request.user)) if asked else None
    return render(request, "audit/entry.jinja", {**_page(event, house, shown and shown.document), "shown": shown})


@login_required
@require_safe
def proof(request: HttpRequest, hash: bytes, *, house: House) -> HttpResponse:  # noqa: A002
    """The same proof as a file that needs nothing but the log's public key."""
    house.check_audits(request.user)
    event = _find(hash)
    checkpoint = _covering(event)
    if checkpoint is None:
        raise Http404
    response = HttpResponse(inclusion(event, checkpoint), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="entry-{index_of(event)}.tlog-proof"'
    return response


def _find(leaf_hash: bytes) -> Event:
    event = by_hash(leaf_hash)
    if event is None:
        raise Http404
    return event


def _page(event: Event, house: House, private: Any) -> dict[str, Any]:
    said, document = altered.said(event), altered.read(event)
    streams = {event.stream, said["actor"], *mentioned([said["public"], private], kinds())} - {SYSTEM}
    known = house.named(streams)
    checkpoint, first = _covering(event), _first(event)
    proofs = [_proof(event, each) for each in (checkpoint, first) if each]
    return {
        "event": event,
        "faults": [*altered.differences(event), *_unproven(proofs)],
        "hash": bytes(event.leaf_hash).hex(),
        "what": words(event.event_type),
        "said": said,
        "index": index_of(event),
        "of": of(event.stream, known),
        "by": of(said["actor"], known),
        "public": facts(said["public"], known) if said["public"] else [],
        "private": facts(private, known),
        "raw": dumps(document, ensure_ascii=False, indent=2)
        if document is not None
        else printable(bytes(event.leaf).decode(errors="replace")),
        "groups": groups(event),
        "beside": _beside(event),
        "first": first,
        "proof": proofs[0] if proofs else None,
    }


def _beside(event: Event) -> dict[str, str]:
    """The entries before and after it in its stream; none for those that belong to no chain."""
    if event.stream_seq is None:
        return {}
    rows = Event.objects.filter(stream=event.stream, stream_seq__in=(event.stream_seq - 1, event.stream_seq + 1))
    found = {seq: bytes(leaf_hash).hex() for seq, leaf_hash in rows.values_list("stream_seq", "leaf_hash")}
    places = {"previous": event.stream_seq - 1, "next": event.stream_seq + 1}
    return {name: found[seq] for name, seq in places.items() if seq in found}


def _first(event: Event) -> Checkpoint | None:
    """The first signed head that holds it: it cannot have been written later than that."""
    index = index_of(event)
    return Checkpoint.objects.filter(tree_size__gt=index).order_by("tree_size").first() if index is not None else None


def _covering(event: Event) -> Checkpoint | None:
    index, newest = index_of(event), latest()
    return newest if newest is not None and index is not None and index < newest.tree_size else None


def _proof(event: Event, checkpoint: Checkpoint) -> Proof:
    index = index_of(event)
    assert index is not None
    made = hash_of(bytes(event.leaf))
    try:
        climbed = steps(made, index, checkpoint.tree_size, inclusion_proof(Rows(), index, checkpoint.tree_size))
    except Refused:  # hashes that the way needs are not there
        return Proof(checkpoint.tree_size, _signed_root(checkpoint), made.hex(), [])
    return Proof(checkpoint.tree_size, _signed_root(checkpoint), made.hex(), climbed)


def _signed_root(checkpoint: Checkpoint) -> str:
    """The root that the log's key signed; nothing when it signed none, or another size. No column is believed."""
    try:
        note = Note.parse(checkpoint.note)
        head = Head.parse(note.text)
        verified(note, [key for key in keyring.known() if key.name == head.origin])
    except NoteRefused:
        return ""
    return head.root.hex() if head.size == checkpoint.tree_size else ""


def _unproven(proofs: list[Proof]) -> list[str]:
    """What is wrong between an entry and the heads that are said to hold it."""
    told = []
    for each in {proof.size: proof for proof in proofs}.values():
        if not each.root:
            told.append(f"The checkpoint of {each.size:,} entries is not signed by a key of this log.")
        elif not each.holds:
            told.append(f"It does not lead to the root that was signed for {each.size:,} entries.")
    return told
