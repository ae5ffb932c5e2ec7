"""Where each address leads: one line a slice."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("audit.catalogue.urls")),
]
