"""The page of costs: one question, the figures behind its answer, and the same address as CSV."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from audit.base import periods
from audit.jobs import services as jobs
from config.ui import charts, tables
from config.ui import format as say
from costs.allocation import report, selectors
from costs.allocation.domain import EVIDENCE, REASONS, RESIDUE, STAGES
from costs.allocation.services import ALLOCATE, RIGHT
from costs.billing.selectors import bill_files

MEASURES = {"effective": "Effective cost", "billed": "Billed cost"}
COLOURS = {stage: colour for colour, stage in enumerate(STAGES)}


@require_GET
def spend(request: HttpRequest) -> HttpResponseBase:
    """What models cost in a period, by week, stage and model."""
    viewer = request.actor
    last = selectors.last_day(viewer)
    may_import = viewer.may(RIGHT)
    if last is None:
        context = {
            "may_import": may_import,
            "why_not": viewer.why_not(RIGHT),
            "waiting": bill_files(viewer=viewer).exists(),
            "limited": bool(viewer.limits),
        }
        return render(request, "allocation/empty.html", context)
    period = periods.chosen(request.GET, last=last)
    before = period.before()
    now = selectors.weekly_costs(viewer=viewer, since=period.start, until=period.end)
    old = selectors.weekly_costs(viewer=viewer, since=before.start, until=before.end)
    measure = request.GET.get("cost") if request.GET.get("cost") in MEASURES else "effective"
    known = report.currencies([*now, *old]) or ["USD"]
    currency = request.GET["currency"] if request.GET.get("currency") in known else known[0]
    by = request.GET["by"] if request.GET.get("by") in report.BY else "model"
    found = report.spend(now, old, currency=currency, measure=str(measure), by=by)
    if tables.wants_csv(request):
        return tables.csv_response(
            _csv(found, by), [by, *_heading(found)], f"spend-{period.first_day}-{period.last_day}"
        )
    bills = selectors.bills(viewer=viewer, since=period.first_day, until=period.end.date())
    untied, untied_count = selectors.residue(
        viewer=viewer, since=period.first_day, until=period.end.date(), currency=currency
    )
    whole = selectors.sees_whole_bills(viewer=viewer, since=period.first_day, until=period.end.date())
    context = {
        "period": period,
        "choices": periods.choices(period),
        "found": found,
        "currency": currency,
        "currencies": [(code, code) for code in known],
        "measure": measure,
        "measures": list(MEASURES.items()),
        "bill": bills[0] if bills else None,
        "simulated": any(bill.simulated for bill in bills),
        "last_day": last,
        "by": by,
        "by_words": report.BY[by],
        "bys": [(key, f"By {words.lower()}") for key, words in report.BY.items()],
        "lede": _lede(found, by),
        "chart": _chart(found),
        "chart_title": _chart_title(found),
        "chart_table": _chart_table(found),
        "stages": [STAGES[stage] for stage in found.stages],
        "rows": [(line, _link(line, by), [line.stages.get(stage) for stage in found.stages]) for line in found.lines],
        "total": [found.total.stages.get(stage) for stage in found.stages],
        "total_name": "Bill" if whole else "Your teams’ part of the bills",
        "ties": [(EVIDENCE[kind], found.share(kind)) for kind in EVIDENCE if found.share(kind)],
        "untied": [(row, REASONS.get(row.residue, row.residue), STAGES.get(row.stage, "")) for row in untied],
        "untied_count": untied_count,
        "untied_share": found.share(RESIDUE),
        "may_import": may_import,
        "why_not": "" if may_import else viewer.why_not(RIGHT),
    }
    return render(request, "allocation/spend.html", context)


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Starts allocation anew for every source: models or rules may have come since."""
    viewer = request.actor
    viewer.check(RIGHT)
    sources = sorted(set(bill_files(viewer=viewer).order_by().values_list("source", flat=True)))
    with transaction.atomic():
        for source in sources:
            jobs.start(ALLOCATE, actor=viewer, trigger="person", args={"source": source})
    messages.success(request, "The bills are being tied to models again. Figures change when the job is done.")
    return redirect("allocation:spend")


def _link(line: report.Line, by: str) -> str:
    """Where more is told of what the line stands for; empty where nothing is."""
    if by == "model":
        return reverse("catalogue:model", args=[line.slug])
    return reverse("catalogue:use_case", args=[line.slug]) if by == "use_case" else ""


def _lede(found: report.Spend, by: str) -> list[SafeString]:
    """The answer in sentences, each figure taken from the table below."""
    models = say.count(len(found.lines), report.BY[by].lower())
    total = say.money(found.total.total, found.currency, 0 if abs(found.total.total) >= 100 else 2)
    if not found.had_before:
        against = "; there is no bill for the time before"
    else:
        change = say.change(found.total.total, found.total.before)
        against = f", {change[0].lower()}{change[1:]}"
    verb = "costs" if len(found.lines) == 1 else "cost"
    subject = f"{models} {verb}" if found.lines else "No model is tied to a charge; the bills come to"
    sentences = [format_html("{} <strong>{}</strong> in this period{}.", subject, total, against)]
    if found.cause:
        cause = found.cause
        what = (
            f"{STAGES[cause.stage].lower()} of {cause.name}"
            if cause.name != report.NO_MODEL
            else "what belongs to no model"
        )
        amount = say.money(abs(cause.amount), found.currency)
        sentences.append(
            format_html("The biggest cause is {}: {} {}.", what, amount, "more" if cause.amount > 0 else "less")
        )
    share = found.share(RESIDUE)
    if share:
        sentences.append(format_html("{} of the bill belongs to no model yet.", say.percent(share, 1)))
    elif share is not None:
        sentences.append(SafeString("Every cent is tied to a model."))
    return sentences


def _parts(found: report.Spend) -> tuple[list[date], list[tuple[str, charts.Part]]]:
    weeks = list(found.weeks)
    stages = [*(stage for stage in STAGES if any(stage in of for of in found.weeks.values())), ""]
    parts = []
    for stage in stages:
        values = [float(found.weeks[week].get(stage, 0)) for week in weeks]
        if any(values):
            name = STAGES.get(stage, report.NO_MODEL)
            parts.append((stage, charts.Part(name, values, colour=COLOURS.get(stage, 0), residue=not stage)))
    return weeks, parts


def _chart(found: report.Spend) -> dict[str, Any]:
    """The figure and the key of its colours."""
    weeks, parts = _parts(found)
    if not parts:
        return {"figure": None, "swatches": []}
    sums = [say.number(sum((of.get(stage, 0) for of in found.weeks.values()), report.ZERO), 2) for stage, _ in parts]
    prefix = "$" if found.currency == "USD" else f"{found.currency} "
    only = [part for _, part in parts]
    figure = charts.stacked_bars([week.isoformat() for week in weeks], only, y_prefix=prefix)
    return {"figure": figure, "swatches": charts.swatches(only, sums)}


def _chart_title(found: report.Spend) -> str:
    """The conclusion: which stage takes most."""
    stages = {stage for of in found.weeks.values() for stage in of}
    sums = {stage: sum((of.get(stage, report.ZERO) for of in found.weeks.values()), report.ZERO) for stage in stages}
    if not any(sums.values()):
        return "Nothing was billed in this period"
    largest = max(sums, key=lambda stage: (sums[stage], stage))
    name = STAGES.get(largest, "What belongs to no model")
    return (
        f"{name} takes {say.percent(sums[largest] / found.total.total)} of the money"
        if found.total.total
        else "Cost by week"
    )


def _chart_table(found: report.Spend) -> tuple[list[str], list[list[str]]]:
    _, parts = _parts(found)
    heading = ["Week from", *(part.name for _, part in parts), "All"]
    rows = [
        [
            say.day(week),
            *(say.number(of.get(stage, report.ZERO), 2) for stage, _ in parts),
            say.number(sum(of.values(), report.ZERO), 2),
        ]
        for week, of in reversed(found.weeks.items())
    ]
    return heading, rows


def _heading(found: report.Spend) -> list[str]:
    return [*found.stages, "all", "before", "currency"]


def _csv(found: report.Spend, by: str) -> Iterator[list[Any]]:
    residue = () if by == report.PROVIDER else (found.residue,)
    for line in (*found.lines, *residue, found.total):
        # What belongs to no model stands in its sum only, as on the page.
        shown = [line.stages.get(stage, report.ZERO) if line is not found.residue else "" for stage in found.stages]
        yield [line.slug or line.name, *shown, line.total, line.before, found.currency]
