"""Recalls and their tasks, as the viewer may see them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.lineage.models import Node, Recall, RecallTask
from audit.lineage.selectors import nodes as seen_nodes

RIGHT = "catalogue.write"


def recalls(*, viewer: Actor) -> QuerySet[Any]:
    """Recalls of the viewer's teams, newest first; ``opened`` and ``settled`` count their tasks."""
    rows = Recall.objects.select_related("team", "node", "data__dataset", "raised_by", "lifted_by")
    counted = rows.annotate(opened=Count("tasks"), settled=Count("tasks", filter=Q(tasks__done_at__isnull=False)))
    return visible(counted, viewer=viewer, team="team").order_by("-created_at")


def recall(*, viewer: Actor, recall_id: UUID) -> Recall:
    """One recall.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found: Recall | None = recalls(viewer=viewer).filter(pk=recall_id).first()
    if found is None:
        raise NotFound("There is no such recall, or it is another team's.")
    return found


def tasks(*, viewer: Actor) -> QuerySet[RecallTask]:
    """Tasks for deployments of the viewer's teams, oldest first."""
    rows = RecallTask.objects.select_related(
        "recall__node", "recall__data__dataset", "deployment__version__model__use_case", "owner", "done_by"
    )
    model = "deployment__version__model"
    return visible(rows, viewer=viewer, team=f"{model}__use_case__team", model=model)


def task(*, viewer: Actor, recall_id: UUID, task_id: UUID) -> RecallTask:
    """One task of a recall.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = tasks(viewer=viewer).filter(recall=recall_id, pk=task_id).first()
    if found is None:
        raise NotFound("There is no such task, or its deployment belongs to a team that you are not in.")
    return found


def waiting_for(viewer: Actor) -> list[RecallTask]:
    """Open tasks that the viewer may settle: their own, and those of which nobody was known to be the owner."""
    mine = Q(owner=None) | Q(owner=viewer.user_id)
    rows = tasks(viewer=viewer).filter(mine, done_at=None, recall__lifted_at=None)
    return [row for row in rows if viewer.may(RIGHT, row.deployment.version.model.use_case.team_id)]


def on_the_way(*, viewer: Actor, rows: Iterable[RecallTask]) -> dict[int, Node]:
    """The nodes of the paths that the viewer may see, by id."""
    wanted = {node for row in rows for node in row.path}
    return {node.pk: node for node in seen_nodes(viewer=viewer).filter(pk__in=wanted)}
