"""Addresses of the pages about bills."""

from django.urls import path

from costs.billing import views

app_name = "billing"
urlpatterns = [path("spend/bills/", views.bills, name="bills")]
