"""The walks over the chain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("seconds", models.FloatField()),
                ("number", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("broken_at", models.BigIntegerField(null=True)),
                ("actor_name", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
    ]
