"""Addresses of monitoring."""

from django.urls import path

from audit.monitoring import (
    estimate_views,
    grid_views,
    input_views,
    mapping_views,
    model_views,
    outcome_views,
    quality_views,
    service_views,
    views,
)

app_name = "monitoring"
urlpatterns = [
    path("monitoring/", grid_views.models, name="models"),
    path("models/<slug:slug>/monitoring/", model_views.model, name="model"),
    path("models/<slug:slug>/upload/", views.uploads, name="uploads"),
    path("models/<slug:slug>/upload/<uuid:upload_id>/", views.upload, name="upload"),
    path("models/<slug:slug>/mapping/", mapping_views.mapping, name="mapping"),
    path("models/<slug:slug>/mapping/sample/", mapping_views.sample, name="mapping_sample"),
    path("models/<slug:slug>/service/", service_views.hours, name="service"),
    path("models/<slug:slug>/versions/<int:number>/inputs/", input_views.columns, name="inputs"),
    path("models/<slug:slug>/versions/<int:number>/inputs/<str:name>/", input_views.column, name="input"),
    path("models/<slug:slug>/versions/<int:number>/reference/", input_views.reference, name="reference"),
    path("models/<slug:slug>/versions/<int:number>/estimates/", estimate_views.estimates, name="estimates"),
    path("models/<slug:slug>/performance/", outcome_views.performance, name="performance"),
    path("models/<slug:slug>/slices/", outcome_views.slices, name="slices"),
    path("models/<slug:slug>/fairness/", outcome_views.fairness, name="fairness"),
    path("models/<slug:slug>/versions/<int:number>/quality/", quality_views.quality, name="quality"),
    path("models/<slug:slug>/errors/", quality_views.errors, name="errors"),
]
