"""Recalls for programs: withdraw data, read which live deployments learned from it, say what was done."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.lineage import recall, recalled, selectors
from audit.lineage.api import NodeOut
from audit.lineage.models import Recall, RecallTask

router = Router()


class RecallIn(Schema):
    """Which data: a node of the graph, or a version of a dataset of the catalogue; and why."""

    node: int | None = None
    dataset_version: UUID | None = None
    reason: str = Field(max_length=5000)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(max_length=5000)


class DoneIn(Schema):
    """What was done about the deployment."""

    note: str = Field(max_length=5000)


class RecallOut(Schema):
    """Data that was withdrawn. ``elsewhere`` counts live deployments of teams for which no task could be opened."""

    id: UUID
    team: str
    node: NodeOut
    dataset_version: UUID | None
    reason: str
    elsewhere: int
    tasks: int
    done: int
    created_at: AwareDatetime
    lifted_at: AwareDatetime | None
    lift_reason: str


class TaskOut(Schema):
    """A live deployment. ``path`` leads from the data to it, both included; ``owner`` is null when nobody is known."""

    id: UUID
    model: str
    version: int
    environment: str
    mode: str
    deployment: UUID
    since: AwareDatetime = Field(description="When it went live: later than the recall, where it did so in spite of it")
    owner: str | None
    done_at: AwareDatetime | None
    note: str
    path: list[NodeOut] = Field(description="Without nodes that are another team's")


class RecallDetail(RecallOut):
    """With its tasks."""

    found: list[TaskOut]


def _told(row: Recall, tasks: int, done: int) -> dict[str, Any]:
    return {
        "id": row.pk,
        "team": row.team.slug,
        "node": row.node,
        "dataset_version": row.data_id,
        "reason": row.reason,
        "elsewhere": row.elsewhere,
        "tasks": tasks,
        "done": done,
        "created_at": row.created_at,
        "lifted_at": row.lifted_at,
        "lift_reason": row.lift_reason,
    }


def _whole(row: Recall, actor: Actor) -> dict[str, Any]:
    rows = list(recalled.tasks(viewer=actor).filter(recall=row))
    return {**_told(row, len(rows), sum(one.done_at is not None for one in rows)), "found": _tasks(rows, actor)}


def _tasks(rows: list[RecallTask], actor: Actor) -> list[dict[str, Any]]:
    nodes = recalled.on_the_way(viewer=actor, rows=rows)
    return [
        {
            "id": row.pk,
            "model": row.deployment.version.model.slug,
            "version": row.deployment.version.number,
            "environment": row.deployment.environment,
            "mode": row.deployment.mode,
            "deployment": row.deployment_id,
            "since": row.deployment.since,
            "owner": row.owner.email if row.owner else None,
            "done_at": row.done_at,
            "note": row.note,
            "path": [nodes[one] for one in row.path if one in nodes],
        }
        for row in rows
    ]


@router.post("/lineage/recalls", response=answers(404, 409, created=RecallDetail), summary="Withdraw data")
def withdraw(request: HttpRequest, body: RecallIn) -> Any:
    """Finds every live deployment that learned from it, and opens a task for each with the model's owner."""
    viewer = request.actor
    node = selectors.node(viewer=viewer, node_id=body.node) if body.node is not None else None
    data = None
    if body.dataset_version is not None:
        data = catalogue.data(viewer=viewer).filter(pk=body.dataset_version).first()
        if data is None:
            raise NotFound("There is no such version of a dataset, or it belongs to a team that you are not in.")
    made = recall.withdraw(actor=viewer, node=node, dataset_version=data, reason=body.reason)
    return 201, _whole(made, viewer)


@router.get("/lineage/recalls", response=answers(ok=Page[RecallOut]), summary="Recalls")
def recalls(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    found = page(recalled.recalls(viewer=request.actor), cursor=cursor, limit=limit)
    return {"items": [_told(row, row.opened, row.settled) for row in found.items], "next": found.next}


@router.get("/lineage/recalls/{uuid:recall_id}", response=answers(404, ok=RecallDetail), summary="One recall")
def one(request: HttpRequest, recall_id: UUID) -> Any:
    """With its tasks and the way to each deployment."""
    return _whole(recalled.recall(viewer=request.actor, recall_id=recall_id), request.actor)


@router.post(
    "/lineage/recalls/{uuid:recall_id}/lift", response=answers(404, 409, ok=RecallDetail), summary="Lift a recall"
)
def lift(request: HttpRequest, recall_id: UUID, body: ReasonIn) -> Any:
    """The data may be used again; tasks that are open are closed by that."""
    found = recalled.recall(viewer=request.actor, recall_id=recall_id)
    recall.lift(actor=request.actor, recall=found, reason=body.reason)
    return _whole(recalled.recall(viewer=request.actor, recall_id=recall_id), request.actor)


@router.post(
    "/lineage/recalls/{uuid:recall_id}/tasks/{uuid:task_id}/done",
    response=answers(404, 409, ok=TaskOut),
    summary="Close a task",
)
def done(request: HttpRequest, recall_id: UUID, task_id: UUID, body: DoneIn) -> Any:
    """With what was done about the deployment."""
    found = recalled.task(viewer=request.actor, recall_id=recall_id, task_id=task_id)
    recall.finish_task(actor=request.actor, task=found, note=body.note)
    (row,) = _tasks([recalled.task(viewer=request.actor, recall_id=recall_id, task_id=task_id)], request.actor)
    return row
