"""Addresses of retraining."""

from django.urls import path

from governance.retraining import views

app_name = "retraining"
urlpatterns = [
    path("retraining/", views.overview, name="overview"),
    path("retraining/<uuid:retraining_id>/", views.run, name="run"),
    path("retraining/<uuid:retraining_id>/progress/", views.progress, name="progress"),
    path("retraining/rules/<uuid:rule_id>/", views.rule, name="rule"),
    path("retraining/rules/<uuid:rule_id>/start/", views.start, name="start"),
    path("retraining/reviews/<uuid:review_id>/", views.review, name="review"),
    path("retraining/reviews/<uuid:review_id>/close/", views.close, name="close"),
]
