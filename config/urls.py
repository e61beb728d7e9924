"""Every address, gathered from the apps."""

from django.urls import include, path

from audit.house import House
from audit.urls import urls as audit_urls
from authorisation.enums import PANEL_OUTCOMES
from authorisation.grouping import WAVES
from authorisation.permissions import readable_cases
from authorisation.presenters import streams
from config import health, pages
from panels.permissions import check_audits, check_brings_cosignature
from panels.urls import urls as panel_urls

HOUSE = House(
    check_audits=check_audits,
    check_brings_cosignature=check_brings_cosignature,
    named=streams.named,
    found=streams.found,
    people=streams.people,
    offices=streams.offices,
    holders=streams.holders,
    document=streams.document,
)
urlpatterns = [
    path("", include("workflows.urls")),
    path("", include("authorisation.urls")),
    path("", include(panel_urls(readable=readable_cases, outcomes=PANEL_OUTCOMES, grouping=WAVES))),
    path("", include(audit_urls(HOUSE))),
    path("", include("directory.urls")),
    path("robots.txt", pages.robots, name="robots"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler403 = "config.pages.forbidden"
handler404 = "config.pages.missing"
handler500 = "config.pages.failed"
