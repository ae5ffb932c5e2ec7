"""The front page, and the progress block that it shows while the organisation is being filled."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.base.periods import Period
from audit.catalogue import horizon
from audit.catalogue.words import count_of
from config.ui import charts, tables
from config.ui import format as say
from config.ui.svg import meter
from governance.maturity import selectors as maturity
from governance.maturity.framework import google
from governance.maturity.models import Assessment
from governance.portfolio import filling, happenings, lede, selectors
from governance.portfolio.selectors import Overview
from governance.portfolio.unknowns import unknowns

HEADING = [
    "use_case", "model", "production_version", "state", "main_measure", "value_of_measure", "week_from", "threshold",
    "value", "cost", "net", "currency", "data_age_days", "period_from", "period_until",
]  # fmt: skip


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The portfolio of the viewer's models in a period (``p``, or ``from`` and ``until``), sorted by ``sort``."""
    viewer = request.actor
    as_of = horizon.last_data(viewer)
    period = periods.chosen(request.GET, last=as_of, default="4w")
    found = selectors.overview(viewer=viewer, period=period, as_of=as_of, sort=request.GET.get("sort", "net"))
    if tables.wants_csv(request):
        return tables.csv_response(_csv(found), HEADING, f"overview-{period.first_day}-{period.last_day}")
    under_way = filling.now()
    if not found.lines:
        if under_way is None and viewer.teams("read") is None:
            return redirect("people:first_steps")
        return render(request, "portfolio/empty.html", {"filling": under_way})
    waiting = happenings.waiting_for(viewer=viewer)
    others = happenings.open_elsewhere(viewer=viewer, mine=len(waiting))
    assessment = maturity.assessment(viewer=viewer)
    context = {
        "found": found,
        "period": period,
        "choices": periods.choices(period),
        "filling": under_way,
        "returned": lede.returned(found),
        "trouble": lede.trouble(found),
        "waits": lede.waits(waiting, others),
        "figures": _figures(found, assessment),
        "waiting": waiting,
        "others": others,
        "changes": happenings.changes(viewer=viewer),
        "sort": request.GET.get("sort", "net"),
        "headings": _headings(request, selectors.drawn_weeks(period)),
        "chart": _chart(found),
        "unknowns": unknowns(found, assessment),
        "use_cases": len(found.groups),
    }
    return render(request, "portfolio/home.html", context)


@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """The progress block alone, which asks for itself again; when the filling has ended it reloads the page."""
    return render(request, "portfolio/parts/progress.html", {"filling": filling.now(), "ended": True})


def _headings(request: HttpRequest, weeks: int) -> list[tuple[str, str, str, bool]]:
    """The columns: (sort, words, class, whether the table is sorted by it); an empty sort cannot be sorted by."""
    current = request.GET.get("sort", "net")
    columns = [
        ("name", "Model", ""),
        ("state", "State", ""),
        ("", "Main measure, newest week", ""),
        ("", f"{weeks} weeks", ""),
        ("value", "Value", "num"),
        ("cost", "Cost", "num"),
        ("net", "Net value", "num"),
        ("age", "Data age", "num"),
    ]
    return [(sort, words, css, bool(sort) and sort == current) for sort, words, css in columns]


def _figures(found: Overview, assessment: Assessment | None) -> list[dict[str, Any]]:
    now, before, currency = found.now, found.before, found.currency
    weeks = [money for _, money in found.weeks]
    count = count_of(len(weeks), "week")
    rows: list[dict[str, Any]] = [
        {
            "label": "Net value",
            "value": None if now.net is None else say.money(now.net, currency, 0),
            "url": "#value",
            "spark": [_float(money.net) for money in weeks],
            "spark_label": f"Net value per week, {count}",
            "change": _change(now.net, before.net if found.comparable else None),
        },
        {
            "label": "Cost",
            "value": say.money(now.cost, currency, 0) if now.cost else None,
            "url": happenings.link("allocation:spend"),
            "spark": [_float(money.cost) for money in weeks],
            "spark_label": f"Cost per week, {count}",
            "change": _change(now.cost, before.cost if found.comparable else None)
            + (
                f" {say.money(found.residue.cost, currency, 0)} of it belongs to no model yet."
                if found.residue.cost
                else ""
            ),
        },
        {
            "label": "Outcomes known",
            "value": None if now.labelled_share is None else say.percent(now.labelled_share),
            "url": "#unknown",
            "spark": [money.labelled_share for money in weeks],
            "spark_label": f"Share of predictions with known outcomes per week, {count}",
            "change": f"{now.labelled:,} of {now.predictions:,} predictions have their labels.",
        },
    ]
    if assessment is not None:
        top = google().levels[-1]
        unknown = assessment.counts.get("unknown", 0)
        reach = f"Level {assessment.confirmed} is confirmed, "
        if assessment.possible > assessment.confirmed:
            reach += f"level {assessment.possible} possible"
        else:
            reach += "and no more is possible for now"
        total = sum(assessment.counts.values())
        rows.append(
            {
                "label": "Maturity, Google levels",
                "value": f"Level {assessment.confirmed}",
                "unit": f"of {top}",
                "url": happenings.link("maturity:page"),
                "drawing": meter(assessment.confirmed, top, label=reach, possible=assessment.possible, width=88),
                "change": f"{reach}: {unknown} of {total} criteria are unknown.",
            }
        )
    return rows


def _change(now: Decimal | None, before: Decimal | None) -> str:
    words = say.change(now, before)
    return (
        "" if now is None else f"{words}." if before is not None else "The data do not reach back over the time before."
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _chart(found: Overview) -> dict[str, Any]:
    """Value and cost by week, with a conclusion as title and the same figures as a table."""
    if not found.weeks:
        return {"figure": None, "title": "Value and cost by week", "table": None}
    days = [day.isoformat() for day, _ in found.weeks]
    values = [_float(money.value) for _, money in found.weeks]
    lines = [charts.Series("Cost", days, [float(money.cost) for _, money in found.weeks], colour=4)]
    if any(value is not None for value in values):
        lines.insert(0, charts.Series("Value", days, values, colour=0))
    prefix = "$" if found.currency == "USD" else f"{found.currency} "
    rows = [
        [
            say.day(day),
            None if money.value is None else say.money(money.value, found.currency),
            say.money(money.cost, found.currency),
            None if money.net is None else say.money(money.net, found.currency),
        ]
        for day, money in reversed(found.weeks)
    ]
    return {
        "figure": charts.lines(lines, y_format=",.0f", y_prefix=prefix, from_zero=True),
        "title": _conclusion(found),
        "table": (["Week from", "Value", "Cost", "Net value"], rows),
    }


def _conclusion(found: Overview) -> str:
    known = [money for _, money in found.weeks if money.net is not None]
    if not known:
        return "What the models returned in these weeks is unknown"
    above = sum(1 for money in known if money.net is not None and money.net > 0)
    if above == len(known):
        return f"Value was above cost in each of {count_of(len(known), 'week')}"
    return f"Value was above cost in {above} of {count_of(len(known), 'week')}"


def _csv(found: Overview) -> Iterator[list[Any]]:
    period: Period = found.period
    ends = [period.first_day.isoformat(), period.last_day.isoformat()]
    for group in found.groups:
        for line in group.lines:
            row, money = line.row, line.money
            last, bound = row.standing.last, row.standing.threshold
            yield [
                group.use_case.slug,
                row.model.slug,
                row.production.number if row.production else "none",
                row.standing.word,
                row.standing.metric or "unknown",
                last.value if last else "unknown",
                last.start.date().isoformat() if last else "unknown",
                bound.value if bound else "none",
                *_amounts(money.value, money.cost, money.net),
                found.currency,
                row.data_age if row.data_age is not None else "unknown",
                *ends,
            ]
    blank = [""] * 6
    residue, now = found.residue, found.now
    cost = _amounts("", residue.cost, -residue.cost)
    yield ["", "belongs to no model", *blank, *cost, found.currency, "", *ends]
    yield ["", "all models", *blank, *_amounts(now.value, now.cost, now.net), found.currency, "", *ends]


def _amounts(*values: Decimal | str | None) -> list[str]:
    return ["unknown" if value is None else str(value) for value in values]
