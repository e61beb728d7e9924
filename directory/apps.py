from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DirectoryConfig(AppConfig):
    """Who exists: people, organisations, posts, ties and the grants that follow posts."""

    name = "directory"

    def ready(self) -> None:
        """Register the triggers, and forget cached keys whenever migrations may have made new ones."""
        from directory import grants, queries, triggers

        triggers.register()
        post_migrate.connect(grants.forget_permission_ids, dispatch_uid="directory.forget_permission_ids")
        post_migrate.connect(queries.forget_board, dispatch_uid="directory.forget_board")
