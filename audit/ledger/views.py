"""The ledger's page: who did what, found by words, one entry with its proof, and the walk over the whole chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.base.errors import InvalidInput
from audit.ledger import finding, ledger_actions, search, selectors, services
from audit.ledger.domain import merkle
from audit.ledger.models import Entry
from audit.ledger.proofs import leaf_bytes
from audit.ledger.registry import ACTIONS, Background
from audit.ledger.sentences import Sentence, origin, sentence
from config.ui.tables import csv_response, wants_csv

PER_PAGE = 50
COUNTED = finding.MOST
AT_ONCE = 20_000
FIELDS = {"actor": "actor", "action": "action", "since": "after", "until": "before"}
HEADINGS = (
    "number", "at", "who", "actor", "on_behalf_of", "action", "sentence", "subject_type", "subject_id", "subject",
    "reason", "changes", "address", "origin", "digest",
)  # fmt: skip
VIEWS = (
    ("Refused attempts", "action:ledger.refused"),
    ("People, roles and tokens", "action:people. -action:people.signed"),
    ("Decisions", "action:approvals."),
    ("Failed jobs", "action:jobs.failed"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as a line."""

    entry: selectors.Told
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Cut:
    """A page between two numbers: ``previous`` leads to newer entries, ``next`` to older ones."""

    rows: list[Entry]
    previous: int | None
    next: int | None
    shown: int
    total: int | None
    problems: tuple[str, ...]
    unseen: int


@require_safe
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Entries, newest first, that fit ``q``, ``actor``, ``action``, ``since``, ``until``; ``entry`` is shown whole."""
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")
    text = request.GET.get("q", "").strip()
    narrowed = search.text_of({name: request.GET.get(field, "") for field, name in FIELDS.items()})
    query = search.parse(f"{text} {narrowed}", zone=timezone.get_current_timezone())
    if wants_csv(request):
        return _download(request, query, f"{text} {narrowed}".strip())
    page = _cut(request, query)
    lines = [Row(entry, sentence(entry)) for entry in selectors.told(page.rows)]
    context = {
        "text": text,
        "wanted": {field: request.GET.get(field, "") for field in FIELDS},
        "filtered": bool(query.terms),
        "problems": page.problems,
        "actions": sorted((action.code, action.sentence.replace("{subject}", "…")) for action in ACTIONS.values()),
        "days": [(day, list(group)) for day, group in groupby(lines, key=_day)],
        "page": page,
        "more_than": COUNTED,
        "views": VIEWS,
        "chosen": _chosen(request, page),
        "verification": selectors.last_verification(),
        "qualifiers": search.QUALIFIERS,
    }
    return render(request, "ledger/ledger.html", context)


def _day(row: Row) -> date:
    return timezone.localtime(row.entry.at).date()


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "").replace(",", "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise InvalidInput(f"“{text}” is not the number of an entry.", where=name)
    return int(text)


def _cut(request: HttpRequest, query: search.Query) -> Cut:
    """One page by key: entries that are written meanwhile never shift it."""
    before, after = _number(request, "before"), _number(request, "after")
    found = finding.find(viewer=request.actor, query=query, before=before, after=after, limit=PER_PAGE)
    rows = selectors.by_ids(viewer=request.actor, ids=found.ids)
    return Cut(
        rows=rows,
        previous=found.ids[0] if found.newer else None,
        next=found.ids[-1] if found.older else None,
        shown=len(rows),
        total=found.total,
        problems=found.problems,
        unseen=found.unseen,
    )


def _chosen(request: HttpRequest, page: Cut) -> dict[str, Any] | None:
    """The entry of ``?entry=``, or the first of the page, with its proof."""
    number = _number(request, "entry")
    if number is None and not page.rows:
        return None
    row = page.rows[0] if number is None else selectors.entry(viewer=request.actor, number=number)
    (entry,) = selectors.told([row])
    words, link = origin(entry)
    return {
        "entry": entry,
        "sentence": sentence(entry),
        "sealed": entry.number is not None,
        "fits": entry.number is not None and merkle.leaf_hash(leaf_bytes(row, row.leaf)).hex() == entry.digest,
        "origin": words,
        "origin_link": link,
        "asked": number is not None,
    }


def _download(request: HttpRequest, query: search.Query, text: str) -> HttpResponseBase:
    """Every entry that fits, row by row. That someone took them is an entry as well."""
    problems = finding.find(viewer=request.actor, query=query, limit=1, count=False).problems
    if problems:
        raise InvalidInput(" ".join(problems), where="q")
    with transaction.atomic():
        services.record(
            actor=request.actor, action=ledger_actions.EXPORTED, subject_name=text or "all that the viewer may read"
        )

    def lines() -> Iterator[list[Any]]:
        for ids in finding.every_id(viewer=request.actor, query=query):
            for entry in selectors.told(selectors.by_ids(viewer=request.actor, ids=ids)):
                yield [
                    entry.number, entry.at.isoformat(), entry.actor_name, entry.actor_id, entry.on_behalf_of,
                    entry.action, str(sentence(entry)), entry.subject_type, entry.subject_id, entry.subject_name,
                    entry.reason, entry.changes, entry.address, entry.origin, entry.digest,
                ]  # fmt: skip

    return csv_response(lines(), HEADINGS, "ledger")


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Walks the chain: here when it is short, as a job when it is long."""
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")
    if selectors.head().size > AT_ONCE and Background.verify is not None:
        place = Background.verify(request.actor)
        messages.info(request, "The log is being verified; the result will stand at the top of the audit log.")
        return redirect(place or "ledger:ledger")
    found = services.verify(actor=request.actor)
    if found.broken_at is None:
        messages.success(request, f"{found.sentence} It took {found.seconds:.1f} s.")
    else:
        messages.error(request, found.sentence)
    return redirect("ledger:ledger")
