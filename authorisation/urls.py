"""Addresses of applications, the public register and the calendar."""

from django.urls import path

from authorisation.views import applications, calendar, readers, register

urlpatterns = [
    path("applications/", applications.applications, name="applications"),
    path("applications/<slug:ref>/letter.pdf", applications.letter, name="letter"),
    path("applications/<slug:ref>/readers/", readers.application_readers, name="readers"),
    path("register/", register.register, name="register"),
    path("register/<slug:code>/", register.entry, name="entry"),
    path("calendar/", calendar.calendar, name="calendar"),
]
