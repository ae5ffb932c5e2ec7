"""Where each address leads: one line a slice."""

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from config.api import api
from config.api_docs import docs

SLICES = (
    "config.ui",
    "audit.people",
    "audit.ledger",
    "audit.jobs",
    "audit.catalogue",
    "audit.monitoring",
    "audit.sources",
    "costs.billing",
    "costs.allocation",
    "costs.returns",
    "governance.approvals",
    "governance.retraining",
    "governance.maturity",
    "governance.portfolio",
    "governance.demo",
)


def _has_pages(name: str) -> bool:
    return apps.is_installed(name) and find_spec(f"{name}.urls") is not None


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/docs", docs, name="api_docs"),
    path("api/v1/", api.urls),
    *(path("", include(f"{name}.urls")) for name in SLICES if _has_pages(name)),
]
