from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_noted'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='attestation',
            constraint=models.UniqueConstraint(fields=('checkpoint', 'kind', 'who'), name='audit_attestation_once'),
        ),
    ]
