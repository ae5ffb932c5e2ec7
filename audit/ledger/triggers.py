"""The database refuses to change or delete entries and leaves; retention may empty an entry's content, once."""

KEPT = ("id", "at", "actor_kind", "action", "subject_type", "subject_id", "model", "use_case", "team")
"""What stays of an entry whose content retention removed."""
REFUSAL = "Ledger entries are never changed or deleted."
LEAF_REFUSAL = "Sealed leaves are never changed or deleted."


def _emptied(same: str) -> str:
    """The condition under which an entry may be updated: content goes, the rest stays. ``same`` compares with NULLs."""
    kept = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in KEPT)
    empty = " AND ".join(
        f"NEW.{name} = ''"
        for name in ("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "address", "origin")
    )
    return f"NEW.pruned AND NOT OLD.pruned AND {kept} AND {empty} AND NEW.changes = '{{}}' AND NEW.states = '{{}}'"


def _sqlite(table: str, words: str, unless: str = "") -> list[str]:
    when = f" WHEN NOT ({unless})" if unless else ""
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{when} BEGIN SELECT RAISE(ABORT, '{words}'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END",
    ]


def _postgresql(table: str, words: str, unless: str = "") -> list[str]:
    when = f" WHEN (NOT ({unless}))" if unless else ""
    do = f"EXECUTE FUNCTION {table}_refuse()"
    body = f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW{when} {do}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {do}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {do}",
    ]


def statements(vendor: str) -> list[str]:
    """The triggers for this database, as SQL."""
    make, same = {"sqlite": (_sqlite, "IS"), "postgresql": (_postgresql, "IS NOT DISTINCT FROM")}[vendor]
    return [*make("ledger_entry", REFUSAL, _emptied(same)), *make("ledger_leaf", LEAF_REFUSAL)]
