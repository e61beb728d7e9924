from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "audit log"

    def ready(self) -> None:
        """Keep the database's triggers in step with the tables.

        Both signals come once for each application; ours alone is enough, for the tables of all
        are there by then.
        """
        pre_migrate.connect(_before_migrate, sender=self, dispatch_uid="audit.remove_triggers")
        post_migrate.connect(_after_migrate, sender=self, dispatch_uid="audit.install_triggers")


def _before_migrate(*, using: str, plan: list[Any] | None = None, **_: object) -> None:
    """Make room for SQLite's table remakes, which fail when a trigger of another table names theirs.

    A migration on SQLite therefore runs without the fence and without the queue of the log: it must
    not write events. Data that needs them is moved by a command.
    """
    from audit import fence

    if plan and connections[using].vendor == "sqlite":
        fence.remove(connections[using])


def _after_migrate(*, using: str, **_: object) -> None:
    from audit import fence

    fence.install(connections[using])
