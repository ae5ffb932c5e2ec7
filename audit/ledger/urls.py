"""Addresses of the ledger."""

from django.urls import path

from audit.ledger import views

app_name = "ledger"
urlpatterns = [
    path("audit/", views.ledger, name="ledger"),
    path("audit/complete/", views.complete, name="complete"),
    path("audit/entries/<int:number>/proof/", views.proof, name="proof"),
    path("audit/seal/", views.seal, name="seal"),
    path("audit/verify/", views.verify, name="verify"),
    path("audit/views/", views.save_view, name="save_view"),
    path("audit/views/<int:view_id>/delete/", views.delete_view, name="delete_view"),
]
