"""Where a witness's signature is brought. It is the signature that is believed, not who brings it."""

from __future__ import annotations

from itertools import islice
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from audit.attesting import proven
from audit.checkpoints import latest
from audit.errors import Refused
from audit.forms.dropped import Dropped, read_small
from audit.house import House
from audit.leaf import By
from audit.models import Attestation, AttestationKind
from audit.presenters.checking import printable
from audit.presenters.overview import signed
from audit.witnessing import keep_cosignature, note_with_cosignatures, witnesses

UNPROCESSABLE = 422
SHOWN = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cosignatures(request: HttpRequest, *, house: House) -> HttpResponse:
    """Take a cosigned checkpoint, pasted or as a file, and show those that are kept."""
    house.check_brings_cosignature(request.user)
    dropped = read_small(request) if request.method == "POST" else Dropped()
    fault = dropped.fault
    if dropped.text:
        try:
            brought = keep_cosignature(dropped.text, by=cast("By", request.user))
        except Refused as refused:
            fault = refused.message
        else:
            messages.success(request, f"The signature of {brought.who} on {brought.checkpoint_id:,} entries is kept.")
            return redirect("audit-cosignatures")
    newest = latest()
    kept = Attestation.objects.filter(kind=AttestationKind.COSIGNATURE)
    given = {
        "fault": fault,
        "typed": printable(dropped.text),
        "witnesses": witnesses(),
        "newest": signed([newest])[0] if newest else None,
        "note": note_with_cosignatures(newest) if newest else "",
        "kept": list(islice(proven(kept.order_by("-checkpoint", "-at")), SHOWN)),
    }
    return render(request, "audit/cosignatures.jinja", given, status=UNPROCESSABLE if fault else 200)
