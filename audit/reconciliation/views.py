"""The page that says whether anything was changed past Tollgate, what was compared, and what was not, and why."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from audit.base import ids
from audit.base.actors import Actor
from audit.jobs import services as jobs
from audit.ledger.selectors import told
from audit.reconciliation import selectors, services
from audit.reconciliation.models import Comparison
from config.ui import format as say
from config.ui.tables import csv_response, wants_csv

SHOWN = 50
HEADINGS = ("class", "compared", "records", "fields", "why_not")


@require_safe
def comparison(request: HttpRequest) -> HttpResponseBase:
    """The page; as CSV the classes of records."""
    selectors.check_reader(request.actor)
    compared, left = selectors.kinds()
    if wants_csv(request):
        rows = [(kind.label, not kind.why, kind.rows, ", ".join(kind.fields), kind.why) for kind in (*compared, *left)]
        return csv_response(rows, HEADINGS, "reconciliation")
    found, last = selectors.differences(viewer=request.actor), selectors.last()
    total = found.count()
    may = request.actor.may(services.RIGHT)
    context = {
        "last": last,
        "lede": _lede(last, total),
        "tag": _tag(last, total),
        "differences": told(found[:SHOWN]),
        "total": total,
        "compared": compared,
        "left": left,
        "why_not": "" if may else request.actor.why_not(services.RIGHT),
    }
    return render(request, "reconciliation/comparison.html", context)


def _tag(last: Comparison | None, total: int) -> tuple[str, str]:
    if last is None:
        return "waiting", "Not compared yet"
    if last.found:
        return "bad", "Changed past Tollgate"
    return ("watch", "Nothing new since") if total else ("ok", "Nothing found")


def _lede(last: Comparison | None, total: int) -> str:
    if last is None:
        return "No comparison has run yet. One runs every hour; you can also ask for one."
    compared = f"{say.count(last.rows, 'record')} were compared with what {_their(last.rows)} last entries left."
    if last.rows == 1:
        compared = compared.replace("were", "was")
    if last.found:
        return f"{compared} {say.count(last.found, 'of them differs', 'of them differ')}: no entry says who did that."
    if total:
        return f"{compared} All agree. Earlier comparisons found {say.count(total, 'change')} that nobody answers for."
    return f"{compared} All agree: nothing was changed past Tollgate."


def _their(count: int) -> str:
    return "its" if count == 1 else "their"


@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """Starts a comparison; it ends on the job's page."""
    actor: Actor = request.actor
    actor.check(services.RIGHT)
    with transaction.atomic():
        job = jobs.start(services.COMPARE, actor=actor, trigger="person", key=str(ids.uuid7()))
    messages.success(request, "The comparison has started; what it finds will stand on its page.")
    return redirect("jobs:job", job.pk)
