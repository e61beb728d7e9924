from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DirectoryConfig(AppConfig):
    """Who exists: people, organisations, posts, ties and the grants that follow posts."""

    name = "directory"

    def ready(self) -> None:
        """Register the triggers, and forget cached permission ids whenever migrations may have made new ones."""
        from directory import grants, triggers

        triggers.register()
        post_migrate.connect(grants.forget_permission_ids, dispatch_uid="directory.forget_permission_ids")
