"""A document goes from the lake when its clock has run out for every record that points at it, and no hold is on it.

The record stays, with the digest; an entry in the life of its model says what went.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.base.actors import Actor
from audit.lake import store
from audit.ledger.services import Event, record_many, take_turn
from audit.retention import ledger_actions
from audit.retention.documents import PROVIDERS, Document
from audit.retention.domain.clocks import Policy, Rule
from audit.retention.holding import Held
from audit.retention.models import Removed
from audit.retention.pruning import Progress

AT_ONCE = 200


@dataclass
class Cleared:
    """What went by one rule: how many files, of how many bytes, and how many a hold kept."""

    rule: Rule
    documents: int = 0
    bytes: int = 0
    kept: int = 0


@dataclass
class Due:
    """The files that a rule lets go, by path, each with the records that point at it; ``kept`` are under a hold."""

    rule: Rule
    free: dict[str, list[Document]] = field(default_factory=dict)
    kept: int = 0


def due(policy: Policy, held: Held, at: datetime) -> list[Due]:
    """What may go at ``at`` (UTC), by rule."""
    found = {rule.of: Due(rule) for rule in policy.documents}
    for kind, provider in PROVIDERS.items():
        rule = policy.of_kind(kind)
        paths = sorted({document.path for document in provider.before(rule.keep.before(at))})
        for start in range(0, len(paths), AT_ONCE):
            for path, documents in _pointing(paths[start : start + AT_ONCE]).items():
                if not _may_go(documents, policy, at):
                    continue
                if any(held.of_document(one) for one in documents):
                    found[rule.of].kept += 1
                else:
                    found[rule.of].free[path] = documents
    return list(found.values())


def _pointing(paths: list[str]) -> dict[str, list[Document]]:
    """All documents of any kind at these paths, but for files that have gone since the record was made."""
    gone = dict(Removed.objects.filter(path__in=paths).values_list("path", "at"))
    found: dict[str, list[Document]] = defaultdict(list)
    for provider in PROVIDERS.values():
        for one in provider.at_paths(paths):
            found[one.path].append(one)
    return {path: rows for path, rows in found.items() if path not in gone or not _all_older(rows, gone[path])}


def _all_older(rows: list[Document], at: datetime) -> bool:
    return all(one.at is not None and one.at <= at for one in rows)


def _may_go(documents: list[Document], policy: Policy, at: datetime) -> bool:
    """Whether the clock has run out for all of them, each by the rule of its kind."""
    return all(one.at is not None and one.at < policy.of_kind(one.kind).keep.before(at) for one in documents)


def clear(*, actor: Actor, policy: Policy, digest: str, at: datetime, progress: Progress) -> list[Cleared]:
    """Removes every file that is due at ``at`` (UTC), in batches, each a transaction of its own.

    The file goes before its entry is committed: a run that is killed in between has told nothing untrue, and the
    next one finds the record due, its file gone, and says so.
    """
    done = []
    for one in due(policy, Held.now(), at):
        cleared = Cleared(one.rule, kept=one.kept)
        paths = sorted(one.free)
        for start in range(0, len(paths), AT_ONCE):
            some = paths[start : start + AT_ONCE]
            with transaction.atomic():
                take_turn()
                held = Held.now()
                still = {
                    path: rows
                    for path, rows in _pointing(some).items()
                    if _may_go(rows, policy, at) and not any(held.of_document(row) for row in rows)
                }
                cleared.bytes += _remove(actor, one.rule, still, digest, at)
            cleared.documents += len(still)
            progress(len(still))
        done.append(cleared)
    return done


def gone(path: str, *, kind: str, digest: str, at: datetime) -> Removed:
    """Removes a file from the lake, and remembers that; what calls this says so in an entry with the row."""
    size = store.size(path)
    store.remove(path)
    values = {"kind": kind, "digest": digest, "size": size or 0, "at": at}
    row, _ = Removed.objects.update_or_create(path=path, defaults=values)
    return row


def _remove(actor: Actor, rule: Rule, found: dict[str, list[Document]], digest: str, at: datetime) -> int:
    removed, groups = [], defaultdict[tuple[Any, ...], list[tuple[Removed, Document]]](list)
    for path, documents in found.items():
        first = documents[0]
        row = gone(path, kind=first.kind, digest=first.digest, at=at)
        for one in documents:
            let_go = PROVIDERS[one.kind].let_go
            if let_go is not None:
                let_go(actor, one, rule.why)
        removed.append(row)
        for life in dict.fromkeys((one.team, one.model, one.use_case) for one in documents):
            groups[life].append((row, first))
    record_many(actor=actor, events=_events(rule, groups, digest))
    return sum(row.size for row in removed)


def _events(rule: Rule, groups: dict[tuple[Any, ...], list[tuple[Removed, Document]]], digest: str) -> Iterator[Event]:
    for (team, model, use_case), rows in groups.items():
        count = f"{len(rows):,} document{'' if len(rows) == 1 else 's'}"
        yield Event(
            ledger_actions.DOCUMENTS_REMOVED,
            subject_name=f"{count}, by the rule for {rule.name}",
            reason=rule.why,
            changes={
                "digests": ([row.digest for row, _ in rows], None),
                "kinds": (sorted({row.kind for row, _ in rows}), None),
                "bytes": (sum(row.size for row, _ in rows), None),
                "policy": (None, digest),
            },
            team=team,
            also=[row for row, _ in rows],
            within=(model, use_case),
        )
