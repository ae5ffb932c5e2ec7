"""Answers /healthz before anything else: no database, no session, no host check."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse


class HealthMiddleware:
    """Says that the web process lives; whether its parts are ready is /readyz."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        return self.get_response(request)
