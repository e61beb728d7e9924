"""The tables of this measurement, with everybody's triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from audit import fence


@contextmanager
def there() -> Iterator[None]:
    """Make them in the database of this run, after everything they refer to; the next run makes its own."""
    models = list(apps.get_app_config("rivals").get_models(include_auto_created=True))
    with connection.schema_editor() as editor:
        for model in models:
            model._meta.managed = True
            editor.create_model(model)
    fence.install(connection)
    if apps.is_installed("pgtrigger"):
        call_command("pgtrigger", "install", verbosity=0)
    try:
        yield
    finally:
        for model in models:
            model._meta.managed = False
