"""Addresses of the catalogue."""

from django.urls import path

from audit.catalogue import data_views, describe_views, process_views, views

app_name = "catalogue"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/by-id/<uuid:pk>/", views.model_by_id, name="model_by_id"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("models/<slug:slug>/history/", views.history, name="history"),
    path("models/<slug:slug>/process/", process_views.process, name="process"),
    path("models/<slug:slug>/compare/", views.compare, name="compare"),
    path("models/<slug:slug>/owner/", views.owner, name="owner"),
    path("models/<slug:slug>/describe/", describe_views.describe, name="describe"),
    path("models/<slug:slug>/versions/<int:number>/", views.version, name="version"),
    path("models/<slug:slug>/versions/<int:number>/author/", describe_views.author, name="author"),
    path("datasets/", data_views.datasets, name="datasets"),
    path("datasets/by-id/<uuid:pk>/", data_views.dataset_by_id, name="dataset_by_id"),
    path("datasets/<slug:slug>/", data_views.dataset, name="dataset"),
    path("use-cases/<slug:slug>/", views.use_case, name="use_case"),
]
