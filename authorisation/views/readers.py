"""Who can read an application, and why one person can, or cannot."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from audit.reading import note_read
from authorisation.explaining import MOST_ASKED, people_called, readers, whys
from authorisation.models import Application
from directory.models import Person
from panels.permissions import check_audits

LONGEST_NAME = 100


@login_required
@require_safe
def application_readers(request: HttpRequest, ref: str) -> HttpResponse:
    """Everybody who can read a case, by reason; `who` asks about one person. The same number of queries for any."""
    viewer = cast("Person", request.user)
    check_audits(viewer)
    case = get_object_or_404(Application.objects.visible_to(viewer).select_related("ccg"), ref=ref)
    note_read(what="readers", ref=case.ref, by=viewer)
    who = request.GET.get("who", "").replace("\x00", "").strip()[:LONGEST_NAME]
    found = people_called(who, viewer) if who else []
    groups = readers(case)
    given = {
        "case": case,
        "who": who,
        "answers": whys(found[:MOST_ASKED], case) if found else [],
        "more": len(found) > MOST_ASKED,
        "groups": groups,
        "total": len({each.person.pk for group in groups for each in group.readers}),
    }
    return render(request, "authorisation/readers.jinja", given)
