"""PostgreSQL itself checks that a stored hash is the hash of the stored leaf; SQLite has no SHA-256."""

from django.db import migrations

ADD = """
ALTER TABLE audit_event ADD CONSTRAINT audit_event_leaf_hash_is_of_leaf
CHECK (leaf_hash = sha256('\\x00'::bytea || leaf))
"""
DROP = "ALTER TABLE audit_event DROP CONSTRAINT audit_event_leaf_hash_is_of_leaf"


def add(_apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(ADD, params=None)


def drop(_apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(DROP, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(add, drop, elidable=False)]
