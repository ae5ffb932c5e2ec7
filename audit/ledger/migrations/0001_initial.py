"""Entries, the head row, and the triggers that refuse every change of an entry (SQLite and PostgreSQL)."""

from django.db import migrations, models

from audit.ledger.domain import GENESIS

SQLITE = [
    """CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'Ledger entries are never changed.'); END""",
    """CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
    BEGIN SELECT RAISE(ABORT, 'Ledger entries are never deleted.'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION ledger_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'Ledger entries are never changed or deleted.'; END $$""",
    """CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_refuse()""",
    """CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_refuse()""",
]


def protect(apps, schema_editor):
    """Creates the triggers, and the head of an empty chain."""
    apps.get_model("ledger", "Head").objects.create(id=1, number=0, digest=GENESIS)
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.CharField(db_index=True, max_length=254)),
                ("actor_name", models.CharField(max_length=200)),
                ("on_behalf_of", models.CharField(blank=True, max_length=254)),
                ("action", models.CharField(db_index=True, max_length=60)),
                ("subject_type", models.CharField(max_length=60)),
                ("subject_id", models.CharField(max_length=64)),
                ("subject_name", models.CharField(max_length=300)),
                ("team", models.UUIDField(db_index=True, null=True)),
                ("reason", models.TextField(blank=True)),
                ("changes", models.JSONField(default=dict)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("origin", models.CharField(blank=True, max_length=80)),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "ordering": ("-number",),
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "-number"], name="ledger_entry_subject")
                ],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
                ("digest", models.CharField(max_length=64)),
            ],
        ),
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
                ("key", models.CharField(blank=True, max_length=16)),
                ("signature", models.CharField(blank=True, max_length=88)),
            ],
            options={"ordering": ("-pk",)},
        ),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
