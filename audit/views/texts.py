"""The log's head, its keys and proofs as plain text, for anybody's software to fetch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from audit import checkpoints, verify_log, witnessing
from audit.models import Checkpoint
from audit.notes import LARGEST_NUMBER

PLAIN = "text/plain; charset=utf-8"
# A head lives for five minutes; cosignatures may still come to it. What has been proved stays proved.
SHORT, LONG = 60, 86_400
short = cache_control(max_age=SHORT, public=True)
text = partial(HttpResponse, content_type=PLAIN)


def _missing(sentence: str) -> HttpResponse:
    return text(f"{sentence}\n", status=404)


@short
@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed head with its cosignatures (C2SP tlog-checkpoint)."""
    newest = checkpoints.latest()
    if newest is None:
        return _missing("This log has signed no checkpoint yet: ask again in five minutes.")
    return text(witnessing.note_with_cosignatures(newest))


@short
@require_safe
def checkpoint_at(_request: HttpRequest, size: int) -> HttpResponse:
    """The signed head of so many entries."""
    found = _signed(size)
    if found is None:
        return _missing("This log signed no checkpoint of that size. The newest is at /audit/checkpoint.")
    return text(witnessing.note_with_cosignatures(found))


@require_safe
def consistency(request: HttpRequest) -> HttpResponse:
    """The proof that the log of `old` entries begins the one of `new`, as a witness is asked (C2SP tlog-witness)."""
    old, new = (_number(request.GET.get(name, "")) for name in ("old", "new"))
    if old is None or (new is None and request.GET.get("new")):
        return text(
            "Ask with ?old=N, or ?old=N&new=M: how many entries two checkpoints of this log have.\n", status=400
        )
    held = checkpoints.latest() if new is None else _signed(new)
    if held is None:
        return _missing("This log signed no checkpoint of that size. The newest is at /audit/checkpoint.")
    if old > held.tree_size:
        return text(f"The checkpoint has {held.tree_size} entries: it cannot extend one of {old}.\n", status=400)
    response = text(checkpoints.consistency(old, held))
    response.headers["Cache-Control"] = f"max-age={SHORT if new is None else LONG}, public"
    return response


@short
@require_safe
def vkeys(_request: HttpRequest) -> HttpResponse:
    """Who may sign for this log, and who witnesses it."""
    return text(checkpoints.vkeys_text())


@short
@require_safe
def verifier(_request: HttpRequest) -> HttpResponse:
    """The stand-alone verifier, as it is used here."""
    response = HttpResponse(Path(verify_log.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="verify_log.py"'
    return response


def _signed(size: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_size=size).first() if size <= LARGEST_NUMBER else None


def _number(typed: str) -> int | None:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(LARGEST_NUMBER))):
        return None
    return int(typed) if int(typed) <= LARGEST_NUMBER else None
