"""``{% timeline record %}``: what happened to a record, on the page of that record."""

from typing import Any

from django import template
from django.db.models import Model
from django.template import Context

from audit.ledger import finding
from audit.ledger import timeline as timelines

register = template.Library()


@register.inclusion_tag("ledger/parts/timeline.html", takes_context=True)
def timeline(
    context: Context, subject: Model, title: str = "What happened to it?", limit: int = timelines.SHOWN
) -> dict[str, Any]:
    """The newest entries about ``subject`` and the way to all of them; nothing for who may not read the ledger."""
    found = timelines.of(viewer=context["request"].actor, subject=subject, limit=limit)
    return {"timeline": found, "title": title, "most": finding.MOST}


@register.simple_tag(takes_context=True)
def entries_url(context: Context, subject: Model) -> str:
    """The address of all entries about ``subject``."""
    return timelines.url_of(viewer=context["request"].actor, subject=subject)
