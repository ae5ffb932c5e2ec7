"""Addresses of maturity."""

from django.urls import path

from governance.maturity import views

app_name = "maturity"
urlpatterns = [path("maturity/", views.page, name="page")]
