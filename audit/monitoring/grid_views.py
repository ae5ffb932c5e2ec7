"""The page of all models and their weeks."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.base import periods
from audit.catalogue import horizon, listing, selectors
from audit.monitoring import grid
from config.ui.tables import csv_response, wants_csv

PAGE = 25
STATES = [(state, grid.WORDS[state]) for state in grid.WORST_FIRST]


@require_safe
def models(request: HttpRequest) -> HttpResponseBase:
    """All models by week, narrowed by ``use_case``, ``state`` and ``q``, in the period ``p``."""
    viewer = request.actor
    wanted = {name: request.GET.get(name, "").strip() for name in ("use_case", "state", "q")}
    end = horizon.last_data(viewer)
    period = periods.chosen(request.GET, last=end, default="q")
    found = listing.narrowed(viewer=viewer, use_case=wanted["use_case"], words=wanted["q"])
    listed = grid.listed(viewer=viewer, found=found, state=wanted["state"])
    if wants_csv(request):
        return csv_response(grid.cells(viewer=viewer, models=listed.models, period=period), grid.HEADINGS, "monitoring")
    watched = grid.coverage(viewer=viewer, end=end)
    shown = Paginator(listed.models, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": shown,
        "rows": grid.rows(viewer=viewer, models=list(shown), period=period),
        "weeks": grid.weeks_of(period),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "use_cases": selectors.use_cases(viewer=viewer),
        "states": STATES,
        "marks": [(grid.MARKS[state], words) for state, words in STATES],
        "sentences": grid.sentences(listed.states, watched),
        "watched": watched,
        "end": end,
        "period": period,
        "choices": periods.choices(period),
    }
    return render(request, "monitoring/models.html", context)
