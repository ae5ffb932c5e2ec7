"""Which key signs, and how one key hands over to the next: both sign that the new one follows."""

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.ledger import signing
from audit.ledger.ledger_actions import KEY_CHANGED
from audit.ledger.models import Head, Key
from audit.ledger.services import record

RIGHT = "ledger.manage"


def current() -> Key | None:
    """The key that signs now; None before the first seal."""
    return Key.objects.filter(until_size=None).order_by("-at").first()


def vkeys() -> list[str]:
    """The verifier keys of this log, oldest first."""
    return list(Key.objects.order_by("at").values_list("vkey", flat=True))


def signer(*, head: Head) -> signing.Signer:
    """The signer of the next checkpoint; registers the first key of a log.

    Raises:
        KeyMissing: the file is not there, or holds another key than the log's.
    """
    key = current()
    if key is None:
        signing.make()
        first = signing.load(head.origin)
        Key.objects.create(key_id=first.key_id.hex(), vkey=first.vkey, since_size=head.size, at=clock.now())
        return first
    name = key.name
    if signing.coming_path().exists() and signing.load(name, signing.coming_path()).vkey == key.vkey:
        signing.coming_path().replace(signing.path())  # the change was committed, and the process died before this
    found = signing.load(name)
    if found.vkey != key.vkey:
        raise signing.KeyMissing(f"The signing key is not the one that the log knows ({key.key_id}).")
    return found


def handover_text(name: str, size: int, vkey: str) -> str:
    """What the old and the new key sign: from ``size`` on, ``vkey`` signs for the log under the name that it has then.

    A later new name of the log does not change it: the name is that of the new key.
    """
    return f"tollgate-handover-v1\n{name}\n{size}\n{vkey}\n"


def change_key(*, actor: Actor, reason: str, lost: bool = False) -> Key:
    """A new key from now on. ``lost``: the old one cannot sign the hand-over, and the person's reason stands for it.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
        Refused: nothing has been signed yet; or the old key is there although it is said to be lost.
        KeyMissing: the old key cannot be read, and was not said to be lost.
    """
    actor.check(RIGHT)
    if not reason.strip():
        raise InvalidInput("Say why the key changes.", where="reason")
    with transaction.atomic():
        head = Head.objects.select_for_update().get(pk=1)
        before = current()
        if before is None:
            raise Refused("Nothing has been signed yet, so there is no key to change.")
        name = before.name
        old = None if lost else signer(head=head)
        if lost and signing.path().exists() and signing.load(name).vkey == before.vkey:
            raise Refused("The key is there and can sign: change it without saying that it is lost.")
        signing.coming_path().unlink(missing_ok=True)
        signing.make(signing.coming_path())
        new = signing.load(name, signing.coming_path())
        text = handover_text(name, head.size, new.vkey)
        note = f"{text}\n{old.line(text) if old else ''}{new.line(text)}"
        Key.objects.filter(pk=before.pk).update(until_size=head.size)
        key = Key.objects.create(
            key_id=new.key_id.hex(), vkey=new.vkey, since_size=head.size, at=clock.now(), handover=note, lost=lost
        )
        record(
            actor=actor,
            action=KEY_CHANGED,
            subject=key,
            subject_name=key.key_id,
            reason=reason,
            changes={"key": (before.vkey, new.vkey), "lost": (None, lost)},
        )
        transaction.on_commit(lambda: _adopt(name, new.vkey))
    return key


def _adopt(name: str, vkey: str) -> None:
    source = signing.coming_path()
    if source.exists() and signing.load(name, source).vkey == vkey:
        source.replace(signing.path())
