"""Addresses of the pages about returns."""

from django.urls import path

from costs.returns import case_views, views

app_name = "returns"
urlpatterns = [
    path("returns/", views.returns, name="returns"),
    path("returns/values/<slug:slug>/", views.values, name="values"),
    path("returns/promises/<slug:slug>/", case_views.promise, name="promise"),
    path("returns/use-cases/<slug:slug>/", case_views.use_case, name="use_case"),
]
