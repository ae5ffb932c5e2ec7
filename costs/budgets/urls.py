"""Addresses of the pages about budgets."""

from django.urls import path

from costs.budgets import views

app_name = "budgets"
urlpatterns = [
    path("budgets/", views.budgets, name="budgets"),
    path("budgets/state/", views.state, name="state"),
    path("budgets/<uuid:budget_id>/", views.budget, name="budget"),
    path("budgets/<uuid:budget_id>/close/", views.close, name="close"),
    path("budgets/<uuid:budget_id>/override/", views.override, name="override"),
]
