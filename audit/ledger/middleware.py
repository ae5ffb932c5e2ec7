"""An error with a sentence becomes a page with that sentence; a refusal becomes an entry as well."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from audit.base.actors import Actor
from audit.base.errors import NotPermitted, TollgateError
from audit.base.problems import status_of
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.services import record


def record_refusal(*, actor: Actor, error: NotPermitted, path: str) -> None:
    """Writes that ``actor`` asked for ``path`` and lacked the right."""
    with transaction.atomic():
        record(
            actor=actor,
            action=REFUSED,
            subject_name=path,
            reason=error.sentence,
            changes={"right": [None, error.right]},
        )


class RefusalMiddleware:
    """Turns the errors of ``audit.base.errors`` into pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for ``error``; None leaves other errors to Django."""
        if not isinstance(error, TollgateError):
            return None
        if isinstance(error, NotPermitted):
            record_refusal(actor=request.actor, error=error, path=f"{request.method} {request.path}")
        status = status_of(error)
        return render(request, "ui/error.html", {"sentence": error.sentence, "status": status}, status=status)
