"""What every page knows, and the pages for what went wrong."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from audit.errors import Refused
from audit.reading import note_refused, reference
from authorisation.models import Application
from directory.models import Person
from panels.permissions import audits, brings_cosignature
from workflows.engine.errors import NotNow

PUBLIC = (
    "/register/",
    "/calendar/",
    "/audit/verify/",
    "/audit/verify_log.py",
    "/audit/checkpoint",
    "/audit/consistency",
    "/audit/vkeys",
)
ROBOTS = "\n".join(["User-agent: *", *(f"Allow: {path}" for path in PUBLIC), "Disallow: /", ""])
CONFLICT, UNPROCESSABLE = 409, 422
# What an address calls the thing it is about.
REFERENCES = ("ref", "code", "pk", "key")
OVERTAKEN = "Something else was recorded at the same moment, so nothing was changed: look again, then repeat it."
logger = logging.getLogger(__name__)


def context(request: HttpRequest) -> dict[str, Any]:
    """The names of the layout: who is signed in, what to tell them, whether this is the demonstration."""
    person = getattr(request, "user", None)
    return {
        "person": person if person is not None and person.is_authenticated else None,
        "messages": get_messages(request) if hasattr(request, "_messages") else (),
        "demonstration": settings.DEMONSTRATION,
        # Asked of the database when a page asks, and once.
        "may_audit": SimpleLazyObject(lambda: isinstance(person, Person) and audits(person)),
        "may_cosign": SimpleLazyObject(lambda: isinstance(person, Person) and brings_cosignature(person)),
    }


class Refusals:
    """Answers what an action refused with its own sentence, whatever page it was asked from; keeps pages private."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Keep pages of somebody signed in out of every store: after signing out, "back" shows nothing."""
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """409 when a step is not open now, 422 for any other refusal; None for everything else."""
        if isinstance(error, NotNow):
            return _say(request, "errors/409.jinja", CONFLICT, error.message)
        if isinstance(error, Refused):
            return _say(request, "errors/422.jinja", UNPROCESSABLE, error.message)
        if isinstance(error, IntegrityError):
            # Every action asks first; what the database alone refuses is a race lost, or a fault worth the log.
            logger.warning("The database refused %s %s.", request.method, request.path, exc_info=error)
            return _say(request, "errors/409.jinja", CONFLICT, OVERTAKEN)
        return None


def _say(request: HttpRequest, template: str, status: int, sentence: str) -> HttpResponse:
    return render(request, template, {"sentence": sentence}, status=status)


def _note_refused(request: HttpRequest) -> None:
    """Record that somebody signed in was refused this page. The answer is given whether or not that succeeds."""
    try:
        person, match = getattr(request, "user", None), request.resolver_match
        # In a transaction that is lost already nothing can be written, nor should it be.
        if match is None or not isinstance(person, Person) or connection.needs_rollback:
            return
        given = match.kwargs
        ref = next((given[name] for name in REFERENCES if name in given), "")
        note_refused(what=match.url_name or "", ref=str(ref), by=person)
    except (DatabaseError, InterfaceError):
        logger.exception("A refusal of %s was not recorded.", request.path)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person may not; the action's own sentence says why. That they tried is recorded."""
    _note_refused(request)
    told = str(exception) if isinstance(exception, PermissionDenied) else ""
    return _say(request, "errors/403.jinja", 403, told)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or none this person may open; the answer is the same, so that it gives nothing away."""
    del exception  # it may name what is not to be known
    if _hidden(request):
        _note_refused(request)
    return _say(request, "errors/404.jinja", 404, "")


def _hidden(request: HttpRequest) -> bool:
    """Whether there is such a case, and it is this person signed in who may not know."""
    match = request.resolver_match
    ref = reference(match.kwargs.get("ref", "")) if match is not None else ""
    try:
        person = getattr(request, "user", None)
        if not ref or not isinstance(person, Person) or connection.needs_rollback:
            return False
        open_to_them = Application.objects.visible_to(person)
        return Application.objects.filter(ref=ref).exclude(pk__in=open_to_them.values("pk")).exists()
    except (DatabaseError, InterfaceError):
        return False


def failed(request: HttpRequest) -> HttpResponse:
    """Something broke. Reads nothing but the template: what broke may be the database."""
    return render(request, "errors/500.jinja", {"person": None, "messages": ()}, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """A form posted without its token: mostly a page left open since before somebody signed in."""
    return _say(
        request, "errors/403.jinja", 403, "This form is too old to be sent. Go back, open the page again and send it."
    )


@require_safe
@cache_control(max_age=86_400, public=True)
def robots(_request: HttpRequest) -> HttpResponse:
    """Search engines may read what is public."""
    return HttpResponse(ROBOTS, content_type="text/plain")
