"""The page of bills: what was handed in, what it came to, and the form that hands in another."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.base.errors import InvalidInput
from audit.jobs import services as jobs
from audit.jobs.models import Job
from config.ui import tables
from costs.billing import selectors, services
from costs.billing.forms import BillForm
from costs.billing.models import BillFile, Statement

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def bills(request: HttpRequest) -> HttpResponseBase:
    """Lists files; a POST hands one in and starts its job."""
    viewer = request.actor
    viewer.check_whole("Bills are an organisation’s or a team’s, and no model’s")
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BillForm(*sent, actor=viewer)
    if request.method == "POST":
        viewer.check(services.RIGHT)
        if form.is_valid():
            try:
                bill_file = _receive(request, form.cleaned_data)
            except InvalidInput as error:
                form.add_error(None, error.sentence)
            else:
                read = bill_file.imported_at is not None
                messages.success(request, f"{bill_file} was read before." if read else f"{bill_file} is being read.")
                return redirect("billing:bills")
    rows = selectors.bill_files(viewer=viewer)
    if tables.wants_csv(request):
        heading = ["file", "source", "team", "simulated", "received", "read", "rows", "currency", "billed", "effective"]
        return tables.csv_response(_csv(rows.iterator(chunk_size=500)), heading, "bills")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    keys = {f"{services.IMPORT}:{row.pk}": row for row in page}
    found = {job.key: job for job in Job.objects.filter(key__in=keys)}
    context = {
        "page": page,
        "rows": [(row, found.get(key)) for key, row in keys.items()],
        "form": form,
        "why_not": "" if viewer.may(services.RIGHT) else viewer.why_not(services.RIGHT),
    }
    return render(request, "billing/bills.html", context, status=422 if form.errors else 200)


@require_safe
def bill(request: HttpRequest, bill_id: UUID) -> HttpResponseBase:
    """What one bill says of each account and period, and what it changed."""
    found = selectors.bill_file(viewer=request.actor, pk=bill_id)
    statements = found.statements.select_related("superseded_by").order_by("account", "period_start")
    if tables.wants_csv(request):
        heading = ["account", "from", "until", "rows", "currency", "cost", "amount", "difference", "replaced"]
        return tables.csv_response(_statements_csv(statements.iterator(chunk_size=500)), heading, f"bill-{found.pk}")
    page = Paginator(statements, PAGE).get_page(request.GET.get("page"))
    context = {
        "bill": found,
        "parts": list(found.parts.all()),
        "page": page,
        "rows": [(row, _compared(row)) for row in page],
        "restated": statements.exclude(difference={}).count(),
        "replaced": statements.exclude(superseded_at=None).count(),
        "serious": sum(one["severity"] == "error" for one in found.findings),
        "job": Job.objects.filter(key=f"{services.IMPORT}:{found.pk}").first(),
    }
    return render(request, "billing/bill.html", context)


def _compared(row: Statement) -> list[tuple[str, str, str, str]]:
    """Currency, billed and effective cost, and what was added to the effective cost since the statement before."""
    return [
        (currency, costs["billed"], costs["effective"], row.difference.get(currency, {}).get("effective", ""))
        for currency, costs in sorted(row.totals.items())
    ]


def _statements_csv(rows: Iterator[Statement]) -> Iterator[list[Any]]:
    for row in rows:
        for currency, costs in sorted(row.totals.items()):
            for cost, amount in costs.items():
                added = row.difference.get(currency, {}).get(cost, "")
                first = [row.account, row.period_start, row.period_end, row.rows]
                yield [*first, currency, cost, amount, added, row.superseded_at or ""]


def _receive(request: HttpRequest, said: dict[str, Any]) -> BillFile:
    file = said["file"]
    with transaction.atomic():
        bill_file = services.receive_bill(
            actor=request.actor,
            source=said["source"],
            parts=[services.Part(file.name, file.chunks())],
            simulated=said["simulated"],
            team=said["team"],
        )
        jobs.start(
            services.IMPORT,
            actor=request.actor,
            trigger="person",
            args={"file": str(bill_file.pk)},
            key=str(bill_file.pk),
            subject=bill_file,
            team=bill_file.team,
        )
    return bill_file


def _csv(rows: Iterator[BillFile]) -> Iterator[list[Any]]:
    for row in rows:
        first: list[Any] = [row.filename, row.source, row.team.slug if row.team else "", row.simulated]
        first += [row.created_at, row.imported_at, row.rows]
        for currency, total in row.totals.items() or [("", {"billed": "", "effective": ""})]:
            yield [*first, currency, total["billed"], total["effective"]]
