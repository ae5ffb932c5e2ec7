"""Addresses of the pages about messages."""

from django.urls import path

from audit.notifications import channel_views, views

app_name = "notifications"
urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/read/", views.read, name="read"),
    path("notifications/settings/", views.own_settings, name="settings"),
    path("notifications/deliveries/", views.deliveries, name="deliveries"),
    path("notifications/deliveries/<uuid:delivery_id>/again/", views.again, name="again"),
    path("notifications/channels/", channel_views.channels, name="channels"),
    path("notifications/channels/add/<slug:kind>/", channel_views.add, name="add"),
    path("notifications/channels/<uuid:channel_id>/", channel_views.channel, name="channel"),
    path("notifications/channels/<uuid:channel_id>/test/", channel_views.test, name="test"),
    path("notifications/channels/<uuid:channel_id>/remove/", channel_views.remove, name="remove"),
]
