"""The pages of budgets: whether what was spent, and what will be, stays within what someone said it may be."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.base.periods import CUSTOM
from config.ui import format as say
from config.ui import tables
from costs.budgets import figures, selectors, services
from costs.budgets.domain import forecast
from costs.budgets.domain.standing import EXCEEDED, FORECAST, HEADING, MONEY, POSSIBLE, UNKNOWN, WITHIN, WORDS
from costs.budgets.forms import BudgetForm, CloseForm, OverrideForm
from costs.budgets.models import Budget, BudgetState
from costs.budgets.selectors import Line

HEADINGS: Final = (
    "budget", "scope", "measure", "currency", "period", "amount", "quota", "state", "known until", "spent", "low",
    "forecast", "high", "held-back months", "inside the interval",
)  # fmt: skip
DAYS: Final = ("day", "spent", "low", "forecast", "high", "held-back months", "inside the interval")
SHOWN: Final = 30


def shown(line: Line) -> dict[str, Any]:
    """A budget as the list and its page show it."""
    row, state = line.budget, line.state
    words = selectors.amount_words
    coming = state.coming if state else None
    return {
        "row": row,
        "state": state,
        "tag": ("off", "Closed") if row.closed_at else WORDS[state.standing if state else UNKNOWN],
        "amount": words(row, row.amount),
        "spent": words(row, state.spent) if state else "",
        "share": state.share if state else None,
        "share_words": f"{say.percent(state.share)} spent" if state else "",
        "span": row.span(state.day) if state else None,
        "forecast": words(row, coming.value) if coming else "",
        "interval": f"{words(row, coming.low)} to {words(row, coming.high)}" if coming else "",
        "override": line.override,
    }


@require_safe
def budgets(request: HttpRequest) -> HttpResponseBase:
    """The budgets of the viewer's teams, and how each stands; ``?closed=yes`` shows those that were closed too."""
    viewer = request.actor
    closed = request.GET.get("closed") == "yes"
    lines = selectors.lines(viewer=viewer, of=selectors.budgets(viewer=viewer, closed=closed))
    order = (EXCEEDED, HEADING, POSSIBLE, UNKNOWN, WITHIN)
    lines.sort(key=lambda one: (one.budget.closed_at is not None, order.index(_standing(one)), one.budget.name))
    if tables.wants_csv(request):
        return tables.csv_response(_cells(lines), HEADINGS, "budgets")
    billed = [line.state.day for line in lines if line.state and line.budget.measure == MONEY]
    context = {
        "rows": [shown(line) for line in lines],
        "lede": _lede([line for line in lines if line.budget.closed_at is None]),
        "closed": "yes" if closed else "",
        "choices": [("", "Open"), ("yes", "Closed ones too")],
        "last_day": max(billed, default=None),
        "evaluated_at": selectors.evaluated_at(lines),
        "why_not": "" if viewer.may_anywhere(services.STATE) else viewer.why_not(services.STATE),
    }
    return render(request, "budgets/budgets.html", context)


def _standing(line: Line) -> str:
    return line.state.standing if line.state else UNKNOWN


def _lede(lines: Sequence[Line]) -> list[SafeString]:
    if not lines:
        return [SafeString("No budget is open, so this is unknown.")]
    found = {state: [line for line in lines if _standing(line) == state] for state in WORDS}
    open_quotas = sum(line.budget.hard and line.override is None for line in found[EXCEEDED])
    said = [
        format_html(
            "<strong>{} of {}</strong> {} exceeded",
            len(found[EXCEEDED]),
            say.count(len(lines), "budget"),
            "is" if len(found[EXCEEDED]) == 1 else "are",
        )
        if found[EXCEEDED]
        else format_html("<strong>None of {}</strong> is exceeded", say.count(len(lines), "budget")),
    ]
    if found[HEADING]:
        said.append(format_html("{} will be by the forecast", len(found[HEADING])))
    if found[POSSIBLE]:
        said.append(format_html("{} may be", len(found[POSSIBLE])))
    if found[UNKNOWN]:
        said.append(format_html("of {} nothing is known", len(found[UNKNOWN])))
    sentences = [format_html("{}.", format_html_join(", ", "{}", ((part,) for part in said)))]
    if open_quotas:
        verb = "is a quota" if open_quotas == 1 else "are quotas"
        sentences.append(
            format_html(
                "{} of those exceeded {}: while its period runs, retraining and promotion wait.", open_quotas, verb
            )
        )
    return sentences


def _cells(lines: Sequence[Line]) -> Iterator[list[Any]]:
    for line in lines:
        row, state = line.budget, line.state
        known = (
            [state.day, state.spent, state.low, state.forecast, state.high, state.months, state.inside] if state else []
        )
        yield [
            row.name, row.scope, row.get_measure_display(), row.currency, row.get_period_display(), row.amount,
            row.hard, "Closed" if row.closed_at else WORDS[_standing(line)][1], *(known or [None] * 7),
        ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def state(request: HttpRequest) -> HttpResponseBase:
    """A form that states a budget."""
    viewer = request.actor
    if request.method == "POST" and not viewer.may_anywhere(services.STATE):
        viewer.check(services.STATE)
    initial = {"owner": getattr(request.user, "email", ""), "valid_from": clock.now().date()}
    form = BudgetForm(request.POST if request.method == "POST" else None, viewer=viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.state_budget(actor=viewer, **form.said())
        except InvalidInput as error:
            form.add_error(error.where if error.where in form.fields else None, error.sentence)
        else:
            messages.success(request, f"The budget {made} is stated.")
            return redirect("budgets:budget", budget_id=made.pk)
    context = {
        "form": form,
        "why_not": "" if viewer.may_anywhere(services.STATE) else viewer.why_not(services.STATE),
        "crumbs": [("Budgets", reverse("budgets:budgets"))],
    }
    return render(request, "budgets/state.html", context, status=422 if form.is_bound and form.errors else 200)


@require_safe
def budget(request: HttpRequest, budget_id: UUID) -> HttpResponseBase:
    """One budget: its course, its forecast and how good that was, what it crossed, who overrode it."""
    row = selectors.budget(viewer=request.actor, budget_id=budget_id)
    if tables.wants_csv(request):
        known = selectors.states(viewer=request.actor).filter(budget=row)
        cells = ([one.day, one.spent, one.low, one.forecast, one.high, one.months, one.inside] for one in known)
        return tables.csv_response(cells, DAYS, f"budget-{row.pk}")
    return _page(request, row)


def _page(
    request: HttpRequest,
    row: Budget,
    *,
    closing: CloseForm | None = None,
    passing: OverrideForm | None = None,
    status: int = 200,
) -> HttpResponse:
    viewer, today = request.actor, clock.now().date()
    (line,) = selectors.lines(viewer=viewer, of=[row], on=today)
    context: dict[str, Any] = {
        **shown(line),
        "words": _words(line),
        "closing": closing or CloseForm(),
        "passing": passing or OverrideForm(initial={"until": row.span(today).last}),
        "why_not_close": ("This budget was closed." if row.closed_at else "")
        if viewer.may(services.STATE, row.team_id)
        else viewer.why_not(services.STATE),
        "why_not_override": services.why_not_override(row, today)
        if viewer.may(services.OVERRIDE, row.team_id)
        else viewer.why_not(services.OVERRIDE),
        "overrides": list(selectors.overrides(viewer=viewer).filter(budget=row)[:SHOWN]),
        "crossings": [
            (one, selectors.amount_words(row, one.value), "forecast" if one.kind == FORECAST else "spent")
            for one in selectors.crossings(viewer=viewer).filter(budget=row)[:SHOWN]
        ],
        "stopping": row.hard and line.state is not None and line.state.standing == EXCEEDED and not line.override
        and row.holds_on(today) and line.state.period_start == row.span(today).first,
        "crumbs": [("Budgets", reverse("budgets:budgets"))],
    }  # fmt: skip
    if line.state:
        context |= _course(request, row, line.state)
    return render(request, "budgets/budget.html", context, status=status)


def _course(request: HttpRequest, row: Budget, known: BudgetState) -> dict[str, Any]:
    """The chart of the period, the months ahead, and where the costs of these days stand."""
    viewer, span = request.actor, row.span(known.day)
    days = selectors.daily(viewer=viewer, of=row, last=known.day)
    series = selectors.series_of(days, known.day)
    words = selectors.amount_words
    return {
        "chart": figures.course(row, known, span, days),
        "ahead": [
            (month.words, words(row, found.value), f"{words(row, found.low)} to {words(row, found.high)}")
            for month, found in forecast.months_ahead(series)
            if found
        ],
        "uncounted": [
            say.money(amount, currency)
            for currency, amount in selectors.uncounted(viewer=viewer, of=row, since=span.first, last=known.day)
        ],
        "days_known": len(series.amounts),
        "least": forecast.LEAST,
        "simulated": selectors.simulated(viewer=viewer, of=row, since=span.first, until=span.until),
        "spend_url": f"{reverse('allocation:spend')}?p={CUSTOM}&from={span.first}&until={known.day}"
        if row.measure == MONEY
        else "",
    }


def _words(line: Line) -> SafeString:
    """How the budget stands, in a sentence."""
    row, known, words = line.budget, line.state, selectors.amount_words
    if known is None:
        return format_html("How it stands is unknown: no bill is known for a day on which it is in force.")
    span = row.span(known.day)
    spent = format_html(
        "By {} {} was spent of {} for {}, {}",
        say.day(known.day),
        words(row, known.spent),
        words(row, row.amount),
        span.words,
        say.percent(known.share),
    )
    if known.coming is None:
        return format_html("{}.", spent)
    return format_html(
        "{}; by the end it will be <strong>{}</strong>, in 9 of 10 cases {} to {}.",
        spent,
        words(row, known.coming.value),
        words(row, known.coming.low),
        words(row, known.coming.high),
    )


@require_POST
def close(request: HttpRequest, budget_id: UUID) -> HttpResponse:
    """Closes a budget; without a reason the page comes back with what is missing."""
    row = selectors.budget(viewer=request.actor, budget_id=budget_id)
    request.actor.check(services.STATE, row.team_id)
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _page(request, row, closing=form, status=422)
    services.close_budget(actor=request.actor, budget=row, reason=form.cleaned_data["reason"])
    messages.success(request, f"The budget {row} is closed.")
    return redirect("budgets:budgets")


@require_POST
def override(request: HttpRequest, budget_id: UUID) -> HttpResponse:
    """Lets an exceeded quota be passed for a time."""
    row = selectors.budget(viewer=request.actor, budget_id=budget_id)
    request.actor.check(services.OVERRIDE, row.team_id)
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            services.override_quota(actor=request.actor, budget=row, **form.cleaned_data)
        except InvalidInput as error:
            form.add_error(error.where if error.where in form.fields else None, error.sentence)
        else:
            messages.success(request, f"The quota {row} may be passed.")
            return redirect("budgets:budget", budget_id=row.pk)
    return _page(request, row, passing=form, status=422)
