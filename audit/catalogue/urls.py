"""Addresses of the catalogue."""

from django.urls import path

from audit.catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/by-id/<uuid:pk>/", views.model_by_id, name="model_by_id"),
    path("models/<slug:slug>/", views.model, name="model"),
    path("models/<slug:slug>/history/", views.history, name="history"),
    path("models/<slug:slug>/compare/", views.compare, name="compare"),
    path("models/<slug:slug>/owner/", views.owner, name="owner"),
    path("models/<slug:slug>/versions/<int:number>/", views.version, name="version"),
    path("use-cases/<slug:slug>/", views.use_case, name="use_case"),
]
