"""Addresses of the start page, of one application and its steps, and of the demonstration."""

from django.urls import path

from workflows.views import cases, demonstration, home, sittings, trace

urlpatterns = [
    path("", home.home, name="home"),
    path("about/", home.about, name="about"),
    path("applications/<slug:ref>/", cases.application, name="application"),
    path("applications/<slug:ref>/do/<slug:step>/", cases.step, name="step"),
    path("applications/<slug:ref>/trace/", trace.application_trace, name="trace"),
    path("applications/<slug:ref>/bundle.json", trace.bundle, name="bundle"),
    path("panels/new/", sittings.propose, name="propose-panel"),
    path("panels/<str:ref>/list-sitting/", sittings.list_sitting, name="list-sitting"),
    path("demo/", demonstration.choose, name="demonstration"),
    path("demo/panels/<str:ref>/", demonstration.members, name="demonstration-members"),
    path("demo/panels/<str:ref>/sign-in/<int:pk>/", demonstration.become_member, name="become-member"),
    path("demo/sign-in/<slug:key>/", demonstration.become, name="become"),
]
