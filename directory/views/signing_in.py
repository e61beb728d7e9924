"""Signing in and out."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from directory.actions.signing_in import note_sign_in_failed, note_signed_in, note_signed_out
from directory.forms.signing_in import SignInForm
from directory.models import Person

UNPROCESSABLE = 422


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by e-mail address and password, then go where one meant to go, on this site only."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if request.method == "POST":
        form = SignInForm(request.POST, request=request)
        if form.is_valid():
            person = cast("Person", form.person)
            note_signed_in(by=person)
            login(request, person)
            return redirect(_safe(request, wanted))
        if form.refused:
            note_sign_in_failed(email=form.refused)
    else:
        form = SignInForm(request=request)
    page = {"form": form, "next": wanted}
    return render(request, "directory/sign_in.jinja", page, status=UNPROCESSABLE if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, Person):
        note_signed_out(by=request.user)
    logout(request)
    messages.success(request, "You are signed out.")
    return redirect("home" if settings.DEMONSTRATION else settings.LOGOUT_REDIRECT_URL)


def _safe(request: HttpRequest, wanted: str) -> str:
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else settings.LOGIN_REDIRECT_URL
