"""Addresses of the pages about jobs."""

from django.urls import path

from audit.jobs import views

app_name = "jobs"
urlpatterns = [
    path("readyz", views.readyz, name="readyz"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/live/", views.live, name="live"),
    path("jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
]
