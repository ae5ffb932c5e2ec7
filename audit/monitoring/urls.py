"""Addresses of monitoring."""

from django.urls import path

from audit.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("models/<slug:slug>/upload/", views.uploads, name="uploads"),
    path("models/<slug:slug>/upload/<uuid:upload_id>/", views.upload, name="upload"),
]
