"""Every text that the log keeps in private stands in no column that an order to erase does not reach."""

from collections import defaultdict

import pytest
from django.apps import apps
from django.db import models

from audit.leaf import PRIVATE_GROUPS
from audit.models import Event, Private, RecordedFact, RegisteredRow

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SHORTEST = 4
# Where private text stands besides the columns that a model names in ERASABLE or KEPT, and why.
STANDS = {
    "audit.Private.body": "it is the private text",
    "directory.Person.email": "emptied by person.erased",
    "directory.Person.full_name": "emptied by person.erased",
    "directory.Person.title": "emptied by person.erased",
}
# Here people are named after their seats, so their names stand in every plan; names are tried in tests/directory.
NAMED_AFTER_SEATS = {"full_name", "title"}


def texts(value):
    """Every line of every text of a document, without the names of its parts."""
    if isinstance(value, str):
        yield from (line.strip() for line in value.splitlines())
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def secrets():
    """Every private text, with the groups it is kept in; what entries say in public is none."""
    public = {text for event in Event.objects.iterator() for text in texts(event.document)}
    found = defaultdict(set)
    for row in Private.objects.select_related("event").iterator():
        said = row.document
        if row.event.event_type == "person.added":
            said = {name: text for name, text in said.items() if name not in NAMED_AFTER_SEATS}
        for text in texts(said):
            if len(text) >= SHORTEST and text not in public:
                found[text].add(row.grp)
    return found


def columns():
    """Every column of every table that can hold text, with its model."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField | models.BinaryField):
                yield model, field.attname


def stood(value):
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return value if isinstance(value, str) else "\n".join(texts(value))


def where():
    """The columns that hold a private text, and the groups it is kept in."""
    found, sought = defaultdict(set), secrets()
    for model, column in columns():
        held = "\n".join({stood(each) for each in model._base_manager.values_list(column, flat=True) if each})
        for text, groups in sought.items():
            if text in held:
                found[model, column] |= groups
    return found


def named(model):
    """The columns of a model that an order reaches, or that stay for a reason, with their groups."""
    return {**getattr(model, "ERASABLE", {}), **getattr(model, "KEPT", {})}


def test_private_text_stands_only_where_an_order_reaches_or_a_reason_is_given(lived):
    stray = {
        f"{model._meta.label}.{column}": groups
        for (model, column), groups in where().items()
        if not groups & {named(model).get(column)} and f"{model._meta.label}.{column}" not in STANDS
    }
    assert stray == {}


def test_the_world_has_a_text_in_every_column_that_is_named(lived):
    """Otherwise nothing above could be found in it."""
    found = where()
    unseen = {
        f"{model._meta.label}.{column}"
        for model in apps.get_models()
        if issubclass(model, RecordedFact | RegisteredRow) and model._meta.app_label != "ledger"
        for column, group in named(model).items()
        if group in PRIVATE_GROUPS and (model, column) not in found
    }
    assert unseen == set()
    assert {f"{model._meta.label}.{column}" for model, column in found} >= STANDS.keys() - {
        "directory.Person.full_name",
        "directory.Person.title",
    }
