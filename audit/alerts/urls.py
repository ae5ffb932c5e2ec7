"""Addresses of alerts."""

from django.urls import path

from audit.alerts import views

app_name = "alerts"
urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<uuid:alert_id>/", views.alert, name="alert"),
    path("models/<slug:slug>/alerts/policy/", views.policy, name="policy"),
    path("models/<slug:slug>/alerts/follow/", views.follow, name="follow"),
]
