"""The maturity page: the level as a range, each criterion with what decided it, and the cheapest next steps."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from audit.catalogue.words import count_of
from config.ui.tables import csv_response, wants_csv
from governance.maturity import selectors
from governance.maturity.framework import google
from governance.maturity.models import Assessment, State

TAGS = {
    State.MET: ("ok", "Met"),
    State.NOT_MET: ("bad", "Not met"),
    State.UNKNOWN: ("unknown", "Unknown"),
    State.PRESENT: ("watch", "Symptom"),
    State.ABSENT: ("ok", "No symptom"),
}
PAGES = {
    "models": ("catalogue:models", "Models"),
    "requests": ("approvals:requests", "Decisions"),
    "ledger": ("ledger:entries", "Audit log"),
    "costs": ("allocation:spend", "Spend"),
}
HEADINGS = ("id", "level", "group", "name", "asks", "optional", "rule", "state", "what_we_know", "as_of")
SHOWN_STEPS = 14


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """The newest assessment of a scope (``s``), narrowed by ``state``; ``?format=csv`` downloads the criteria."""
    viewer = request.actor
    scope = request.GET.get("s", "")
    found = selectors.assessment(viewer=viewer, scope=scope)
    scopes = selectors.scopes(viewer=viewer)
    if found is None:
        return render(request, "maturity/empty.html")
    wanted = request.GET.get("state", "")
    results = list(found.results.all())
    criteria = {one.id: one for one in google().criteria}
    rows = [
        {
            "criterion": criteria[one.criterion],
            "state": State(one.state),
            "tag": TAGS[State(one.state)],
            "sentence": one.sentence,
            "page": _page(one.evidence),
            "as_of": one.as_of,
        }
        for one in results
        if one.criterion in criteria and (not wanted or one.state == wanted)
    ]
    if wants_csv(request):
        return csv_response(map(_cells, rows), HEADINGS, f"maturity-{found.key.replace(':', '-')}")
    graded = [one for one in results if one.level > 0]
    context = {
        "row": found,
        "framework": google(),
        "scopes": [(one.key, one.label) for one in scopes],
        "scope": found.key,
        "rows": rows,
        "chips": _chips(results),
        "state": wanted,
        "top": google().levels[-1],
        "met": sum(one.state == State.MET for one in graded),
        "not_met": sum(one.state == State.NOT_MET for one in graded),
        "unknown": sum(one.state == State.UNKNOWN for one in graded),
        "graded": len(graded),
        "known": sum(one.state != State.UNKNOWN for one in results),
        "total": len(results),
        "symptoms": [one for one in results if one.state == State.PRESENT],
        "levels": _levels(results),
        "steps": found.steps[:SHOWN_STEPS],
        "settling": next((step for step in found.steps if step["settles"]), None),
        "facts": _facts(found),
        "since": selectors.unchanged_since(row=found).created_at,
    }
    return render(request, "maturity/page.html", context)


def _page(name: str) -> tuple[str, str] | None:
    """The address and name of the page with the records; None where there is none."""
    if name not in PAGES:
        return None
    address, label = PAGES[name]
    try:
        return reverse(address), label
    except NoReverseMatch:
        return None


def _chips(results: list[Any]) -> list[tuple[str, str]]:
    words = [("", f"All {len(results)}")]
    for state in (State.NOT_MET, State.UNKNOWN, State.MET, State.PRESENT, State.ABSENT):
        count = sum(one.state == state for one in results)
        if count:
            words.append((state, f"{state.label} {count}"))
    return words


def _levels(results: list[Any]) -> list[dict[str, int]]:
    """How the criteria of each level stand; what is optional does not count."""
    optional = {one.id for one in google().criteria if one.optional}
    found = []
    for level in google().levels[1:]:
        rows = [one for one in results if one.level == level and one.criterion not in optional]
        met = sum(one.state == State.MET for one in rows)
        unknown = sum(one.state == State.UNKNOWN for one in rows)
        found.append(
            {
                "level": level,
                "total": len(rows),
                "met": met,
                "unknown": unknown,
                "not_met": len(rows) - met - unknown,
                "possible": met + unknown,
            }
        )
    return found


def _facts(found: Assessment) -> list[dict[str, Any]]:
    """What the records say, the known first."""
    shown = [(name, fact) for name, fact in found.facts.items() if fact["n"] or fact["evidence"]]
    rows = [{"name": name, **fact, "words": _value(fact)} for name, fact in shown]
    return sorted(rows, key=lambda row: (row["value"] is None, row["name"]))


def _value(fact: dict[str, Any]) -> str:
    value, unit = fact["value"], fact["unit"]
    if value is None:
        return ""
    if unit == "share":
        return f"{value:.0%}"
    if unit == "days":
        return count_of(round(value), "day") if value == round(value) else f"{value:.1f} days"
    return f"{value:.1f} a year" if unit == "per_year" else f"{value:,.0f}"


def _cells(row: dict[str, Any]) -> list[Any]:
    one = row["criterion"]
    as_of = row["as_of"].isoformat() if row["as_of"] else "unknown"
    state = row["state"].label
    return [one.id, one.level, one.group, one.name, one.asks, one.optional, one.rule, state, row["sentence"], as_of]
