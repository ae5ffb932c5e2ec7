"""The ledger's page: who did what, found by words, one entry with its proof, and what people ask of the log."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.ledger import completing, finding, ledger_actions, on_demand, page, proofs, search, selectors, services
from audit.ledger.models import Entry
from audit.ledger.registry import ACTIONS, Background
from audit.ledger.sentences import sentence
from config.ui import format as say
from config.ui.tables import csv_response, wants_csv

PER_PAGE = 50
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
    ("What auditors did", "action:ledger.exported"),
)


@require_safe
def ledger(request: HttpRequest) -> HttpResponseBase:
    """Entries, newest first, that fit the search ``q``; ``entry`` (or ``waiting``, by id) is shown whole."""
    _check_reader(request)
    text = request.GET.get("q", "").strip()
    narrowed = search.text_of({name: request.GET.get(given, "") for given, name in FIELDS.items()})
    if narrowed:
        return redirect(f"{reverse('ledger:ledger')}?{urlencode({'q': f'{text} {narrowed}'.strip()})}")
    query = search.parse(text, zone=timezone.get_current_timezone())
    if wants_csv(request):
        return _download(request, query, text)
    before, after = _number(request, "before"), _number(request, "after")
    found = finding.find(viewer=request.actor, query=query, before=before, after=after, limit=PER_PAGE)
    cut = page.cut(found, viewer=request.actor)
    own = list(selectors.saved_views(viewer=request.actor))
    context = {
        "text": text,
        "filtered": bool(query.terms),
        "actions": sorted((action.code, action.sentence.replace("{subject}", "…")) for action in ACTIONS.values()),
        "days": page.days(cut.rows),
        "page": cut,
        "more_than": finding.MOST,
        "views": VIEWS,
        "own": own,
        "own_now": next((view for view in own if view.query == text), None),
        "chosen": _chosen(request, cut),
        "asked": bool(request.GET.get("entry") or request.GET.get("waiting")),
        "verification": selectors.last_verification(),
        "standing": page.standing(),
        "may_seal": request.actor.may_anywhere("ledger.seal"),
        "why_not_seal": request.actor.why_not("ledger.seal"),
        "qualifiers": search.QUALIFIERS,
    }
    return render(request, "ledger/ledger.html", context)


def _check_reader(request: HttpRequest) -> None:
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "").replace(",", "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise InvalidInput(f"“{text}” is not the number of an entry.", where=name)
    return int(text)


def _chosen(request: HttpRequest, cut: page.Page) -> page.Shown | None:
    """The entry that is asked for, or the first of the page."""
    number, waiting = _number(request, "entry"), _number(request, "waiting")
    row: Entry | None
    if number is not None:
        row = selectors.entry(viewer=request.actor, number=number)
    elif waiting is not None:
        row = selectors.waiting_entry(viewer=request.actor, ident=waiting)
    else:
        row = cut.rows[0] if cut.rows else None
    return page.shown(row, viewer=request.actor) if row else None


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


@require_safe
def complete(request: HttpRequest) -> HttpResponse:
    """What the word before the caret (``at``) of the search line ``q`` may become, as options of its list."""
    _check_reader(request)
    text = request.GET.get("q", "")[: search.MOST_LETTERS]
    caret = request.GET.get("at", "")
    found = completing.completions(
        viewer=request.actor,
        text=text,
        caret=int(caret) if caret.isdecimal() and len(caret) < 6 else len(text),
        today=timezone.localdate(clock.now()),
    )
    return render(request, "ledger/completions.html", {"completions": found})


@require_safe
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """The proof that an entry is in the log, as a file for ``verify.py --proof``."""
    _check_reader(request)
    found = proofs.inclusion(viewer=request.actor, number=number)
    answer = JsonResponse(found.as_dict(), json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="entry-{number}-of-{found.size}.json"'
    return answer


@require_POST
def seal(request: HttpRequest) -> HttpResponse:
    """Seals what waits, without waiting for the sealer."""
    done = on_demand.seal_now(actor=request.actor)
    if done.count:
        words = f"{say.count(done.count, 'entry', 'entries')} sealed. The log has {done.size:,} now."
    else:
        words = f"Nothing was waiting. The log has {say.count(done.size, 'entry', 'entries')}."
    messages.success(request, words)
    return redirect("ledger:ledger")


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keeps the search under a name, for this user."""
    _check_reader(request)
    view = on_demand.save_view(actor=request.actor, name=request.POST.get("name", ""), query=request.POST.get("q", ""))
    messages.success(request, f"“{view.name}” is among your searches.")
    return redirect(f"{reverse('ledger:ledger')}?{urlencode({'q': view.query})}")


@require_POST
def delete_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Deletes one of one's own searches."""
    view = on_demand.delete_view(actor=request.actor, view_id=view_id)
    messages.success(request, f"“{view.name}” is no longer among your searches.")
    return redirect("ledger:ledger")


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Walks the log: here when it is short, as a job when it is long."""
    _check_reader(request)
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
