"""Where each address leads: one line a slice."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from config.api import api
from config.api_docs import docs

FLOORS = ("config.", "audit.", "costs.", "governance.")


def _has_pages(name: str) -> bool:
    return name.startswith(FLOORS) and find_spec(f"{name}.urls") is not None


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/docs", docs, name="api_docs"),
    path("api/v1/", api.urls),
    *(path("", include(f"{name}.urls")) for name in settings.INSTALLED_APPS if _has_pages(name)),
]
