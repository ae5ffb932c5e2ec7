"""Compares all audited records with the log, and writes what no entry accounts for: each difference once."""

import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import UseCase
from audit.ledger import audited, personal, sealing
from audit.ledger.audited import AUDITED, Audited
from audit.ledger.domain.canonical import canonical
from audit.ledger.models import Entry, Head
from audit.ledger.services import open_incident, record, take_turn
from audit.ledger.signing import KeyMissing
from audit.reconciliation import ledger_actions, walking
from audit.reconciliation.models import Comparison
from audit.reconciliation.remembered import Remembered, remembered

RIGHT = "ledger.manage"
COMPARE = "reconciliation.compare"
INCIDENT = "unattributed"
LOOKED_BACK = 100_000
"""Ids before the last sealed one that are searched for entries that were never sealed."""
LONGEST = 2_000
"""Bytes of a value that is told as it is; of a longer one an entry tells only that it changed."""
KEPT = 1_000
Progress = Callable[[int, int, str], None]


def _silent(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


def compare(*, actor: Actor, progress: Progress = _silent) -> Comparison:
    """Seals what waits, compares every record of every audited class, and writes each difference as an entry.

    A record that is being changed meanwhile is looked at again while it is held; only what differs then is told.

    Raises:
        NotPermitted: the actor may not manage the ledger.
    """
    actor.check(RIGHT)
    at, started = clock.now(), time.monotonic()
    put_back = _put_back(actor)
    sealed = _seal()
    counts, suspects, doubted = _walk(progress)
    found = sum(_report(actor, about, one, doubted) for about, one in suspects)
    with transaction.atomic():
        if found:
            _alarm(actor, found)
        kept = Comparison.objects.create(
            at=at, seconds=time.monotonic() - started, counts=counts, found=found, put_back=put_back, sealed=sealed
        )
        old = Comparison.objects.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 1]
        Comparison.objects.filter(pk__lte=max(old, default=0)).delete()
    return kept


def _walk(progress: Progress) -> tuple[dict[str, int], list[tuple[Audited, str]], set[str]]:
    """Records by class, those that need a closer look (class and id), and the keys whose kept digest is doubted."""
    doubted, counts = walking.doubted(), dict[str, int]()
    suspects: list[tuple[Audited, str]] = []
    kinds = sorted(AUDITED.items())
    total, known = sum(about.model._base_manager.count() for _, about in kinds), dict[str, int]()
    for label, about in kinds:
        before, done = sum(counts.values()), walking.Walked()
        for done in walking.walk(about, doubted=doubted):
            progress(min(before + done.rows, total), total, f"Comparing records: {about.model._meta.verbose_name}")
        counts[label], known[label] = done.rows, done.known
        suspects += [(about, one) for one in done.suspects]
    for label, count in walking.kept_counts().items():
        if count > known[label]:
            suspects += [(AUDITED[label], one) for one in walking.gone(AUDITED[label])]
    return counts, suspects, doubted


def _seal() -> bool:
    """Whether all that waited could be sealed; where it could not, entries that wait are looked at as they are."""
    try:
        sealing.seal()
    except (sealing.Halted, KeyMissing):
        return False
    return True


@transaction.atomic
def _put_back(actor: Actor) -> int:
    """Gives the sealer entries below the last sealed one that it neither sealed nor knows to be missing."""
    head = take_turn()
    rows = Entry.objects.filter(pk__gt=head.last - LOOKED_BACK, pk__lte=head.last, leaf=None)
    lost = sorted(set(rows.values_list("pk", flat=True)) - set(head.gaps))
    if lost:
        Head.objects.filter(pk=head.pk).update(gaps=sorted({*head.gaps, *lost}))
        words = f"{len(lost)} that had not been sealed" if len(lost) > 1 else "one that had not been sealed"
        record(actor=actor, action=ledger_actions.PUT_BACK, subject_name=words, changes={"ids": (None, lost[:100])})
    return len(lost)


@transaction.atomic
def _report(actor: Actor, about: Audited, ident: str, doubted: set[str]) -> bool:
    """Looks again while nobody else can change the record; whether it differs, and was told."""
    label = about.model._meta.label_lower
    row = about.model._base_manager.select_for_update().filter(pk=ident).first()
    known, forged = remembered(label, ident), f"{label}:{ident}" in doubted
    digest = audited.digest_of(row) if row is not None else ""
    if digest == known.digest and not forged:
        return False
    subject: Model = row if row is not None else about.model(pk=about.model._meta.pk.to_python(ident))
    person = _person(about, row)
    changes = _changes(about, row, known)
    model, use_case = _within(about, row, known)
    record(
        actor=actor,
        action=ledger_actions.UNATTRIBUTED,
        subject=subject,
        subject_name=_name(about, row, known, ident, person),
        reason=_sentence(row, known, sorted(changes), forged),
        changes={name: tuple(_told(about, name, value, person) for value in pair) for name, pair in changes.items()},
        team=_team(row, known, use_case),
        gone=row is None,
        within=(model, use_case),
    )
    return True


def _changes(about: Audited, row: Model | None, known: Remembered) -> dict[str, tuple[Any, Any]]:
    """Fields whose last value in the log is another than now; of a record that came or went, all that is there."""
    if row is None:
        return {name: (value, None) for name, value in known.fields.items() if name in about.fields and _filled(value)}
    now = audited.values(row, personal=True)
    if not known.digest:
        return {name: (None, value) for name, value in now.items() if _filled(value)}
    told = {name: known.fields.get(name) for name in now if name in known.fields or _was_empty(about, name, known)}
    return {name: (was, now[name]) for name, was in told.items() if was != now[name] and _filled(was, now[name])}


def _was_empty(about: Audited, name: str, known: Remembered) -> bool:
    """Whether no entry names the field because there was nothing in it."""
    return known.whole and name not in about.personal


def _filled(*values: Any) -> bool:
    return any(value not in (None, "", [], {}) for value in values)


def _told(about: Audited, name: str, value: Any, person: str) -> Any:
    """The value as an entry may keep it."""
    if name in about.personal and isinstance(value, str):
        return personal.commit(person, value)
    if len(canonical(value)) > LONGEST:
        return f"({len(canonical(value)):,} bytes)"
    return value


def _sentence(row: Model | None, known: Remembered, changed: Iterable[str], forged: bool) -> str:
    fields = [name.removesuffix("_id").replace("_", " ") for name in changed]
    if row is None:
        words = "It was deleted, and no entry tells of that."
    elif not known.digest:
        words = "It was added, and no entry tells of that." if not known.told else "It is there again after its end."
    elif fields:
        words = f"No entry tells of this change: {', '.join(fields)}."
    elif forged:
        words = "The record is as its newest entry left it."
    else:
        last = f" Entry {known.left_by:,} told of it last." if known.left_by else ""
        words = f"Which field was changed cannot be told: entries about it do not say what stood there.{last}"
    return f"{words} What the sealer keeps of it was changed as well." if forged else words


def _person(about: Audited, row: Model | None) -> str:
    return str(about.person(row) or "") if about.person and row is not None else ""


def _name(about: Audited, row: Model | None, known: Remembered, ident: str, person: str) -> str:
    """As entries keep it; the record's kind and id where plain SQL left nothing to name it by."""
    plain = f"{about.model._meta.verbose_name} {ident}"
    if row is None:
        return known.name or plain
    try:
        name = row.ledger_name() if hasattr(row, "ledger_name") else str(row)
    except (ObjectDoesNotExist, AttributeError, ValueError):
        return plain
    return personal.commit(person, name) if about.person else name


def _within(about: Audited, row: Model | None, known: Remembered) -> tuple[UUID | None, UUID | None]:
    try:
        if row is not None and about.within:
            return about.within(row)
    except (ObjectDoesNotExist, AttributeError):
        pass  # what it belongs to was deleted past us too
    return known.model, known.use_case


def _team(row: Model | None, known: Remembered, use_case: UUID | None) -> UUID | None:
    """The team of its newest entry; of a record without one, what the record says, or its use case."""
    if known.told:
        return known.team
    own = getattr(row, "team_id", None) if row is not None else None
    if own is not None or use_case is None:
        return own
    return UseCase.objects.filter(pk=use_case).values_list("team_id", flat=True).first()


def _alarm(actor: Actor, found: int) -> None:
    words = "One record was" if found == 1 else f"{found:,} records were"
    open_incident(
        actor=actor,
        kind=INCIDENT,
        sentence=f"{words} changed past Tollgate; no entry says who did it.",
        halts=False,
    )
