"""The tables of the log. Models stand in the order of their references: composite keys need it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("stream", models.CharField(max_length=64)),
                ("stream_seq", models.IntegerField(null=True)),
                ("event_type", models.CharField(max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("leaf", models.BinaryField()),
                ("leaf_hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("stream", "stream_seq"), name="audit_event_once_in_its_stream")
                ],
            },
        ),
        migrations.CreateModel(
            name="Private",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id", "grp", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="private_rows", to="audit.event"
                    ),
                ),
                ("grp", models.CharField(max_length=16)),
                ("salt", models.BinaryField(max_length=32)),
                ("body", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "event_id", "grp", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="erasures", to="audit.event"
                    ),
                ),
                ("grp", models.CharField(max_length=16)),
                (
                    "erasure_event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="audit.event"
                    ),
                ),
                ("ground", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="audit.event",
                    ),
                ),
            ],
            options={"verbose_name_plural": "pending events"},
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("leaf_index", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="log_leaf", to="audit.event"
                    ),
                ),
                ("leaf_hash", models.BinaryField(max_length=32)),
            ],
            options={
                "verbose_name_plural": "leaves",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("leaf_index__gte", 0)), name="audit_leaf_index_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "idx", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("idx", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("idx__gte", 0), ("level__gte", 1)), name="audit_tile_above_the_leaves"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("tree_size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.TextField()),
                ("key_id", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cosignature", "cosigned by a witness"),
                            ("tsa", "stamped by a time-stamp authority"),
                            ("published", "published"),
                            ("letter", "printed on a letter"),
                        ],
                        max_length=16,
                    ),
                ),
                ("who", models.CharField(max_length=200)),
                ("blob", models.BinaryField()),
                ("at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        db_column="tree_size",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="audit.checkpoint",
                    ),
                ),
            ],
        ),
    ]
