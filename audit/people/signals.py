"""Sign-in, sign-out, failed guesses and passwords that are hashed anew are ledger entries."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from audit.base.actors import Actor
from audit.ledger.services import record
from audit.people import ledger_actions, services
from audit.people.models import User
from audit.people.selectors import actor_of


def _where(request: HttpRequest | None) -> tuple[str, str]:
    if request is None:
        return "", ""
    actor = getattr(request, "actor", None)
    return request.META.get("REMOTE_ADDR", ""), actor.origin if actor else ""


def _keep_hash(user: User, before: str, after: str) -> None:
    services.note_rehashed(user=user, before=before, after=after)


User.keep_hash = _keep_hash


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    address, origin = _where(request)
    with transaction.atomic():
        record(actor=actor_of(user, address=address, origin=origin), action=ledger_actions.SIGNED_IN, subject=user)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is None:
        return
    address, origin = _where(request)
    with transaction.atomic():
        record(actor=actor_of(user, address=address, origin=origin), action=ledger_actions.SIGNED_OUT, subject=user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    address, origin = _where(request)
    tried = str(credentials.get("username", ""))[:254]
    person = User.objects.filter(email=tried.strip().lower()).values_list("pk", flat=True).first()
    with transaction.atomic():
        record(
            actor=Actor.nobody(address, origin),
            action=ledger_actions.SIGN_IN_FAILED,
            subject_name=tried,
            person=person,
        )


def guessed_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail that someone tries, folded, so that guesses at one account count together however it is written."""
    tried = (credentials or {}).get("username") or (request.POST.get("username", "") if request else "")
    return str(tried).strip().lower()[:254]
