"""Addresses of exports."""

from django.urls import path

from audit.exports import views

app_name = "exports"
urlpatterns = [
    path("audit/exports/", views.exports, name="exports"),
    path("audit/exports/<uuid:export_id>/", views.export, name="export"),
    path("audit/exports/<uuid:export_id>/zip/", views.take, name="take"),
]
