"""Addresses of monitoring."""

from django.urls import path

from audit.monitoring import grid_views, input_views, model_views, service_views, views

app_name = "monitoring"
urlpatterns = [
    path("monitoring/", grid_views.models, name="models"),
    path("models/<slug:slug>/monitoring/", model_views.model, name="model"),
    path("models/<slug:slug>/upload/", views.uploads, name="uploads"),
    path("models/<slug:slug>/upload/<uuid:upload_id>/", views.upload, name="upload"),
    path("models/<slug:slug>/service/", service_views.hours, name="service"),
    path("models/<slug:slug>/versions/<int:number>/inputs/", input_views.columns, name="inputs"),
    path("models/<slug:slug>/versions/<int:number>/inputs/<str:name>/", input_views.column, name="input"),
    path("models/<slug:slug>/versions/<int:number>/reference/", input_views.reference, name="reference"),
]
