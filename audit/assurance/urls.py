"""Addresses of the pages about the log's standing."""

from django.urls import path

from audit.assurance import views

app_name = "assurance"
urlpatterns = [
    path("audit/standing/", views.standing, name="standing"),
    path("audit/standing/check/", views.check, name="check"),
    path("audit/standing/key/", views.change_key, name="change_key"),
    path("audit/standing/incidents/<int:incident_id>/", views.settle, name="settle"),
    path("audit/standing/witnesses/add/<slug:kind>/", views.add, name="add"),
    path("audit/standing/witnesses/<uuid:witness_id>/", views.witness, name="witness"),
    path("audit/standing/witnesses/<uuid:witness_id>/test/", views.test, name="test"),
    path("audit/standing/witnesses/<uuid:witness_id>/switch/", views.switch, name="switch"),
]
