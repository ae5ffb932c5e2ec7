"""The pages of returns: what models are worth after their cost, and where the worth comes from."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods

from audit.base import periods
from audit.base.errors import InvalidInput
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from config.ui import format as say
from config.ui import tables
from costs.allocation import selectors as allocation
from costs.returns import figures, selectors, services
from costs.returns.case_views import use_case_of
from costs.returns.forms import ValueForm, initial_of
from costs.returns.models import ValueStatement
from costs.returns.selectors import TotalReturn, WeekReturn

HEADING = ["week", "model", "predictions", "labelled", "value", "cost", "net", "roi", "currency", "versions"]

STATED = [
    *("valid_from", "valid_until", "outcome", "low", "likely", "high", "currency", "owner", "source", "without_model"),
    *("stated_by", "stated_at", "reason"),
]


@require_GET
def returns(request: HttpRequest) -> HttpResponseBase:
    """Value, cost, net value and return on investment by model and week."""
    viewer = request.actor
    period = periods.chosen(request.GET, last=horizon.last_data(viewer), default="q")
    models = list(catalogue.models(viewer=viewer))
    weeks = selectors.by_model(viewer=viewer, models=models, since=period.start, until=period.end)
    if tables.wants_csv(request):
        return tables.csv_response(_csv(models, weeks), HEADING, f"returns-{period.first_day}-{period.last_day}")
    rows = selectors.totals(viewer=viewer, since=period.start, until=period.end)
    stated = list(selectors.statements(viewer=viewer)[:100])
    context = {
        "period": period,
        "choices": periods.choices(period),
        "rows": rows,
        "totals": [row for row in rows if row.kind == "total"],
        "lede": _lede(rows),
        "simulated": allocation.simulated(viewer=viewer, since=period.first_day, until=period.end.date()),
        "chart": figures.chart_of(models, weeks),
        "by_model": [
            {"model": model, "rows": weeks[model.pk][::-1], "sources": figures.sources(weeks[model.pk])}
            for model in models
            if weeks[model.pk]
        ],
        "portfolio": figures.portfolio(rows),
        "never": _never(request, rows),
        "unsupported": [row for row in rows if row.kind == "model" and row.expired],
        "statements": [(one, figures.worth(one)) for one in stated],
        "use_cases": [(one, viewer.may(services.RIGHT, one.team_id)) for one in catalogue.use_cases(viewer=viewer)],
        "why_not": viewer.why_not(services.RIGHT),
    }
    return render(request, "returns/returns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def values(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the outcomes of a use case are worth: the statements, and a form for the next."""
    viewer = request.actor
    use_case = use_case_of(request, slug)
    models = list(catalogue.models(viewer=viewer).filter(use_case=use_case))
    known = list(selectors.statements(viewer=viewer).filter(use_case=use_case))
    if tables.wants_csv(request):
        return tables.csv_response(_stated(known), STATED, f"values-{slug}")
    shape: dict[str, Any] = {
        "tasks": {str(model.task) for model in models} or {"classification", "regression"},
        "unit": next((model.unit for model in models if model.unit), ""),
    }
    initial = initial_of(known[0]) if known else {}
    form = ValueForm(request.POST if request.method == "POST" else None, initial=initial, **shape)
    if request.method == "POST":
        viewer.check(services.RIGHT, use_case.team_id)
        if form.is_valid():
            try:
                services.state_value(actor=viewer, use_case=use_case, **form.said())
            except InvalidInput as error:
                form.add_error(None, error.sentence)
            else:
                messages.success(request, f"The values of {use_case.name} are stated.")
                return redirect("returns:values", slug=slug)
    context = {
        "use_case": use_case,
        "statements": [(one, figures.worth(one)) for one in known],
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT, use_case.team_id) else viewer.why_not(services.RIGHT),
    }
    return render(request, "returns/values.html", context, status=422 if form.is_bound and form.errors else 200)


def _never(request: HttpRequest, rows: Sequence[TotalReturn]) -> list[TotalReturn]:
    """The models that cost something in the period and of which no version ever ran in production, dearest first."""
    spent = [row for row in rows if row.model is not None and row.cost > 0]
    found = selectors.never_in_production(viewer=request.actor, models=[row.model for row in spent if row.model])
    keys = {model.pk for model in found}
    return [row for row in spent if row.model is not None and row.model.pk in keys]


def _lede(rows: Sequence[TotalReturn]) -> list[SafeString]:
    models = [row for row in rows if row.kind == "model"]
    if not models:
        return [SafeString("Neither costs nor outcomes of a model are known in this period.")]
    sentences = []
    for row in (row for row in rows if row.kind == "total"):
        if row.value is None or row.net is None:
            text = "Models cost <strong>{}</strong>; what they returned is unknown."
            sentences.append(format_html(text, say.money(row.cost, row.currency)))
            continue
        sentences.append(
            format_html(
                "Measured outcomes were worth <strong>{}</strong> and everything cost {}: <strong>{}</strong> net{}.",
                say.money(row.value, row.currency),
                say.money(row.cost, row.currency),
                say.money(row.net, row.currency),
                f", a return of {say.percent(row.roi)}" if row.roi is not None else "",
            )
        )
        if row.predictions:
            share = say.percent(row.labelled_share)
            sentences.append(format_html("Only the {} of predictions whose outcome is known are counted.", share))
    expired = sorted({row.model.name for row in models if row.model and row.expired})
    if expired:
        verb = "is" if len(expired) == 1 else "are"
        text = "What {} returns {} <strong>unsupported</strong>: the stated values have run out."
        sentences.append(format_html(text, ", ".join(expired), verb))
    unknown = sorted({row.model.name for row in models if row.model and row.value is None and not row.expired})
    if unknown:
        verb = "has" if len(unknown) == 1 else "have"
        sentences.append(format_html("{} {} no known return yet.", ", ".join(unknown), verb))
    return sentences


def _csv(models: Iterable[Model], weeks: dict[Any, list[WeekReturn]]) -> Iterator[list[Any]]:
    for model in models:
        for row in weeks[model.pk]:
            versions = " ".join(f"v{number}" for number in row.versions)
            roi = None if row.roi is None else round(row.roi, 6)
            counts = [row.week, model.slug, row.predictions, row.labelled]
            yield [*counts, row.value, row.cost, row.net, roi, row.currency, versions]


def _stated(statements: Iterable[ValueStatement]) -> Iterator[list[Any]]:
    for one in statements:
        for outcome, known in one.ranges.items():
            days = [one.valid_from, one.valid_until, outcome]
            rests = [one.currency, one.owner, one.source, one.without.words]
            yield [*days, known.low, known.likely, known.high, *rests, one.stated_by, one.created_at, one.reason]
