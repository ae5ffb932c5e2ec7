"""The tables of the log, its empty head, and what Django cannot say of tables: triggers, and where postings lie."""

from uuid import uuid4

import django.db.models.functions.text
from django.db import migrations, models

import audit.ledger.fields
from audit.ledger import postings, triggers


def begin(apps, schema_editor):
    """Names the log, at size 0, puts the triggers in force, and shapes the table of postings."""
    apps.get_model("ledger", "Head").objects.create(id=1, origin=f"tollgate/{uuid4().hex[:12]}")
    for part in (triggers, postings):
        for statement in part.statements(schema_editor.connection.vendor):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Chain",
            fields=[
                ("key", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("bucket", models.IntegerField(db_index=True)),
                ("count", models.BigIntegerField()),
                ("head", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("origin", models.CharField(max_length=120)),
                ("size", models.BigIntegerField(default=0)),
                ("last", models.BigIntegerField(default=0)),
                ("gaps", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("sentence", models.TextField()),
                ("first_number", models.BigIntegerField(null=True)),
                ("halts", models.BooleanField(default=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("key_id", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("vkey", models.CharField(max_length=200)),
                ("since_size", models.BigIntegerField()),
                ("until_size", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("handover", models.TextField(blank=True)),
                ("lost", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("at",),
            },
        ),
        migrations.CreateModel(
            name="State",
            fields=[
                ("key", models.CharField(max_length=130, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("entry", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("seconds", models.FloatField()),
                ("size", models.BigIntegerField()),
                ("broken_at", models.BigIntegerField(null=True)),
                ("sentence", models.TextField()),
                ("actor_name", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("origin", models.CharField(max_length=120)),
                ("size", models.BigIntegerField()),
                ("note", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ("-pk",),
                "constraints": [models.UniqueConstraint(fields=("origin", "size"), name="ledger_checkpoint_once")],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.CharField(db_index=True, max_length=254)),
                ("actor_name", models.CharField(max_length=200)),
                ("on_behalf_of", models.CharField(blank=True, max_length=254)),
                ("action", models.CharField(max_length=60)),
                ("subject_type", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=64)),
                ("subject_name", models.CharField(max_length=300)),
                ("model", models.UUIDField(null=True)),
                ("use_case", models.UUIDField(null=True)),
                ("team", models.UUIDField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("changes", audit.ledger.fields.CanonicalField(default=dict)),
                ("states", audit.ledger.fields.CanonicalField(default=dict)),
                ("address", models.CharField(blank=True, max_length=60)),
                ("origin", models.CharField(blank=True, max_length=80)),
                ("pruned", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "-id"], name="ledger_entry_subject"),
                    models.Index(fields=["action", "-id"], name="ledger_entry_action"),
                    models.Index(fields=["model", "subject_type", "-id"], name="ledger_entry_model"),
                    models.Index(fields=["use_case", "-id"], name="ledger_entry_use_case"),
                    models.Index(fields=["team", "-id"], name="ledger_entry_team"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IndexNode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.SmallIntegerField()),
                ("position", models.IntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "position"), name="ledger_index_node_once")],
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.BinaryField(max_length=32)),
                ("subject_at", models.BigIntegerField(null=True)),
                ("model_at", models.BigIntegerField(null=True)),
                ("use_case_at", models.BigIntegerField(null=True)),
                ("team_at", models.BigIntegerField(null=True)),
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=models.DO_NOTHING,
                        related_name="leaf",
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.SmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "position"), name="ledger_node_once")],
            },
        ),
        migrations.CreateModel(
            name="Personal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.CharField(blank=True, max_length=36)),
                ("value", models.CharField(max_length=500)),
                (
                    "folded",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Lower("value"),
                        output_field=models.CharField(max_length=500),
                    ),
                ),
                ("salt", models.CharField(max_length=32)),
                ("commitment", models.CharField(max_length=52, unique=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "value"], name="ledger_personal_value"),
                    models.Index(
                        condition=models.Q(("erased_at__isnull", False)),
                        fields=["erased_at"],
                        name="ledger_personal_erased",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("oldest", models.BigIntegerField()),
                ("newest", models.BigIntegerField()),
                ("times", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Indexed",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("done", models.BigIntegerField(default=0)),
                ("version", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "block", "word", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("block", models.IntegerField()),
                ("word", models.TextField()),
                ("count", models.IntegerField()),
                ("bits", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user", models.UUIDField()),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=500)),
            ],
            options={
                "ordering": ("name",),
                "constraints": [models.UniqueConstraint(fields=("user", "name"), name="ledger_view_once")],
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
