"""The sections of a page about a model, rendered: those of one row side by side, with the links that lead to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from audit.base.periods import Period
from audit.catalogue.models import Model
from audit.catalogue.panels import OVERVIEW, pages_of, panels_for


@dataclass(frozen=True, slots=True)
class Sections:
    """``pages`` are the pages about the model (label, address, whether it is this one), ``anchors`` (anchor, title) of
    each section of this one, ``rows`` these sections as HTML, ``said`` what each concludes, in words.
    """

    pages: list[tuple[str, str, bool]]
    anchors: list[tuple[str, str]]
    rows: list[list[SafeString]]
    said: list[str]


def sections_of(
    request: HttpRequest, model: Model, period: Period, *, part: str = OVERVIEW, more: Mapping[str, Any] | None = None
) -> Sections:
    """What the slices have registered for this page; ``more`` are variables of every template."""
    shown = panels_for(model, request.actor, period, part)
    rows = [
        [SafeString(render_to_string(one.panel.template, {**one.context, **(more or {})}, request)) for one in group]
        for _, group in groupby(shown, key=lambda one: one.panel.row or one.panel.anchor)
    ]
    titles = [str(one.context.get("title", "")) for one in shown]
    said = [f"{title}." for title in titles if title and not title.endswith("?")]
    anchors = [(one.panel.anchor, one.panel.title) for one in shown]
    return Sections(pages_of(model, part), anchors, rows, said)
