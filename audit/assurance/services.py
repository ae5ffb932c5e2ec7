"""Adds and changes witnesses, and says how a log goes on after an incident: each is an entry."""

from pathlib import Path
from typing import Any

from django.db import transaction

from audit.assurance import delivery, ledger_actions, witnesses
from audit.assurance.checking import check_witnesses
from audit.assurance.domain.standing import PATIENCE, has_rested
from audit.assurance.models import PURPOSE, Receipt, Witness
from audit.assurance.witnesses import folder
from audit.base import clock, ids, vault
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.jobs import services as jobs
from audit.jobs.models import OPEN, Job, State
from audit.ledger import keys, signing
from audit.ledger.audited import created
from audit.ledger.models import Checkpoint, Head, Incident, Key, Verification
from audit.ledger.services import ALTERED, close_incident, record, take_turn

RIGHT = "ledger.manage"
DELIVER, CHECK = "assurance.deliver", "assurance.check"
FIRST_NAME = "Witness folder"
BEGINS_AGAIN = frozenset({delivery.FORK, ALTERED})
"""The kinds of incident after which a log may begin again."""


def _check_name(name: str, but: Witness | None = None) -> None:
    others = Witness.objects.filter(name=name)
    if not name.strip():
        raise InvalidInput("Give the witness a name.", where="name")
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise InvalidInput(f"There is a witness {name}.", where="name", mend="Choose another name.")


@transaction.atomic
def add_witness(*, actor: Actor, kind: str, name: str, settings: dict[str, Any]) -> Witness:
    """A new witness, which gets every checkpoint from now on. ``settings`` are those of the kind's form.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: the kind is unknown, or the name is in use.
    """
    actor.check(RIGHT)
    shown, secrets = vault.split(settings, witnesses.kind(kind).secret)
    _check_name(name)
    witness = Witness.objects.create(
        kind=kind, name=name, settings=shown, secret=vault.closed(secrets, purpose=PURPOSE), added_by_id=actor.user_id
    )
    changes: dict[str, Any] = dict(created(witness))
    changes |= vault.told(secrets)
    record(actor=actor, action=ledger_actions.ADDED, subject=witness, changes=changes)
    return witness


def ensure_first() -> None:
    """Every installation starts with a witness: the folder that TOLLGATE_WITNESS names, and that is there then."""
    if Witness.objects.exists():
        return
    settings = folder.standard()
    Path(settings["path"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    actor = Actor.service("installation")
    with transaction.atomic():
        take_turn()
        if not Witness.objects.exists():
            add_witness(actor=actor, kind=folder.Folder.kind, name=FIRST_NAME, settings=settings)


@transaction.atomic
def change_witness(*, actor: Actor, witness: Witness, name: str, settings: dict[str, Any]) -> Witness:
    """Other settings; a secret that is left empty stays. Where they lead elsewhere, delivery begins anew there.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: the name is in use.
    """
    actor.check(RIGHT)
    witness = Witness.objects.select_for_update().get(pk=witness.pk)
    _check_name(name, but=witness)
    shown, entered = vault.split(settings, witnesses.kind(witness.kind).secret)
    changes: dict[str, Any] = {}
    if name != witness.name:
        changes["name"] = (witness.name, name)
    if shown != witness.settings:
        changes["settings"] = (witness.settings, shown)
    witness.secret, anew = vault.renewed(witness.secret, entered, purpose=PURPOSE)
    changes |= anew
    if not changes:
        return witness
    if _leads_elsewhere(witness, shown):
        witness.origin, witness.delivered_size, witness.last_success_at = "", 0, None
    witness.name, witness.settings = name, shown
    witness.last_error, witness.failures, witness.next_try_at = "", 0, None
    witness.agrees, witness.finding, witness.checked_at = None, "", None
    witness.save()
    record(actor=actor, action=ledger_actions.CHANGED, subject=witness, changes=changes)
    return witness


def _leads_elsewhere(witness: Witness, shown: dict[str, Any]) -> bool:
    places = ("path", "bucket", "key_prefix", "endpoint_url", "url")
    return any(witness.settings.get(field) != shown.get(field) for field in places)


@transaction.atomic
def switch_witness(*, actor: Actor, witness: Witness, enabled: bool, reason: str) -> Witness:
    """On or off; one that is off gets nothing and is not asked.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
    """
    actor.check(RIGHT)
    if not reason.strip():
        raise InvalidInput("Say why the witness is switched.", where="reason")
    clean = {"last_error": "", "failures": 0, "next_try_at": None, "agrees": None, "finding": "", "checked_at": None}
    if Witness.objects.filter(pk=witness.pk).exclude(enabled=enabled).update(enabled=enabled, **clean):
        witness.refresh_from_db()
        record(
            actor=actor,
            action=ledger_actions.SWITCHED,
            subject=witness,
            reason=reason,
            changes={"enabled": (not enabled, enabled)},
        )
    witness.refresh_from_db()
    return witness


def start_due() -> None:
    """Starts a delivery to each witness for which something waits and whose time has come."""
    ensure_first()
    head = Head.objects.get(pk=1)
    newest = Checkpoint.objects.filter(origin=head.origin).order_by("-size").values_list("size", flat=True).first()
    if newest is None or delivery.forked():
        return
    for witness in Witness.objects.filter(enabled=True):
        if not delivery.is_due(witness, head.origin, newest):
            continue
        if Job.objects.filter(kind=DELIVER, subject_id=str(witness.pk), state__in=OPEN).exists():
            continue
        with transaction.atomic():
            start_delivery(actor=Actor.service("schedule"), trigger="schedule", witness=witness)


def start_delivery(*, actor: Actor, trigger: str, witness: Witness) -> Job:
    """The job that delivers; not for one moment alone, for a clock may show the same moment twice."""
    key, args = f"{witness.pk}:{ids.uuid7()}", {"witness": str(witness.pk)}
    return jobs.start(DELIVER, actor=actor, trigger=trigger, args=args, key=key, subject=witness)


def wants_to_be_asked(witness: Witness, done: delivery.Delivered) -> bool:
    """Whether a witness that took something has not told yet whether it has our log: then nobody waits an hour."""
    if done.count == 0 or witness.agrees is not None:
        return False
    first = not Receipt.objects.filter(witness=witness)[done.count : done.count + 1].exists()
    return first or has_rested(witness.checked_at, PATIENCE, clock.now())


def note_end(job: Job) -> None:
    """Keeps why a delivery was ended by a fault; forgets earlier ones that went well, which would bury the rest."""
    witness = Witness.objects.filter(pk=job.subject_id).first()
    if witness is None:
        return
    if job.state == State.FAILED:
        delivery.note_failure(witness=witness, sentence=job.error)
    elif job.trigger == "schedule":
        same = Job.objects.filter(kind=DELIVER, subject_id=job.subject_id, trigger="schedule", state=State.SUCCEEDED)
        same.filter(children=None).exclude(pk=job.pk).delete()


@transaction.atomic
def change_signing_key(*, actor: Actor, reason: str, lost: bool = False) -> Key:
    """A new signing key (see ``audit.ledger.keys.change_key``); incidents about a missing key end with it.

    Raises:
        NotPermitted, InvalidInput, Refused, KeyMissing: as ``change_key``.
    """
    key = keys.change_key(actor=actor, reason=reason, lost=lost)
    for incident in Incident.objects.filter(kind="key_missing", closed_at=None):
        close_incident(actor=actor, incident=incident, reason=reason)
    return key


def settle_incident(*, actor: Actor, incident: Incident, reason: str) -> Incident:
    """Closes an incident. A fork must be gone: the witnesses are asked first.

    An altered entry must be what it was: the newest verification has found nothing, and is newer than the incident.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
        Refused: a witness still has another log, an entry is still altered, or the incident is closed.
    """
    actor.check(RIGHT)
    if incident.kind == delivery.FORK:
        still = [finding for finding in check_witnesses(actor=actor) if finding.agrees is False]
        if still:
            raise Refused(f"{still[0].sentence} Put the right database back, or let the log begin again.")
    if incident.kind == ALTERED:
        newest = Verification.objects.filter(at__gt=incident.at).first()
        if newest is None or newest.broken_at is not None:
            words = newest.sentence if newest else incident.sentence
            raise Refused(f"{words} Put the entry back and verify the log again; or let the log begin again.")
    return close_incident(actor=actor, incident=incident, reason=reason)


@transaction.atomic
def begin_again(*, actor: Actor, incident: Incident, reason: str) -> Head:
    """After a restore, or an alteration that cannot be mended: gives the log a new name, which witnesses take as new.

    The incident is closed. What is there stays, and so do old checkpoints; that it began again, where and why is an
    entry. The key goes on under the new name: a hand-over note, signed under both names, says so.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
        Refused: the incident is no open fork and no open alteration.
        KeyMissing: the key cannot sign the hand-over; change it first.
    """
    actor.check(RIGHT)
    if incident.kind not in BEGINS_AGAIN:
        raise Refused("Only a log that is not what its witnesses have, or not what was sealed, can begin again.")
    close_incident(actor=actor, incident=incident, reason=reason)
    head = take_turn()
    before, after = head.origin, _next_origin(head.origin)
    _carry_key_over(head, after)
    head.origin = after
    head.save(update_fields=("origin",))
    Witness.objects.update(agrees=None, finding="", checked_at=None, last_error="", failures=0, next_try_at=None)
    record(
        actor=actor,
        action=ledger_actions.BEGUN_AGAIN,
        subject_name=after,
        reason=reason,
        changes={"origin": (before, after), "size": (None, head.size), "incident": (None, incident.sentence)},
    )
    return head


def _next_origin(origin: str) -> str:
    """The first of name/2, name/3 … that this log has not had; the name is that of its first key."""
    first = Key.objects.order_by("at").first()
    name = first.name if first else origin
    known = {origin, *Checkpoint.objects.order_by().values_list("origin", flat=True).distinct()}
    return next(found for n in range(2, len(known) + 3) if (found := f"{name}/{n}") not in known)


def _carry_key_over(head: Head, name: str) -> None:
    """The same private key under the log's new name, which is part of a key's id."""
    before = keys.current()
    if before is None:
        return
    old, new = keys.signer(head=head), signing.load(name)
    text = keys.handover_text(name, head.size, new.vkey)
    Key.objects.filter(pk=before.pk).update(until_size=head.size)
    note = f"{text}\n{old.line(text)}{new.line(text)}"
    Key.objects.create(
        key_id=new.key_id.hex(), vkey=new.vkey, since_size=head.size, at=clock.now(), handover=note, lost=False
    )
