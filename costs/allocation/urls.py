"""Addresses of the pages about costs."""

from django.urls import path

from costs.allocation import views

app_name = "allocation"
urlpatterns = [
    path("spend/", views.spend, name="spend"),
    path("spend/again/", views.again, name="again"),
]
