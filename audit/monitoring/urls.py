"""Addresses of monitoring."""

from django.urls import path

from audit.monitoring import grid_views, views

app_name = "monitoring"
urlpatterns = [
    path("monitoring/", grid_views.models, name="models"),
    path("models/<slug:slug>/upload/", views.uploads, name="uploads"),
    path("models/<slug:slug>/upload/<uuid:upload_id>/", views.upload, name="upload"),
]
