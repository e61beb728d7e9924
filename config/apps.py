from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The commands that wire the parts together."""

    name = "config"
