from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"

    def ready(self) -> None:
        """Register the check of the flows."""
        from workflows.engine import checks  # noqa: F401
