"""The parts that pages are made of, as tags and filters. State is shape and word; unknown is a word, never a blank."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.forms import BaseForm, BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from config.ui import format as say
from config.ui import heat as heat_grid
from config.ui import svg
from config.ui.templatetags.values import (
    STATES,
    ago,
    as_word,
    counted,
    day,
    duration,
    interval,
    known,
    mark,
    moment,
    money,
    number,
    percent,
    register,
    signed,
    tag,
    when,
    who,
    whole_money,
    words,
)

__all__ = [
    "STATES",
    "action",
    "ago",
    "as_word",
    "cell",
    "chart",
    "chip",
    "choices",
    "counted",
    "crumb",
    "csv_link",
    "day",
    "diff",
    "difference",
    "digest",
    "duration",
    "empty",
    "error_summary",
    "field",
    "figures",
    "interval",
    "job",
    "job_state",
    "known",
    "mark",
    "meter",
    "moment",
    "money",
    "number",
    "pager",
    "percent",
    "query",
    "query_tag",
    "register",
    "signed",
    "spark",
    "tabs",
    "tag",
    "when",
    "who",
    "whole_money",
    "words",
]

PAGING = ("page", "after", "before", "cursor", "format")


@register.simple_tag
def digest(value: str | None, url: str = "") -> SafeString:
    """A digest, cut in the middle, whole in its title; ``url`` makes it a link."""
    text = say.short_hash(value)
    if url and value:
        return format_html('<a class="hash" href="{}" title="{}">{}</a>', url, value, text)
    return format_html('<span class="hash" title="{}">{}</span>', value or "", text)


@register.simple_tag
def diff(changes: Mapping[str, Sequence[Any]]) -> SafeString:
    """What changed, field by field, from ``{field: [before, after]}``."""

    def rows() -> Iterable[tuple[str, str, str, Any]]:
        for field, (before, after) in changes.items():
            if before is not None:
                yield "del", "before: ", field, plain(before)
            if after is not None:
                yield "ins", "after: ", field, plain(after)

    def plain(value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value

    body = format_html_join(
        "",
        '<{0}><span class="visually-hidden">{1}</span>{2}: {3}</{0}>',
        ((kind, hint, f, v) for kind, hint, f, v in rows()),
    )
    return format_html('<div class="diff">{}</div>', body)


@register.simple_tag
def spark(numbers: Sequence[float | None], label: str, limit: Any = None) -> SafeString:
    """``{% spark row.values "Recall, 13 weeks, falling" limit=0.72 %}``."""
    # A name that is missing in the context arrives as empty text.
    return svg.sparkline(numbers, label=label, limit=None if say.is_unknown(limit) else limit)


@register.simple_tag
def meter(
    value: float | None,
    of: float,
    label: str,
    possible: float | None = None,
    target: float | None = None,
    width: int = 120,
) -> SafeString:
    """``{% meter confirmed 7 "2.0 confirmed" possible=3.5 target=3 %}``."""
    return svg.meter(value, of, label=label, possible=possible, target=target, width=width)


@register.simple_tag
def strip(spans: Sequence[tuple[float, float, str]], label: str) -> SafeString:
    """``{% strip coverage.spans "Read for 97% of the last 7 days" %}``."""
    return svg.strip(spans, label=label)


@register.simple_tag
def difference(value: Any, low: Any, high: Any, reach: float, margin: float | None = None) -> SafeString:
    """A drawn difference with its interval; the numbers stand in the cells beside it."""
    return svg.difference(value, low, high, reach=reach, margin=margin)


@register.simple_tag
def heat(cells: Iterable[heat_grid.Cell]) -> SafeString:
    """``{% heat row.cells %}``: the cells of a row of a table of the class heat."""
    return heat_grid.draw(cells)


@register.simple_tag
def crumb(label: str, url: str) -> SafeString:
    """One step of the way to this page; wrap the steps in ``<ol class="crumbs">``."""
    return format_html('<li><a href="{}">{}</a></li>', url, label)


# --- links that keep the view ---


def query(request: HttpRequest, **changes: Any) -> str:
    """The query string of this view with ``changes``; None removes. Paging and the format start again."""
    params: QueryDict = request.GET.copy()
    for name in PAGING:
        params.pop(name, None)
    for name, value in changes.items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}"


@register.simple_tag(takes_context=True, name="query")
def query_tag(context: Context, **changes: Any) -> str:
    """``<a href="{% query state="met" %}">``: this view with that change."""
    return query(context["request"], **changes)


@register.simple_tag(takes_context=True)
def csv_link(context: Context, label: str = "Download this page as CSV", **changes: Any) -> SafeString:
    """The link to this very view as CSV."""
    return format_html('<a href="{}">{}</a>', query(context["request"], format="csv", **changes), label)


@register.inclusion_tag("ui/parts/choices.html", takes_context=True)
def choices(
    context: Context, param: str, options: Iterable[tuple[str, str]], current: str, label: str, kind: str = "period"
) -> dict[str, Any]:
    """A row of links of which one is current: ``{% choices "period" periods period "Period" %}``.

    ``options`` are (value, words); ``kind`` is "period" (joined, for the page head) or "chips" (filters).
    """
    request = context["request"]
    links = [(words, query(request, **{param: value}), value == current) for value, words in options]
    return {"links": links, "label": label, "kind": kind}


@register.simple_tag(takes_context=True)
def chip(context: Context, param: str, label: str, words: str) -> SafeString:
    """A filter that is set, as a link that removes it."""
    url = query(context["request"], **{param: None})
    return format_html(
        '<a class="chip" href="{}"><b>{}</b> {} <i aria-hidden="true">×</i>'
        '<span class="visually-hidden">, remove</span></a>',
        url,
        label,
        words,
    )


@register.inclusion_tag("ui/parts/tabs.html")
def tabs(options: Iterable[tuple[str, str]], current: str = "", label: str = "On this page") -> dict[str, Any]:
    """Links (words, url) to parts or sister pages; ``current`` is the url of the one that is shown."""
    return {"links": [(words, url, url == current) for words, url in options], "label": label}


@register.inclusion_tag("ui/parts/pager.html", takes_context=True)
def pager(
    context: Context,
    page: Any,
    param: str = "page",
    newer: str = "Previous page",
    older: str = "Next page",
    label: str = "Pages",
) -> dict[str, Any]:
    """Which rows are shown and the ways on.

    ``page`` is a Django Page, or a cursor page with ``previous`` and ``next`` cursors. A cursor page
    has ``shown`` (rows on this page), and may have ``total``.
    """
    request = context["request"]
    if hasattr(page, "paginator"):
        before = page.previous_page_number() if page.has_previous() else None
        after = page.next_page_number() if page.has_next() else None
        if page.paginator.count:
            first, last = say.number(page.start_index()), say.number(page.end_index())
            text = f"{first} to {last} of {say.number(page.paginator.count)}"
        else:
            text = ""
    else:
        before, after = getattr(page, "previous", None), getattr(page, "next", None)
        total = getattr(page, "total", None)
        text = f"{say.number(page.shown)} shown" + (f" of {say.number(total)}" if total is not None else "")
    return {
        "text": text,
        "newer": query(request, **{param: before}) if before else "",
        "older": query(request, **{param: after}) if after else "",
        "label": label,
        "newer_words": newer,
        "older_words": older,
    }


# --- actions: a forbidden one stays visible, with its sentence ---


@register.inclusion_tag("ui/parts/action.html")
def action(
    label: str,
    why: str | None = "",
    style: str = "",
    name: str = "",
    value: str = "",
    url: str = "",
    id: str = "",  # noqa: A002  the HTML attribute
) -> dict[str, Any]:
    """A button, or, when ``why`` has a sentence, the same button disabled with that sentence under it.

    ``style`` is primary, danger or plain; ``url`` makes it a link; ``name`` and ``value`` go with the form.
    """
    ident = id or f"why-{abs(hash((label, name, value, url))) % 10**8}"
    return {"label": label, "why": why or "", "style": style, "name": name, "value": value, "url": url, "why_id": ident}


# --- lists of key figures, empty states, jobs ---


@register.inclusion_tag("ui/parts/figures.html")
def figures(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Key figures, each a mapping: label, value (text; None is unknown).

    And, where known: url, unit, change, link (words, url), drawing (SVG), or spark (numbers) with
    spark_label and limit.
    """
    return {"items": list(items)}


@register.inclusion_tag("ui/parts/empty.html")
def empty(title: str, text: str, label: str = "", url: str = "", primary: bool = False) -> dict[str, Any]:
    """An empty state: nothing connected (a next step), no match (clear the filters), not permitted (who can grant)."""
    return {"title": title, "text": text, "label": label, "url": url, "primary": primary}


JOB_STATES = {
    "queued": ("waiting", "Queued"),
    "running": ("waiting", "Running"),
    "succeeded": ("ok", "Done"),
    "failed": ("bad", "Failed"),
    "cancelled": ("off", "Cancelled"),
}


@register.simple_tag
def job_state(job: Any) -> SafeString:
    """The state of a job as a tag."""
    return tag(*JOB_STATES.get(str(job.state), ("unknown", "Unknown")))


@register.inclusion_tag("ui/parts/job.html")
def job(job: Any, title: str = "", poll: str = "", url: str = "", then: str = "") -> dict[str, Any]:
    """Progress of a job. While it is open, ``poll`` (a URL that answers with this part again) is asked now and then.

    ``url`` leads to its log; ``then`` is "reload" or an address to go to when it ended.
    """
    is_open = str(job.state) in ("queued", "running")
    state, word = JOB_STATES.get(str(job.state), ("unknown", "Unknown"))
    name = title or getattr(job, "title", "") or str(job)
    left = None
    started = getattr(job, "started_at", None)
    if is_open and started and job.total and job.done:
        spent = (timezone.now() - started).total_seconds()
        left = spent / job.done * (job.total - job.done)
    return {
        "job": job,
        "title": name,
        "poll": poll if is_open else "",
        "url": url,
        "then": then,
        "open": is_open,
        "state": state,
        "word": word,
        "left": left,
        "ended": "" if is_open else f"{name}: {word.lower()}.",
    }


# --- forms ---


@register.inclusion_tag("ui/parts/field.html")
def field(bound: BoundField, short: bool = False) -> dict[str, Any]:
    """A field with label, hint and error, wired for those who do not see it."""
    kind = getattr(bound.field.widget, "input_type", "")
    grouped = bool(getattr(bound, "use_fieldset", False))
    described = [f"{bound.id_for_label or bound.auto_id}-hint"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.id_for_label or bound.auto_id}-error")
    attrs: dict[str, str | bool] = {}
    if described and not grouped:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if short:
        attrs["class"] = "short"
    widget = bound.as_widget(attrs=attrs)
    return {
        "bound": bound,
        "widget": widget,
        "kind": kind,
        "grouped": grouped,
        "described": " ".join(described),
        "ident": bound.id_for_label or bound.auto_id,
    }


@register.inclusion_tag("ui/parts/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """The errors of a form at its top, each a link to its field."""
    rows = [(bound.id_for_label or bound.auto_id, error) for bound in form if bound.errors for error in bound.errors]
    rows += [("", error) for error in form.non_field_errors()]
    return {"rows": rows}


# --- charts ---


@register.inclusion_tag("ui/parts/chart.html", takes_context=True)
def chart(
    context: Context,
    figure: Mapping[str, Any] | None,
    title: str,
    id: str,  # noqa: A002  the HTML attribute
    sub: str = "",
    label: str = "",
    table: Any = None,
    csv: str = "",
    key: Iterable[tuple[str, str, str]] = (),
    swatches: Iterable[tuple[str, str, str]] = (),
    level: int = 2,
    empty: str = "",
) -> dict[str, Any]:
    """A chart: conclusion as title, what is drawn below, the plot, and its table with CSV.

    ``figure`` is a dict of ``config.ui.charts``; ``table`` is (header, rows) or a django-tables2 table; ``key`` is
    (letter, words, when) for each event; ``swatches`` is (colour class, name, amount) for each layer of a stack;
    ``label`` says in words what the plot shows (default: the title);
    ``empty`` is the sentence shown where ``figure`` is None.
    """
    header, rows = (table[0], table[1]) if isinstance(table, tuple) else ((), ())
    return {
        "request": context.get("request"),
        "figure": figure,
        "title": title,
        "id": id,
        "sub": sub,
        "label": label or title,
        "header": header,
        "rows": rows,
        "table": None if isinstance(table, tuple) else table,
        "csv": csv,
        "key": list(key),
        "swatches": list(swatches),
        "level": level,
        "empty": empty,
        "figure_id": f"{id}-figure",
    }


@register.filter
def cell(value: Any) -> str:
    """A cell of a chart's table: figures as they are, unknown as a word."""
    return as_word(say.UNKNOWN) if say.is_unknown(value) else conditional_escape(value)
