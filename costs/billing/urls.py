"""Addresses of the pages about bills."""

from django.urls import path

from costs.billing import views

app_name = "billing"
urlpatterns = [
    path("spend/bills/", views.bills, name="bills"),
    path("spend/bills/<uuid:bill_id>/", views.bill, name="bill"),
]
