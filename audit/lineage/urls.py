"""Addresses of the pages about lineage."""

from django.urls import path

from audit.lineage import recall_views, views

app_name = "lineage"
urlpatterns = [
    path("lineage/", views.nodes, name="nodes"),
    path("lineage/<int:node_id>/", views.node, name="node"),
    path("lineage/rejected/", views.rejected, name="rejected"),
    path("lineage/rejected/<int:rejected_id>/", views.one_rejected, name="one_rejected"),
    path("lineage/recalls/", recall_views.recalls, name="recalls"),
    path("lineage/recalls/<uuid:recall_id>/", recall_views.one, name="recall"),
    path("lineage/recalls/<uuid:recall_id>/tasks/<uuid:task_id>/", recall_views.task, name="task"),
    path("lineage/<int:node_id>/withdraw/", recall_views.withdraw, name="withdraw"),
]
