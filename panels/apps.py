"""WHO decides: seats, nominations, disinterest, sittings, quorum, positions."""

from django.apps import AppConfig


class PanelsConfig(AppConfig):
    """Knows nothing of CCGs: the next regulator reuses it as it is."""

    name = "panels"

    def ready(self) -> None:
        """Declare the database guards of this app, and judge its messages before they are sent."""
        from panels import triggers, withholding  # noqa: F401  triggers declare themselves

        withholding.register()
