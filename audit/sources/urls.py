"""Addresses of the pages about sources."""

from django.urls import path

from audit.sources import delivery_views, identity_views, incident_views, views

app_name = "sources"
urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/add/<slug:kind>/", views.add, name="add"),
    path("sources/<uuid:source_id>/", views.source, name="source"),
    path("sources/<uuid:source_id>/test/", views.test, name="test"),
    path("sources/<uuid:source_id>/pull/", views.pull, name="pull"),
    path("sources/<uuid:source_id>/switch/", views.switch, name="switch"),
    path("sources/<uuid:source_id>/deliveries/", delivery_views.deliveries, name="deliveries"),
    path("sources/<uuid:source_id>/deliveries/<int:delivery_id>/replay/", delivery_views.replay, name="replay"),
    path("sources/incidents/", incident_views.incidents, name="incidents"),
    path("sources/incidents/<uuid:incident_id>/", incident_views.incident, name="incident"),
    path("models/<slug:slug>/sources/", identity_views.of_model, name="of_model"),
    path("models/<slug:slug>/sources/guards/", identity_views.guards, name="guards"),
    path("models/<slug:slug>/sources/<uuid:identity_id>/separate/", identity_views.separate, name="separate"),
    path("models/<slug:slug>/sources/<uuid:identity_id>/movers/", identity_views.movers, name="movers"),
    path("hooks/<uuid:source_id>/", delivery_views.hook, name="hook"),
]
