"""A run of both clocks: what is due goes, what holds keep is told, and what was under way during erasures ends."""

from collections.abc import Callable

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.ledger import personal
from audit.ledger.models import Entry, Personal
from audit.ledger.services import Changes, record, take_turn
from audit.retention import clearing, holding, ledger_actions, pruning
from audit.retention.models import Pruning, TakenUp
from audit.retention.policy import InForce, in_force
from audit.retention.services import RIGHT


def prune(*, actor: Actor, progress: Callable[[int, str], None] | None = None) -> Pruning:
    """One run of both clocks, and of what erasures left to do; ``progress`` gets how much went, and of what.

    A policy that no run has seen before is only taken up: it rules from the next run on.

    Raises:
        NotPermitted: the actor may not change retention.
        InvalidInput: the installation's policy cannot be read.
    """
    actor.check(RIGHT)
    rules, at = in_force(), clock.now()
    late = finish_erasures()
    if not TakenUp.objects.filter(pk=rules.digest).exists():
        return _take_up(actor, rules, late)
    done = {"entries": 0, "documents": 0}

    def on(what: str) -> pruning.Progress:
        def count(some: int) -> None:
            done[what] += some
            if progress:
                progress(done[what], what)

        return count

    policy, digest = rules.policy, rules.digest
    gone = pruning.prune(actor=actor, policy=policy, digest=digest, at=at, progress=on("entries"))
    cleared = clearing.clear(actor=actor, policy=policy, digest=digest, at=at, progress=on("documents"))
    with transaction.atomic():
        forgotten = pruning.forget_unused({sign for one in gone for sign in one.signs})
        return _note_run(actor, rules, gone, cleared, late + forgotten)


def finish_erasures() -> int:
    """Destroys what a request that was under way during an erasure wrote after it; returns how many values."""
    persons = Personal.objects.filter(erased_at__isnull=False).exclude(person="").values("person").distinct()
    late = Personal.objects.filter(person__in=persons, erased_at=None).values_list("person", "commitment")
    found: dict[str, list[str]] = {}
    for person, sign in late:
        found.setdefault(person, []).append(sign)
    with transaction.atomic():
        return sum(personal.erase(signs, person=person) for person, signs in found.items())


@transaction.atomic
def _take_up(actor: Actor, rules: InForce, late: int) -> Pruning:
    take_turn()
    row, made = TakenUp.objects.get_or_create(
        digest=rules.digest, defaults={"title": rules.policy.title, "at": clock.now()}
    )
    if made:
        lines = {
            f"{clock_name}: {rule.name}": (None, str(rule.keep))
            for clock_name, of in (("log", rules.policy.log), ("documents", rules.policy.documents))
            for rule in of
        }
        changes = {"file": (None, rules.file), "digest": (None, rules.digest), **lines}
        record(actor=actor, action=ledger_actions.POLICY_TAKEN_UP, subject=row, changes=dict(changes))
    return Pruning.objects.create(
        policy=rules.digest,
        personal=late,
        sentence="The policy is new: it was noted, and rules from the next run on. Nothing was removed.",
    )


def _note_run(
    actor: Actor, rules: InForce, gone: list[pruning.Gone], cleared: list[clearing.Cleared], values: int
) -> Pruning:
    counts = [{"clock": "log", "rule": one.rule.name, "gone": one.entries, "kept": one.kept} for one in gone]
    counts += [
        {"clock": "documents", "rule": one.rule.name, "gone": one.documents, "kept": one.kept} for one in cleared
    ]
    entries, documents = sum(one.entries for one in gone), sum(one.documents for one in cleared)
    kept = sum(one.kept for one in gone) + sum(one.kept for one in cleared)
    if kept:
        _note_kept(actor, sum(one.kept for one in gone), sum(one.kept for one in cleared))
    return Pruning.objects.create(
        policy=rules.digest,
        entries=entries,
        documents=documents,
        bytes=sum(one.bytes for one in cleared),
        kept=kept,
        personal=values,
        counts=counts,
        sentence=run_words(entries, documents, kept),
    )


def run_words(entries: int, documents: int, kept: int) -> str:
    """What a run did, as a sentence."""
    held = f" Holds kept {kept:,} that were due." if kept else ""
    parts = [f"the content of {_counted(entries, 'entry', 'entries')}"] if entries else []
    parts += [_counted(documents, "document", "documents")] if documents else []
    return f"Removed {' and '.join(parts)}.{held}" if parts else f"Nothing was removed.{held}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _note_kept(actor: Actor, entries: int, documents: int) -> None:
    """Says what holds kept; a run that keeps the same as the one before says nothing new, so it says nothing."""
    holds = holding.open_holds()
    changes: Changes = {
        "holds": [None, [str(one.pk) for one in holds]],
        "entries": [None, entries],
        "documents": [None, documents],
    }
    last = Entry.objects.filter(action=ledger_actions.PRUNING_REFUSED).order_by("-pk").first()
    if last is not None and last.changes == changes:
        return
    record(
        actor=actor,
        action=ledger_actions.PRUNING_REFUSED,
        subject_name=f"{_counted(entries, 'entry', 'entries')} and {_counted(documents, 'document', 'documents')}",
        changes=changes,
    )
