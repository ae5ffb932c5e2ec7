"""Answers kept under a key; a role for the whole organisation is held once on every database."""

import django.db.models.deletion
from django.db import migrations, models

import audit.base.clock
import audit.base.ids


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=audit.base.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("created_at", models.DateTimeField(default=audit.base.clock.now, editable=False)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("answer", models.TextField(blank=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="people_membership_once",
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("user", "team", "role"), name="people_membership_once"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("team", None)), fields=("user", "role"), name="people_organisation_once"
            ),
        ),
        migrations.AddField(
            model_name="idempotencykey",
            name="token",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="people.token"
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(fields=("token", "key"), name="people_idempotency_once"),
        ),
    ]
