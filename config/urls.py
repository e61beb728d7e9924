"""Every address, gathered from the apps."""

from django.urls import include, path

from authorisation.enums import PANEL_OUTCOMES
from authorisation.grouping import WAVES
from authorisation.permissions import readable_cases
from config import health, pages
from panels.urls import urls as panel_urls

urlpatterns = [
    path("", include("workflows.urls")),
    path("", include("authorisation.urls")),
    path("", include(panel_urls(readable=readable_cases, outcomes=PANEL_OUTCOMES, grouping=WAVES))),
    path("", include("directory.urls")),
    path("robots.txt", pages.robots, name="robots"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler403 = "config.pages.forbidden"
handler404 = "config.pages.missing"
handler500 = "config.pages.failed"
