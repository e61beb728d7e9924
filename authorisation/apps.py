"""WHAT is decided: rule sets, criteria, applications, findings, decisions, conditions, letters, the register."""

from django.apps import AppConfig


class AuthorisationConfig(AppConfig):
    """The authorisation of clinical commissioning groups, as data and actions; WHEN is the business of workflows."""

    name = "authorisation"

    def ready(self) -> None:
        """Declare the database guards of this app, and what it tells the tests of disinterest."""
        from authorisation import roles as parts  # models must be loaded first
        from authorisation import triggers  # noqa: F401
        from panels import roles

        roles.register(parts.desk_top)
        roles.register_named(parts.named)
