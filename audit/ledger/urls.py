"""Addresses of the ledger."""

from django.urls import path

from audit.ledger import views

app_name = "ledger"
urlpatterns = [
    path("audit/", views.ledger, name="ledger"),
    path("audit/verify/", views.verify, name="verify"),
]
