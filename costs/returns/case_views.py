"""The page of one use case's returns with its what-if, and the form for a promise."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from audit.base import periods
from audit.base.errors import InvalidInput, NotFound
from audit.base.forms import blame
from audit.catalogue import horizon
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import UseCase
from config.ui import tables
from costs.returns import case_words, domain, figures, selectors, services
from costs.returns.case import Case, case_of
from costs.returns.domain import Result
from costs.returns.forms import RATE_MOST, PromiseForm, ScenarioForm

HEADING = ["week", "model", "predictions", "labelled", "value", "cost", "net", "currency", "statement"]
PROMISED = ["since", "until", "monthly", "currency", "promised_by", "created_at", "reason"]
MEASURED = {"volume": 100, "cost": 100}


def use_case_of(request: HttpRequest, slug: str) -> UseCase:
    """The use case that an address names.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found: UseCase | None = catalogue.use_cases(viewer=request.actor).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no use case {slug}, or it belongs to a team that you are not in.")
    return found


@require_GET
def use_case(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the use case returned, how sure that is, on which assumptions; and a scenario where the address has one."""
    viewer, found = request.actor, use_case_of(request, slug)
    period = periods.chosen(request.GET, last=horizon.last_data(viewer), default="q")
    case = case_of(viewer=viewer, use_case=found, period=period)
    if tables.wants_csv(request):
        return tables.csv_response(_csv(case), HEADING, f"returns-{slug}-{period.first_day}-{period.last_day}")
    result = case.result()
    context: dict[str, Any] = {
        "case": case,
        "period": period,
        "choices": periods.choices(period),
        "result": result,
        "lede": case_words.lede(case, result),
        "statements": [(one, figures.worth(one)) for one in case.statements],
        "promises": list(selectors.promises(viewer=viewer).filter(use_case=found)),
        "why_not": "" if viewer.may(services.RIGHT, found.team_id) else viewer.why_not(services.RIGHT),
    }
    status = 200
    if result is not None:
        context |= _shown(case, result)
        scenario = _scenario(request, case, result)
        context |= scenario
        status = 422 if scenario.get("wrong_scenario") else 200
    return render(request, "returns/case.html", context, status=status)


def _shown(case: Case, result: Result) -> dict[str, Any]:
    weeks = {model.pk: [row for own, row in case.rows if own.pk == model.pk] for model in case.models}
    current = case.current
    return {
        "tiles": case_words.tiles(case, result),
        "facts": case_words.facts(case, result),
        "labelled": case_words.labelled(case.sums) if case.sums else "",
        "chart": figures.chart_of(case.models, weeks),
        "sources": figures.sources(row for _, row in case.rows),
        "wrong": case_words.wrong(domain.deviations(current.ranges), current.currency) if current else [],
        "thresholds": case_words.thresholds(case, domain.best_threshold(current.amounts)) if current else [],
    }


def _scenario(request: HttpRequest, case: Case, measured: Result) -> dict[str, Any]:
    """The sliders, and what the scenario of the address would bring; nothing without a statement that holds."""
    current, evidence = case.current, case.evidence
    if current is None or evidence is None or current.currency != case.currency:
        return {}
    rate = min(round(float(case.rate or 0) * 100), RATE_MOST)
    values = {f"v_{outcome}": float(known.point) for outcome, known in current.ranges.items()}
    initial: dict[str, Any] = {**MEASURED, "rate": rate, **values}
    asked = any(name in request.GET for name in initial)
    given = {name: request.GET.get(name, initial[name]) for name in initial} if asked else None
    worth = {outcome: figures.worth_of(known, current.currency) for outcome, known in current.ranges.items()}
    form = ScenarioForm(
        given, initial=initial, ranges=current.ranges, names=figures.WORDS, worth=worth, currency=current.currency
    )
    kept = [(name, request.GET[name]) for name in ("p", "from", "until") if name in request.GET]
    shown: dict[str, Any] = {"form": form, "kept": kept}
    if not asked:
        return shown
    if not form.is_valid():
        return shown | {"wrong_scenario": True}
    said = form.cleaned_data
    # A slider that was not moved leaves the stated range as it is.
    moved = {
        outcome: amount
        for outcome, amount in form.values().items()
        if abs(float(amount) - float(current.ranges[outcome].point)) > 0.00005
    }
    other = evidence.what_if(volume=said["volume"] / 100, cost=said["cost"] / 100, values=moved)
    found = domain.simulate(other, rate=said["rate"] / 100)
    return shown | {"supposed": case_words.supposed(case, measured, found) if found else []}


@require_http_methods(["GET", "HEAD", "POST"])
def promise(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What was promised of a use case: the promises, and a form for the next."""
    viewer, found = request.actor, use_case_of(request, slug)
    known = list(selectors.promises(viewer=viewer).filter(use_case=found))
    if tables.wants_csv(request):
        rows = ([getattr(one, name) for name in PROMISED] for one in known)
        return tables.csv_response(rows, PROMISED, f"promises-{slug}")
    form = PromiseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        viewer.check(services.RIGHT, found.team_id)
        if form.is_valid():
            try:
                services.promise_value(actor=viewer, use_case=found, **form.cleaned_data)
            except InvalidInput as error:
                blame(error, form)
            else:
                messages.success(request, f"The promise for {found.name} is kept beside what it returns.")
                return redirect("returns:use_case", slug=slug)
    context = {
        "use_case": found,
        "promises": known,
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT, found.team_id) else viewer.why_not(services.RIGHT),
    }
    return render(request, "returns/promise.html", context, status=422 if form.is_bound and form.errors else 200)


def _csv(case: Case) -> Iterator[list[Any]]:
    for model, row in case.rows:
        counts = [row.week, model.slug, row.predictions, row.labelled]
        yield [*counts, row.value, row.cost, row.net, row.currency, row.statement]
