"""Asks for, builds and hands out bundles of evidence. Asking pins the log's size; building reads nothing newer."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotFound, NotPermitted, Refused
from audit.exports import evidence, ledger_actions
from audit.exports.domain.scope import MODEL, USE_CASE, Scope
from audit.exports.models import Export
from audit.exports.requests import scope_of_export, team_of
from audit.lake import store
from audit.ledger import proofs, sealing, selectors
from audit.ledger.audited import created
from audit.ledger.services import record, take_turn
from audit.people.models import Team

RIGHT = "ledger.export"
BUILD = "exports.build"
FOLDER = "evidence"
SAME = ("kind", "scope", "since", "until")


def ask_export(*, actor: Actor, scope: Scope, size: int | None = None) -> Export:
    """An export of ``scope``, at the log's size now, or again at the ``size`` of an earlier export of the same scope.

    Everything that was written before is sealed first.

    Raises:
        NotPermitted: the actor may not export what the scope's team, or the organisation, has.
        InvalidInput: there is no entry in the period.
        NotFound: no export of this scope was made at ``size``; the index of then is kept with exports alone.
        Refused: nothing has been sealed yet, or sealing has stopped.
    """
    team = team_of(scope)
    _check(actor, scope, team)
    if size is None:
        sealing.seal()
    with transaction.atomic():
        pinned = _now(scope) if size is None else _then(scope, size)
        export = Export.objects.create(
            kind=scope.kind,
            scope=scope.id,
            name=scope.name,
            team=team,
            since=scope.since,
            until=scope.until,
            asked_by=actor.on_behalf_of or actor.id,
            asked_name=actor.name,
            **pinned,
        )
        record(
            actor=actor,
            action=ledger_actions.ASKED,
            subject=export,
            team=team.pk if team else None,
            within=_within(scope),
            changes=created(export),
        )
    return export


def _check(actor: Actor, scope: Scope, team: Team | None) -> None:
    """A limited auditor takes out what lies within the limit, and asks for no other days.

    Raises:
        NotPermitted: the actor lacks the right for this.
    """
    key = team.pk if team else None
    model = scope.id if scope.kind == MODEL else None
    actor.check(RIGHT, key, model=model)
    if actor.may(RIGHT, key):
        return
    limits = [limit for limit in actor.limits_with(RIGHT) if limit.covers(key, model)]
    if not any(
        (limit.since is None or (scope.since is not None and scope.since >= limit.since))
        and (limit.until is None or (scope.until is not None and scope.until <= limit.until))
        for limit in limits
    ):
        raise NotPermitted("Your access is limited to a period: ask for evidence on days within it.", right=RIGHT)


def _now(scope: Scope) -> dict[str, Any]:
    """What pins the bundle to the log as it is; the sealer waits meanwhile."""
    head = take_turn()
    checkpoint = selectors.checkpoint(size=head.size)
    if checkpoint is None or not head.size:
        raise Refused("Nothing has been sealed yet, so there is nothing to prove.")
    first, last = evidence.bounds(scope, head.size)
    index: dict[str, Any] = {}
    if scope.chain:
        found = proofs.chain(key=scope.chain)
        index = {"bucket": found.bucket, "rows": found.rows, "path": found.path}
    return {"size": head.size, "checkpoint": checkpoint.note, "index": index, "first": first, "last": last}


def _then(scope: Scope, size: int) -> dict[str, Any]:
    same = {"kind": scope.kind, "scope": scope.id, "since": scope.since, "until": scope.until}
    before = Export.objects.filter(**same, size=size).order_by("created_at").first()
    if before is None:
        sizes = Export.objects.filter(**same).order_by("-size").values_list("size", flat=True).distinct()[:5]
        known = ", ".join(f"{one:,}" for one in sizes)
        mend = f"It was exported at {known}." if known else "It was never exported: leave the size out."
        raise NotFound(f"No evidence on {scope.words} was exported at size {size:,}. {mend}")
    return {name: getattr(before, name) for name in ("size", "checkpoint", "index", "first", "last")}


def _within(scope: Scope) -> tuple[Any, Any]:
    return (scope.id if scope.kind == MODEL else None, scope.id if scope.kind == USE_CASE else None)


def build_export(*, actor: Actor, export: Export, progress: Callable[[int, int, str], None]) -> Export:
    """Writes the bundle into the lake. Built twice, it is the same file.

    Raises:
        RuntimeError: an entry is not what was sealed, or one is missing: such a log is verified, not exported.
    """
    from audit.exports import bundle  # it loads the typesetter, which a web worker never needs

    scope = scope_of_export(export)
    drafts = Path(settings.TOLLGATE_HOME) / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=drafts) as folder:
        built = bundle.write(Path(folder), export=export, scope=scope, progress=progress)
        stored = store.put_file(FOLDER, built.path, suffix=".zip")
    with transaction.atomic():
        locked = Export.objects.select_for_update().get(pk=export.pk)
        if locked.built_at is None:
            locked.digest, locked.path, locked.bytes = stored.digest, stored.path, stored.size
            locked.entries, locked.built_at = built.entries, clock.now()
            locked.save(update_fields=("digest", "path", "bytes", "entries", "built_at"))
            record(
                actor=actor,
                action=ledger_actions.BUILT,
                subject=locked,
                team=locked.team_id,
                changes={"digest": (None, stored.digest), "entries": (None, built.entries)},
            )
    return locked


@transaction.atomic
def take_out(*, actor: Actor, export: Export) -> Iterator[bytes]:
    """The ZIP, in pieces. That someone took it is an entry.

    Raises:
        NotPermitted: the actor may not export it.
        NotFound: it is not built yet.
    """
    if export.asked_by != (actor.on_behalf_of or actor.id):
        actor.check(RIGHT, export.team_id)
    elif not actor.may_anywhere(RIGHT):
        actor.check(RIGHT)
    if export.built_at is None:
        raise NotFound("This bundle is not built yet.")
    path = store.local(export.path)
    record(
        actor=actor,
        action=ledger_actions.TAKEN,
        subject=export,
        team=export.team_id,
        changes={"digest": (None, export.digest)},
    )
    return _pieces(path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(store.CHUNK):
            yield piece
