"""How programs come in: a bearer token and nothing else, problem details for every refusal, one effect for one key."""

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotPermitted, TollgateError
from audit.base.problems import CONTENT_TYPE, problem, problem_of
from audit.ledger.middleware import record_refusal
from audit.people.models import IdempotencyKey, Token
from audit.people.services import actor_of_token, digest

PREFIX: Final = "/api/"
SENT_HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(days=1)
LARGEST_ANSWER: Final = 1024 * 1024
CHUNK: Final = 1024 * 1024
UNSAFE: Final = {"POST", "PUT", "PATCH", "DELETE"}
UNKNOWN = "Send the header “Authorization: Bearer …” with a token that is neither expired nor revoked."
logger = logging.getLogger(__name__)


class TokenAuth(HttpBearer):
    """Sets ``request.actor`` to the token's actor. A session is not taken: another site's page could ride on it."""

    def __call__(self, request: HttpRequest) -> Any | None:
        """The actor, or None for 401."""
        request.actor = Actor.nobody(request.META.get("REMOTE_ADDR", ""), request.actor.origin)
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor of a token that holds now."""
        actor = actor_of_token(text=token.strip(), address=request.actor.address, origin=request.actor.origin)
        if actor is not None:
            request.actor = actor
        return actor


def sent(what: str, actor: Actor, *, seconds: int, count: int = 1) -> int:
    """How much a token has sent in the present so many seconds of the clock, ``count`` included; in this process."""
    key = f"{what}:{digest(actor.id)}:{int(time.time()) // seconds}"
    cache.add(key, 0, 2 * seconds)
    return int(cache.incr(key, count))


class TokenThrottle(BaseThrottle):
    """At most ``settings.API_REQUESTS_A_MINUTE`` requests a token and calendar minute, in each web process."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether this one is within the limit."""
        return sent("api", request.actor, seconds=60) <= settings.API_REQUESTS_A_MINUTE

    def wait(self) -> float:
        """Seconds until the next minute."""
        return 60 - time.time() % 60


def install(api: NinjaAPI) -> None:
    """Makes every error of ``api`` a problem; a refusal is a ledger entry as well."""

    def ours(request: HttpRequest, error: TollgateError) -> HttpResponse:
        if isinstance(error, NotPermitted):
            record_refusal(actor=request.actor, error=error, path=f"{request.method} {request.path}")
        return problem_of(request, error)

    def unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
        found = [{"where": ".".join(map(str, _place(row["loc"]))), "detail": str(row["msg"])} for row in error.errors]
        places = ", ".join(sorted({row["where"] for row in found}))
        return problem(request, 422, f"The request does not fit its schema: see {places}.", errors=found)

    def nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(request, 401, UNKNOWN, WWW_Authenticate='Bearer realm="Tollgate"')

    def slow(request: HttpRequest, error: Throttled) -> HttpResponse:
        wait = str(round(error.wait or 60) or 1)
        return problem(request, 429, f"This token sends too much. Go on in {wait} seconds.", Retry_After=wait)

    def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(request, error.status_code, error.message)

    def garbled(request: HttpRequest, error: Exception) -> HttpResponse:
        status = 413 if isinstance(error, RequestDataTooBig) else 400
        return problem(request, status, "The body cannot be read: it is not what its Content-Type says, or too large.")

    def fault(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("%s %s failed.", request.method, request.path, exc_info=error)
        return problem(
            request, 500, "This is a fault of Tollgate, not of the request; the log has it under this instance."
        )

    handlers: dict[type[Exception], Any] = {
        TollgateError: ours,
        ValidationError: unreadable,
        AuthenticationError: nobody,
        Throttled: slow,
        HttpError: refused,
        MultiPartParserError: garbled,
        SuspiciousOperation: garbled,
        Exception: fault,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _place(parts: Iterable[Any]) -> list[Any]:
    """Where in the request: ninja puts the name of the view's argument behind "body", which the sender cannot know."""
    place = list(parts)
    return [place[0], *place[2:]] if len(place) > 2 and place[0] in {"body", "form"} else place


class ProblemMiddleware:
    """Under /api/ even an unknown address or method answers with a problem."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path.startswith(PREFIX):
            return response
        if response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
            return response
        sentences = {
            404: f"There is nothing at {request.path}.",
            405: f"{request.method} is not offered at {request.path}.",
        }
        answer = problem(
            request, response.status_code, sentences.get(response.status_code, "This request was refused.")
        )
        for name in ("Allow", "WWW-Authenticate", "X-Request-Id", "Retry-After"):
            if name in response.headers:
                answer[name] = response.headers[name]
        return answer


class IdempotencyMiddleware:
    """A write that carries an Idempotency-Key takes effect once: sent again, it gets the first answer again.

    The key, the effect and the kept answer are one transaction, so a crash between them is impossible. Refusals are
    not kept: once their cause is mended, the same key may succeed. Keys are the token's own, and live for a day.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get(SENT_HEADER, "")
        if not key or request.method not in UNSAFE or not request.path.startswith(PREFIX):
            return self.get_response(request)
        if len(key) > 255:
            return problem(request, 422, "An Idempotency-Key has at most 255 characters.")
        token = _token(request)
        if token is None:
            return self.get_response(request)
        print_ = _fingerprint(request)
        IdempotencyKey.objects.filter(token=token, created_at__lt=clock.now() - KEPT_FOR).delete()
        try:
            with transaction.atomic():
                return self._first(request, token, key, print_)
        except _Kept:
            return _again(request, IdempotencyKey.objects.get(token=token, key=key), print_)

    def _first(self, request: HttpRequest, token: Token, key: str, print_: str) -> HttpResponseBase:
        try:
            with transaction.atomic():
                row = IdempotencyKey.objects.create(token=token, key=key, fingerprint=print_)
        except IntegrityError:
            raise _Kept from None
        response = self.get_response(request)
        if response.status_code >= 500 or transaction.get_connection().needs_rollback:
            transaction.set_rollback(True)
        elif (
            response.status_code >= 300
            or not isinstance(response, HttpResponse)
            or len(response.content) > LARGEST_ANSWER
        ):
            row.delete()
        else:
            row.status, row.answer = response.status_code, response.content.decode()
            row.content_type = response.headers.get("Content-Type", "")
            row.save(update_fields=("status", "answer", "content_type"))
        return response


class _Kept(Exception):
    """The key has an answer."""


def _again(request: HttpRequest, row: IdempotencyKey, print_: str) -> HttpResponse:
    if row.fingerprint != print_:
        sentence = "This Idempotency-Key came with another request before. Use a new key for a new request."
        return problem(request, 422, sentence, errors=[{"where": SENT_HEADER, "detail": sentence}])
    response = HttpResponse(row.answer, status=row.status, content_type=row.content_type)
    response["Idempotent-Replayed"] = "true"
    return response


def _token(request: HttpRequest) -> Token | None:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text:
        return None
    held = Token.objects.filter(digest=digest(text.strip()), revoked_at=None, expires_at__gt=clock.now())
    return held.first()


def _fingerprint(request: HttpRequest) -> str:
    """SHA-256 over method, address and content, which may be large: it is read in pieces, and can be read again."""
    hasher = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        hasher.update(json.dumps(sorted(request.POST.lists())).encode())
        for name, file in _files(request):
            hasher.update(f"\n{name} {file.name} {file.size}\n".encode())
            for chunk in file.chunks():
                hasher.update(chunk)
            file.seek(0)
    else:
        kept = tempfile.SpooledTemporaryFile(max_size=CHUNK)  # noqa: SIM115  the view reads it
        while chunk := request.read(CHUNK):
            hasher.update(chunk)
            kept.write(chunk)
        kept.seek(0)
        request._stream = kept  # type: ignore[assignment]  # to be read once more, by the view
        request._read_started = False  # type: ignore[attr-defined]
    return hasher.hexdigest()


def _files(request: HttpRequest) -> list[tuple[str, UploadedFile]]:
    files = [(name, file) for name in sorted(request.FILES) for file in request.FILES.getlist(name)]
    return [(name, file) for name, file in files if isinstance(file, UploadedFile)]
