"""Each request knows its actor: who asks, from where, under which request id."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from audit.base.ids import uuid7
from audit.base.actors import Actor
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

        request.actor = SimpleLazyObject(actor)
        response = self.get_response(request)
        response["X-Request-Id"] = origin.removeprefix("request ")
        return response
