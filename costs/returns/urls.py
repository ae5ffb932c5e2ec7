"""Addresses of the pages about returns."""

from django.urls import path

from costs.returns import views

app_name = "returns"
urlpatterns = [
    path("returns/", views.returns, name="returns"),
    path("returns/values/<slug:slug>/", views.values, name="values"),
]
