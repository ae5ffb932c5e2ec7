"""Addresses of the page about comparisons."""

from django.urls import path

from audit.reconciliation import views

app_name = "reconciliation"
urlpatterns = [
    path("audit/reconciliation/", views.comparison, name="comparison"),
    path("audit/reconciliation/compare/", views.compare, name="compare"),
]
