"""A change that SQLite can make only by making the table anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.AlterField("case", "name", models.CharField(max_length=60))]
