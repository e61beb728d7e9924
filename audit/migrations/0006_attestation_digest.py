from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0005_attestation_once'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='attestation',
            name='audit_attestation_once',
        ),
        migrations.AddField(
            model_name='attestation',
            name='digest',
            field=models.CharField(default='', editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name='attestation',
            constraint=models.UniqueConstraint(fields=('checkpoint', 'kind', 'who', 'digest'), name='audit_attestation_once'),
        ),
    ]
