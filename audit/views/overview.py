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
from audit.errors import LogBroken
from audit.house import House
from audit.leaf import By
from audit.models import Checkpoint, Pending
from audit.presenters.overview import signed
from audit.rechecking import MOST_AT_ONCE, last_recheck, recheck
from audit.tasks import recheck as recheck_by_worker

PER_PAGE = 15


@login_required
@require_safe
def overview(request: HttpRequest, *, house: House) -> HttpResponse:
    """How far the log is checked, signed and witnessed, and what is wrong with it."""
    house.check_audits(request.user)
    page = Paginator(Checkpoint.objects.order_by("-tree_size"), PER_PAGE).get_page(request.GET.get("page"))
    newest = signed(list(Checkpoint.objects.order_by("-tree_size")[:1]))
    given = {
        "findings": doctor.examine(),
        "checked": last_recheck(),
        "size": sequencing.log_size(),
        "waiting": Pending.objects.count(),
        "newest": newest[0] if newest else None,
        "page": page,
        "checkpoints": signed(list(page)),
    }
    return render(request, "audit/overview.jinja", given)


@login_required
@require_POST
def recheck_now(request: HttpRequest, *, house: House) -> HttpResponse:
    """Check the whole log again, here when it is short and by the worker when it is long."""
    house.check_audits(request.user)
    size = sequencing.log_size()
    if size > MOST_AT_ONCE:
        recheck_by_worker.delay()
        messages.success(request, f"The worker checks all {size:,} entries now. Open this page again in a minute.")
    elif fault := recheck(by=cast("By", request.user)):
        raise LogBroken(fault)
    else:
        messages.success(request, f"All {size:,} entries were checked from the first, and are as they were signed.")
    return redirect("audit")
