"""WHAT is decided: rule sets, criteria, applications, findings, decisions, conditions, letters, the register."""

from django.apps import AppConfig


class AuthorisationConfig(AppConfig):
    """The authorisation of clinical commissioning groups, as data and actions; WHEN is the business of workflows."""

    name = "authorisation"

    def ready(self) -> None:
        """Declare the database guards of this app."""
        from authorisation import triggers  # noqa: F401  models must be loaded first
