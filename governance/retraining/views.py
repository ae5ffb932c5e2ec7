"""The pages of retraining: rules, what each judged, the runs, and the reviews."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit.base.errors import InvalidInput, NotFound
from audit.catalogue.own_panels import learned_from
from config.ui.tables import csv_response, wants_csv
from governance.approvals import page as evidence
from governance.retraining import comparing, selectors, services, starting
from governance.retraining.domain import LABELLED_SHARE
from governance.retraining.forms import ReviewForm, StartForm
from governance.retraining.models import Evaluation, Outcome, Retraining, ReviewState, Rule, State

ROWS: Final = 25
HEADINGS = ("retraining", "model", "week", "state", "started by", "champion", "candidate", "outcome", "sentence")
EVALUATION_HEADINGS = ("week", "fired", "code", "sentence", "judged at", "inputs digest")
TAGS: Final = {
    Outcome.BETTER: ("ok", "Better"),
    Outcome.NOT_BETTER: ("off", "No difference"),
    Outcome.WORSE: ("bad", "Worse"),
    Outcome.UNDECIDED: ("unknown", "Undecided"),
}
STATE_TAGS: Final = {
    State.QUEUED: ("waiting", "Queued"),
    State.RUNNING: ("waiting", "Training"),
    State.WAITING: ("waiting", "Waiting for labels"),
    State.FAILED: ("bad", "Failed"),
    State.FINISHED: ("off", "Finished"),
}
VERDICT_TAGS: Final = {
    "fired": ("bad", "Fired"),
    "not_broken": ("ok", "Held"),
    "too_few_labels": ("unknown", "Unknown"),
    "no_version": ("unknown", "Unknown"),
}


def tag(row: Retraining) -> tuple[str, str]:
    """The outcome, or how far the retraining is, as a shape and a word."""
    if row.state == State.FINISHED and row.outcome:
        return TAGS[Outcome(row.outcome)]
    return STATE_TAGS[State(row.state)]


def verdict_tag(row: Evaluation | None) -> tuple[str, str]:
    """A judgement as a shape and a word."""
    if row is None:
        return "unknown", "Not judged yet"
    return VERDICT_TAGS.get(row.code, ("watch", "Broken, not started"))


@require_safe
def overview(request: HttpRequest) -> HttpResponseBase:
    """Rules with their last judgement, reviews that are open, and the runs."""
    viewer = request.actor
    runs = selectors.retrainings(viewer=viewer)
    if wants_csv(request):
        return csv_response(_cells(runs), HEADINGS, "retraining")
    rules = list(selectors.rules(viewer=viewer))
    last = selectors.last_evaluations(viewer=viewer, rules=rules)
    shown = Paginator(runs, ROWS).get_page(request.GET.get("page"))
    context = {
        "rules": [{"row": row, "last": last.get(row.pk), "tag": verdict_tag(last.get(row.pk))} for row in rules],
        "reviews": list(selectors.open_reviews(viewer=viewer)),
        "runs": [{"row": row, "tag": tag(row)} for row in shown.object_list],
        "page": shown,
    }
    return render(request, "retraining/overview.html", context)


def _cells(rows: Iterable[Retraining]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            str(row.pk), row.model.slug, row.week, row.get_state_display(), row.started_by, row.champion.number,
            row.candidate.number if row.candidate else "", row.get_outcome_display(), row.sentence,
        ]  # fmt: skip


@require_safe
def run(request: HttpRequest, retraining_id: UUID) -> HttpResponseBase:
    """One retraining: why, from which data, how it compares, what followed."""
    viewer = request.actor
    row = selectors.retraining(viewer=viewer, retraining_id=retraining_id)
    lines = [evidence.measure(one, row.model.unit) for one in row.comparison.get("measures", [])]
    if wants_csv(request):
        cells = ([one.name, one.champion, one.candidate, one.difference, one.low, one.high, one.words] for one in lines)
        headings = ("measure", "champion", "candidate", "difference", "low", "high", "in words")
        return csv_response(cells, headings, f"retraining-{row.pk}")
    waits = comparing.why_wait(row) if row.state == State.WAITING else ""
    since, until = (evidence.moment(row.comparison.get(name)) for name in ("since", "until"))
    context = {
        "row": row,
        "tag": tag(row),
        "measures": lines,
        "methods": sorted({line.method for line in lines if line.method}),
        "compared": learned_from(since, until),
        "waits": waits,
        "learned": learned_from(row.candidate.data_from, row.candidate.data_until) if row.candidate else "",
        "data": list(row.candidate.training_data.select_related("dataset")) if row.candidate else [],
        "record": evidence.events_about(viewer, [row]),
        "review": getattr(row, "review", None),
        "job_url": evidence.url_of("jobs:job", row.job_id) if row.job_id else "",
        "poll": reverse("retraining:progress", args=[row.pk]),
        "crumbs": [("Retraining", reverse("retraining:overview"))],
    }
    return render(request, "retraining/run.html", context)


@require_safe
def progress(request: HttpRequest, retraining_id: UUID) -> HttpResponseBase:
    """The progress of a retraining's job, again."""
    row = selectors.retraining(viewer=request.actor, retraining_id=retraining_id)
    if row.job_id is None:
        raise NotFound("This retraining has no job yet, so there is no progress to show.")
    context = {
        "row": row,
        "job_url": evidence.url_of("jobs:job", row.job_id),
        "poll": reverse("retraining:progress", args=[row.pk]),
    }
    return render(request, "retraining/parts/progress.html", context)


@require_safe
def rule(request: HttpRequest, rule_id: UUID) -> HttpResponseBase:
    """One rule: what it asks, and each of its judgements."""
    row = selectors.rule(viewer=request.actor, rule_id=rule_id)
    if wants_csv(request):
        rows = selectors.evaluations(viewer=request.actor, rule=row)
        cells = ([one.week, one.fired, one.code, one.sentence, one.at.isoformat(), one.inputs_digest] for one in rows)
        return csv_response(cells, EVALUATION_HEADINGS, f"evaluations-{row.model.slug}")
    return _rule_page(request, row)


def _rule_page(request: HttpRequest, row: Rule, *, form: StartForm | None = None, status: int = 200) -> HttpResponse:
    rows = selectors.evaluations(viewer=request.actor, rule=row)
    fired = request.GET.get("fired", "")
    if fired in {"yes", "no"}:
        rows = rows.filter(fired=fired == "yes")
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    last = selectors.last_evaluations(viewer=request.actor, rules=[row]).get(row.pk)
    context = {
        "row": row,
        "condition": row.condition().words(),
        "share": LABELLED_SHARE,
        "last": last,
        "tag": verdict_tag(last) if row.enabled else ("off", "Switched off"),
        "evaluations": [{"row": one, "tag": verdict_tag(one)} for one in shown.object_list],
        "page": shown,
        "fired": fired,
        "choices": [("", "All"), ("yes", "Fired"), ("no", "Did not fire")],
        "form": form or StartForm(),
        "why": services.why_not_start(request.actor, row),
        "model_url": evidence.url_of("catalogue:model", row.model.slug),
        "crumbs": [("Retraining", reverse("retraining:overview"))],
    }
    return render(request, "retraining/rule.html", context, status=status)


@require_POST
def start(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Starts retraining on demand."""
    row = selectors.rule(viewer=request.actor, rule_id=rule_id)
    request.actor.check(services.MANAGE, row.model.use_case.team_id)
    form = StartForm(request.POST)
    if not form.is_valid():
        return _rule_page(request, row, form=form, status=422)
    made = starting.start(actor=request.actor, rule=row, reason=form.cleaned_data["reason"], trigger="person")
    messages.success(request, "Retraining has started.")
    return redirect("retraining:run", retraining_id=made.pk)


@require_safe
def review(request: HttpRequest, review_id: UUID) -> HttpResponseBase:
    """One review: why it opened, and its end."""
    return _review_page(request, review_id)


def _review_page(
    request: HttpRequest, review_id: UUID, *, form: ReviewForm | None = None, status: int = 200
) -> HttpResponse:
    viewer = request.actor
    row = selectors.review(viewer=viewer, review_id=review_id)
    context = {
        "row": row,
        "is_open": row.state == ReviewState.OPEN,
        "form": form or ReviewForm(),
        "why": services.why_not_close(viewer, row),
        "record": evidence.events_about(viewer, [row, row.retraining]),
        "model_url": evidence.url_of("catalogue:model", row.model.slug),
        "crumbs": [("Retraining", reverse("retraining:overview"))],
    }
    return render(request, "retraining/review.html", context, status=status)


@require_POST
def close(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Closes a review; without a comment the page comes back with what is missing."""
    row = selectors.review(viewer=request.actor, review_id=review_id)
    form = ReviewForm(request.POST)
    comment = form.cleaned_data["comment"] if form.is_valid() else ""
    try:
        services.close_review(actor=request.actor, review=row, comment=comment)
    except InvalidInput as error:
        if not form.errors:
            form.add_error("comment", error.sentence)
        return _review_page(request, review_id, form=form, status=422)
    messages.success(request, "The review is closed; the rule may fire again.")
    return redirect("retraining:review", review_id=row.pk)
