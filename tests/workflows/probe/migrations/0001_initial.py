import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_initial"),
        ("directory", "0001_initial"),
        ("viewflow", "0015_task_scheduled"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProbeCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(editable=False, max_length=64, unique=True)),
                ("audit_seq", models.PositiveIntegerField(default=0, editable=False)),
                ("audit_head", models.BinaryField(default=b"", max_length=32)),
                ("reference", models.CharField(max_length=40, unique=True)),
                ("stage", models.CharField(default="draft", max_length=40)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                ("closes_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.organisation"
                    ),
                ),
                (
                    "board",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.organisation"
                    ),
                ),
                (
                    "process",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="probe",
                        to="viewflow.process",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
    ]
