"""Addresses of decisions."""

from django.urls import path

from governance.approvals import views

app_name = "approvals"
urlpatterns = [
    path("decisions/", views.requests, name="requests"),
    path("decisions/<uuid:request_id>/", views.request, name="request"),
    path("decisions/<uuid:request_id>/vote/", views.vote, name="vote"),
    path("decisions/<uuid:request_id>/withdraw/", views.withdraw, name="withdraw"),
]
