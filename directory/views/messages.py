"""What people were told: everything for the secretariat, one's own for everybody else."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.reading import note_read
from directory.forms.messages import SendAgain
from directory.models import DeliveryState, Message, Person
from directory.permissions import may_send_again
from directory.presenters.messages import COLOURS, history
from directory.queries import messages_about
from directory.views.acting import act

PER_PAGE = 50


@login_required
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """The messages this person may see, the newest first; the secretariat looks for people and states."""
    person = cast("Person", request.user)
    everything = may_send_again(person)
    wanted = request.GET.get("q", "").replace("\x00", "").strip()[:100] if everything else ""
    state = request.GET.get("state", "") if everything else ""
    found = messages_about(Message.objects.visible_to(person), state=state, words=wanted)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "total": page.paginator.count,
        "everything": everything,
        "q": wanted,
        "state": state if state in DeliveryState.values else "",
        "states": DeliveryState.choices,
        "colours": COLOURS,
    }
    return render(request, "directory/outbox.jinja", context)


@login_required
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message, what became of it, and where it leads. Reading what somebody else was told is recorded."""
    found, reader = _visible(request, pk), cast("Person", request.user)
    if found.to_id != reader.pk:
        note_read(what="message", ref=str(pk), by=reader)
    return _page(request, found)


@login_required
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message again that was given up."""
    found = _visible(request, pk)
    return act(
        request,
        partial(SendAgain, message=found),
        template="directory/message.jinja",
        context=_context(request, found),
        then=reverse("message", args=[pk]),
    )


def _visible(request: HttpRequest, pk: int) -> Message:
    seen = Message.objects.visible_to(request.user).select_related("to", "event", "delivery__again_by")
    return get_object_or_404(seen, pk=pk)


def _page(request: HttpRequest, found: Message) -> HttpResponse:
    return render(request, "directory/message.jinja", {**_context(request, found), "form": None})


def _context(request: HttpRequest, found: Message) -> dict[str, object]:
    everything = may_send_again(cast("Person", request.user))
    failed = found.delivery.state == DeliveryState.FAILED
    return {
        "told": found,
        "history": history(found),
        "everything": everything,
        "may_send_again": everything and failed,
        "colour": COLOURS[found.delivery.state],
    }
