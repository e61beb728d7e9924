"""A small site with the demonstration's sign-in, to visit."""

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import path


def page(text):
    return HttpResponse(f"<!doctype html><html><body>{text}</body></html>")


def demo(request):
    return page(f'<form><input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}"></form>')


def sign_in(request, key):
    if request.method != "POST" or key != "chair":
        return HttpResponse(status=404)
    request.session["key"] = key
    return redirect("/")


def home(request):
    return page("work") if request.session.get("key") else redirect("/demo/")


urlpatterns = [
    path("demo/", demo),
    path("demo/sign-in/<key>/", sign_in),
    path("", home),
    path("data/", lambda _request: JsonResponse({"a": 1})),
    path("short/", lambda _request: HttpResponse("<html><body>cut")),
    path("empty/", lambda _request: HttpResponse("", content_type="text/plain")),
    path("error/", lambda _request: HttpResponse("<html></html>", status=500)),
]
