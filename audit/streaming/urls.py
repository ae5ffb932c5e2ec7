"""Addresses of the pages about streams."""

from django.urls import path

from audit.streaming import views

app_name = "streaming"
urlpatterns = [
    path("audit/streams/", views.streams, name="streams"),
    path("audit/streams/add/<slug:kind>/", views.add, name="add"),
    path("audit/streams/<uuid:stream_id>/", views.stream, name="stream"),
    path("audit/streams/<uuid:stream_id>/test/", views.test, name="test"),
    path("audit/streams/<uuid:stream_id>/switch/", views.switch, name="switch"),
]
