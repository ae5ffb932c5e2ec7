"""The pages of decisions: what waits for whom, and one request with its evidence and its form."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.base import clock
from audit.base.errors import InvalidInput
from config.ui.tables import csv_response, wants_csv
from governance.approvals import page, selectors, services
from governance.approvals.forms import DecisionForm, WithdrawForm
from governance.approvals.models import Decision, PromotionRequest, State

HEADINGS = (
    "request", "question", "state", "asked by", "on behalf of", "opened", "decided", "days waited", "votes", "quorum",
    "digest",
)  # fmt: skip
LINE_HEADINGS = ("measure", "champion", "candidate", "difference", "low", "high", "in words", "method")
ROWS = 25
DONE = {
    Decision.APPROVE: "Your approval stands in the record.",
    Decision.CHANGES: "You asked for changes; the request is closed.",
    Decision.REJECT: "You rejected the request; it is closed.",
}


@require_safe
def requests(request: HttpRequest) -> HttpResponseBase:
    """What waits for the viewer, what waits for others, and what was decided."""
    viewer = request.actor
    if wants_csv(request):
        return csv_response(_cells(selectors.requests(viewer=viewer)), HEADINGS, "decisions")
    mine = selectors.waiting_for(viewer)
    ids = {row.pk for row in mine}
    waiting = selectors.requests(viewer=viewer).filter(state=State.OPEN).order_by("opened_at")
    others = [row for row in waiting if row.pk not in ids]
    decided = selectors.requests(viewer=viewer).exclude(state=State.OPEN).order_by("-decided_at")
    shown = Paginator(decided, ROWS).get_page(request.GET.get("page"))
    context = {
        "mine": _lines(mine),
        "others": _lines(others),
        "decided": _lines(shown.object_list),
        "page": shown,
        "oldest": mine[0] if mine else None,
    }
    return render(request, "approvals/requests.html", context)


def _lines(rows: Iterable[PromotionRequest]) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "row": row,
            "tag": page.tag(row),
            "main": next(iter(page.measures(row)), None),
            "waited": page.waiting(row, now),
        }
        for row in rows
    ]


def _cells(rows: Iterable[PromotionRequest]) -> Iterator[list[Any]]:
    now = clock.now()
    for row in rows:
        yield [
            str(row.pk), row.question, row.get_state_display(), row.requester_name,
            row.on_behalf_of.name if row.on_behalf_of else "", row.opened_at.isoformat(),
            row.decided_at.isoformat() if row.decided_at else "",
            round(page.waiting(row, now).total_seconds() / 86_400, 2), len(row.votes.all()),
            row.policy["quorum"], row.digest,
        ]  # fmt: skip


@require_safe
def request(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """One request: the question, the evidence, the decision, the record."""
    row = selectors.request(viewer=request.actor, request_id=request_id)
    if wants_csv(request):
        lines = page.measures(row)
        cells = (
            [one.name, one.champion, one.candidate, one.difference, one.low, one.high, one.words, one.method]
            for one in lines
        )
        return csv_response(cells, LINE_HEADINGS, f"decision-{row.pk}")
    return _page(request, row)


def _page(
    request: HttpRequest,
    row: PromotionRequest,
    *,
    form: DecisionForm | None = None,
    withdraw: WithdrawForm | None = None,
    status: int = 200,
) -> HttpResponse:
    viewer = request.actor
    lines = page.measures(row)
    context = {
        "row": row,
        "tag": page.tag(row),
        "lede": page.lede(row),
        "facts": page.facts(row),
        "changes": page.changes(row),
        "way_back": page.way_back(row),
        "verdict": page.verdict(row),
        "compared": page.compared(row),
        "measures": lines,
        "methods": sorted({line.method for line in lines if line.method}),
        "money": page.money(row),
        "steps": page.steps(row),
        "record": page.record(row, viewer),
        "links": page.links(row.model, row.version),
        "waited": page.waiting(row, clock.now()),
        "form": form or DecisionForm(),
        "withdraw": withdraw or WithdrawForm(),
        "why": selectors.why_not_vote(viewer, row),
        "why_not_withdraw": services.why_not_withdraw(viewer, row),
        "crumbs": [("Decisions", reverse("approvals:requests"))],
    }
    return render(request, "approvals/request.html", context, status=status)


@require_POST
def vote(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Takes a vote; without a comment the page comes back with what is missing."""
    row = selectors.request(viewer=request.actor, request_id=request_id)
    selectors.check_can_vote(request.actor, row)
    form, decision = DecisionForm(request.POST), request.POST.get("decision", "")
    if form.is_valid():
        try:
            after = services.vote(
                actor=request.actor, request=row, decision=decision, comment=form.cleaned_data["comment"]
            )
        except InvalidInput as error:
            form.add_error("comment" if error.where == "comment" else None, error.sentence)
        else:
            approved = after.state == State.APPROVED
            done = f"Approved: {after.version} is in {after.environment} now." if approved else DONE[Decision(decision)]
            messages.success(request, done)
            return redirect("approvals:request", request_id=row.pk)
    return _page(request, row, form=form, status=422)


@require_POST
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Withdraws the viewer's own request."""
    row = selectors.request(viewer=request.actor, request_id=request_id)
    services.withdraw(actor=request.actor, request=row, reason=request.POST.get("reason", ""))
    messages.success(request, "The request is withdrawn.")
    return redirect("approvals:request", request_id=row.pk)
