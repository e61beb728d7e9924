"""Addresses of applications, the public register and the calendar."""

from django.urls import path

from authorisation.views import applications, calendar, register

urlpatterns = [
    path("applications/", applications.applications, name="applications"),
    path("applications/<slug:ref>/letter.pdf", applications.letter, name="letter"),
    path("register/", register.register, name="register"),
    path("register/<slug:code>/", register.entry, name="entry"),
    path("calendar/", calendar.calendar, name="calendar"),
]
