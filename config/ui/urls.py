"""The gallery of parts, for people who build pages."""

from django.urls import path

from config.ui import views

app_name = "ui"
urlpatterns = [
    path("components/", views.components, name="components"),
    path("components/job/", views.sample_job, name="sample_job"),
]
