from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_search_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Noted',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=64)),
                ('until', models.DateTimeField()),
                ('more', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'noted',
                'default_permissions': (),
                'indexes': [models.Index(fields=['kind', 'until'], name='audit_noted_over')],
            },
        ),
    ]
