"""WHO decides: seats, nominations, disinterest, sittings, quorum, positions."""

from django.apps import AppConfig


class PanelsConfig(AppConfig):
    """Knows nothing of CCGs: the next regulator reuses it as it is."""

    name = "panels"

    def ready(self) -> None:
        """Declare the database guards of this app."""
        from panels import triggers  # noqa: F401  models must be loaded first
