"""The address of the front page."""

from django.urls import path

from governance.portfolio import views

app_name = "portfolio"
urlpatterns = [path("", views.home, name="home"), path("progress/", views.progress, name="progress")]
