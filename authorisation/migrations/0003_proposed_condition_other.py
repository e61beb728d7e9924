"""The organisation that would take over functions under a proposed direction (test D5 asks for it)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorisation', '0002_initial'),
        ('directory', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='proposedcondition',
            name='other',
            field=models.ForeignKey(blank=True, help_text='The other organisation that would take over functions (SI 2012/1631 reg 8(8)-(9))', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.organisation'),
        ),
        migrations.AddConstraint(
            model_name='proposedcondition',
            constraint=models.CheckConstraint(condition=models.Q(('other__isnull', True), models.Q(('direction', ''), _negated=True), _connector='OR'), name='authorisation_other_with_direction'),
        ),
    ]
