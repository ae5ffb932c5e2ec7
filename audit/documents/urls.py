"""Addresses of the pages about documents."""

from django.urls import path

from audit.documents import views

app_name = "documents"
urlpatterns = [
    path("documents/", views.documents, name="documents"),
    path("documents/attach/", views.attach, name="attach"),
    path("documents/<uuid:document_id>/", views.document, name="document"),
    path("documents/<uuid:document_id>/content/", views.content, name="content"),
    path("documents/<uuid:document_id>/withdraw/", views.withdraw, name="withdraw"),
]
