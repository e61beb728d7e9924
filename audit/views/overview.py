"""The first page of the audit: whether the log holds, who signed it and who saw it."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit import doctor, sequencing
from audit.doctor.findings import so_many
from audit.house import House
from audit.leaf import By
from audit.models import Checkpoint
from audit.presenters.overview import last_reconciled, signed, state, wrong_entry
from audit.rechecked import last_recheck
from audit.rechecking import MOST_AT_ONCE, recheck
from audit.tasks import recheck as recheck_by_worker

PER_PAGE = 15


@login_required
@require_safe
def overview(request: HttpRequest, *, house: House) -> HttpResponse:
    """How far the log is checked, signed and witnessed, and what is wrong with it."""
    house.check_audits(request.user)
    page = Paginator(Checkpoint.objects.order_by("-tree_size"), PER_PAGE).get_page(request.GET.get("page"))
    newest = signed(list(Checkpoint.objects.order_by("-tree_size")[:1]))
    checked = last_recheck()
    given = {
        "findings": doctor.examine(),
        "checked": checked,
        "wrong": wrong_entry(checked) if checked else None,
        "reconciled": last_reconciled(),
        "state": state(),
        "newest": newest[0] if newest else None,
        "page": page,
        "checkpoints": signed(list(page)),
    }
    return render(request, "audit/overview.jinja", given)


@login_required
@require_POST
def recheck_now(request: HttpRequest, *, house: House) -> HttpResponse:
    """Check the whole log again, here when it is short and by the worker when it is long; the overview tells."""
    house.check_audits(request.user)
    size = sequencing.log_size()
    if size > MOST_AT_ONCE:
        recheck_by_worker.delay()
        messages.success(request, f"The worker checks all {size:,} entries now. Open this page again in a minute.")
    elif not recheck(by=cast("By", request.user)):
        checked = last_recheck()
        assert checked is not None
        told = f"{so_many(checked.size, 'entry was', 'entries were')} checked from the first, and nothing is wrong."
        messages.success(request, f"{told} {checked.signed or 0:,} of them are signed for.")
    return redirect("audit")
