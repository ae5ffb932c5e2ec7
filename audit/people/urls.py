"""Addresses of the pages about people."""

from django.urls import path

from audit.people import views

app_name = "people"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("settings/", views.own_settings, name="settings"),
    path("settings/tokens/<uuid:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("people/", views.people, name="people"),
    path("people/roles/<uuid:membership_id>/revoke/", views.revoke_role, name="revoke_role"),
    path("first-steps/", views.first_steps, name="first_steps"),
]
