"""The pages of recalls: which live models learned from withdrawn data, by which way, and what was done about each."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.actors import Actor
from audit.lineage import places, recall, recalled, selectors
from audit.lineage.domain.fold import Kind
from audit.lineage.domain.words import kind_word, short
from audit.lineage.models import Node, Recall, RecallTask
from audit.lineage.recall_forms import DoneForm, LiftForm, WithdrawForm
from config.ui import format as say
from config.ui.tables import csv_response, wants_csv

PAGE: Final = 50
HEADINGS: Final = ("data", "team", "withdrawn", "reason", "tasks", "done", "elsewhere", "lifted")
TASK_HEADINGS: Final = ("model", "version", "environment", "mode", "since", "owner", "path", "done", "note")
CRUMBS: Final = ("Lineage", "lineage:nodes")


@require_safe
def recalls(request: HttpRequest) -> HttpResponseBase:
    """All recalls, newest first."""
    rows = recalled.recalls(viewer=request.actor)
    if wants_csv(request):
        lines = ([str(row), row.team.slug, row.created_at, row.reason, row.opened, row.settled, row.elsewhere,
                  row.lifted_at] for row in rows)  # fmt: skip
        return csv_response(lines, HEADINGS, "recalls")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "open": rows.filter(lifted_at=None).count(),
        "crumbs": [(CRUMBS[0], reverse(CRUMBS[1]))],
    }
    return render(request, "lineage/recalls.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, node_id: int) -> HttpResponse:
    """The form that withdraws data."""
    node = selectors.node(viewer=request.actor, node_id=node_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = recall.withdraw(actor=request.actor, node=node, reason=form.cleaned_data["reason"])
        messages.success(request, "The data is withdrawn.")
        return redirect("lineage:recall", made.pk)
    may = request.actor.may_anywhere(recalled.RIGHT)
    why = "" if may else request.actor.why_not(recalled.RIGHT)
    if node.kind not in {Kind.DATASET, Kind.DATASET_VERSION}:
        why = "Only data can be withdrawn: a dataset, or a version of one."
    context = {
        "node": node,
        "short": short(node.kind, node.name),
        "form": form,
        "why_not": why,
        "crumbs": [
            (CRUMBS[0], reverse(CRUMBS[1])),
            (short(node.kind, node.name), reverse("lineage:node", args=[node.pk])),
        ],
    }
    return render(request, "lineage/withdraw.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, recall_id: UUID) -> HttpResponseBase:
    """One recall: each live deployment with its way, and the form that lifts it."""
    viewer = request.actor
    found = recalled.recall(viewer=viewer, recall_id=recall_id)
    rows = list(recalled.tasks(viewer=viewer).filter(recall=found))
    if wants_csv(request):
        return csv_response(_lines(rows, viewer), TASK_HEADINGS, "recall")
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        recall.lift(actor=viewer, recall=found, reason=form.cleaned_data["reason"])
        messages.success(request, "The recall is lifted.")
        return redirect("lineage:recall", found.pk)
    may = viewer.may(recalled.RIGHT, found.team_id)
    context = {
        "recall": found,
        "short": short(found.node.kind, found.node.name),
        "tasks": _shown(rows, viewer),
        "lede": _lede(found, rows),
        "open": sum(row.done_at is None for row in rows),
        "form": form,
        "why_not": "" if may else viewer.why_not(recalled.RIGHT),
        "crumbs": [(CRUMBS[0], reverse(CRUMBS[1])), ("Recalls", reverse("lineage:recalls"))],
    }
    return render(request, "lineage/recall.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, recall_id: UUID, task_id: UUID) -> HttpResponse:
    """One task, and the form that closes it."""
    viewer = request.actor
    row = recalled.task(viewer=viewer, recall_id=recall_id, task_id=task_id)
    form = DoneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        recall.finish_task(actor=viewer, task=row, note=form.cleaned_data["note"])
        messages.success(request, "The task is closed.")
        return redirect("lineage:recall", row.recall_id)
    team = row.deployment.version.model.use_case.team_id
    (shown,) = _shown([row], viewer)
    context = {
        "task": shown,
        "recall": row.recall,
        "form": form,
        "why_not": "" if viewer.may(recalled.RIGHT, team) else viewer.why_not(recalled.RIGHT),
        "crumbs": [
            ("Recalls", reverse("lineage:recalls")),
            (str(row.recall), reverse("lineage:recall", args=[row.recall_id])),
        ],
    }
    return render(request, "lineage/task.html", context, status=422 if form.errors else 200)


def _lede(found: Recall, rows: list[RecallTask]) -> str:
    if not rows:
        said = "No live model of your teams learned from it."
    else:
        said = f"{say.count(len(rows), 'live deployment')} learned from it."
    if found.elsewhere:
        said += f" {say.count(found.elsewhere, 'more')} of other teams did: who withdrew it may open no task there."
    return said


def _shown(rows: list[RecallTask], viewer: Actor) -> list[dict[str, Any]]:
    """Each task with its way: the words and the address of each node, or that it is another team's."""
    nodes = recalled.on_the_way(viewer=viewer, rows=rows)
    pages = places.address_of(nodes.values(), viewer=viewer)
    return [{"row": row, "way": [_step(nodes.get(one), pages) for one in row.path]} for row in rows]


def _step(node: Node | None, pages: dict[int, str]) -> dict[str, str]:
    if node is None:
        return {"kind": "", "name": "something of another team", "url": ""}
    url = pages.get(node.pk) or reverse("lineage:node", args=[node.pk])
    return {"kind": kind_word(node.kind), "name": short(node.kind, node.name), "url": url}


def _lines(rows: list[RecallTask], viewer: Actor) -> Any:
    for shown in _shown(rows, viewer):
        row: RecallTask = shown["row"]
        deployment = row.deployment
        yield [
            deployment.version.model.slug, deployment.version.number, deployment.environment, deployment.mode,
            deployment.since, row.owner.name if row.owner else "", " -> ".join(step["name"] for step in shown["way"]),
            row.done_at, row.note,
        ]  # fmt: skip
