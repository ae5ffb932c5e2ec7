"""Each request knows its actor: who asks, from where, under which request id. What an auditor reads is an entry."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from audit.base.actors import Actor
from audit.base.ids import uuid7
from audit.people import reading
from audit.people.selectors import actor_of


class ActorMiddleware:
    """Puts ``request.actor`` (an Actor, read when first used) and the header X-Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin, address = f"request {uuid7()}", request.META.get("REMOTE_ADDR", "")

        def actor() -> Actor:
            if request.user.is_authenticated:
                return actor_of(request.user, address=address, origin=origin)
            return Actor.nobody(address, origin)

        request.actor = SimpleLazyObject(actor)  # type: ignore[assignment]  # it becomes an Actor when it is read
        response = self.get_response(request)
        response["X-Request-Id"] = origin.removeprefix("request ")
        return response


class ReadingMiddleware:
    """Writes what auditors read, before they get it: what cannot be written is not shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        if request.method in {"GET", "HEAD"} and response.status_code < 300 and match is not None:
            reading.note(actor=request.actor, route=match.route, parts=match.kwargs)
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Every page needs a sign-in unless its view says otherwise; times are shown in the viewer's zone.

    The API is not a page: it answers for itself, to tokens alone.
    """

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """None where the view may run; otherwise the way to the sign-in page."""
        if request.resolver_match and request.resolver_match.namespaces[:1] == ["api"]:
            return None
        if request.user.is_authenticated:
            timezone.activate(_zone(request.user.zone))
        else:
            timezone.deactivate()
        return super().process_view(request, view_func, view_args, view_kwargs)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
