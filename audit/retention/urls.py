"""Addresses of the pages about retention."""

from django.urls import path

from audit.retention import views

app_name = "retention"
urlpatterns = [
    path("audit/retention/", views.page, name="page"),
    path("audit/retention/run/", views.run, name="run"),
    path("audit/retention/holds/add/<slug:kind>/", views.add, name="add"),
    path("audit/retention/holds/<uuid:hold_id>/", views.hold, name="hold"),
    path("audit/retention/people/", views.choose, name="choose"),
    path("audit/retention/people/<uuid:user_id>/", views.person, name="person"),
]
