from django.apps import AppConfig


class ProbeConfig(AppConfig):
    """A small case and small flows, installed by the tests only."""

    name = "tests.workflows.probe"
    label = "probe"
