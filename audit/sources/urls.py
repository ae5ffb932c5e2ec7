"""Addresses of the pages about sources."""

from django.urls import path

from audit.sources import views

app_name = "sources"
urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/add/<slug:kind>/", views.add, name="add"),
    path("sources/<uuid:source_id>/", views.source, name="source"),
    path("sources/<uuid:source_id>/test/", views.test, name="test"),
    path("sources/<uuid:source_id>/pull/", views.pull, name="pull"),
    path("sources/<uuid:source_id>/switch/", views.switch, name="switch"),
]
