"""Addresses of people and of signing in."""

from django.urls import path

from directory.views import people, signing_in

urlpatterns = [
    path("sign-in/", signing_in.sign_in, name="sign-in"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("people/", people.people, name="people"),
]
