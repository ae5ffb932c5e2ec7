"""The model page shows what higher slices know of a model, through this list; the catalogue imports none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of the model page.

    ``context`` gives the template its variables, with ``model``, ``period``, ``viewer`` and ``panel`` added; None
    leaves the section out. The template writes one ``<section aria-labelledby="{anchor}">`` whose heading has the id
    ``anchor``. Sections of the same ``row`` (not empty) that follow one another stand side by side.
    """

    order: int
    anchor: str
    title: str
    template: str
    context: Callable[[Model, Actor, Period], Context | None]
    row: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with the variables of its template."""

    panel: Panel
    context: Context


PANELS: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Adds a section to the model page.

    Raises:
        ValueError: the anchor is taken by another panel.
    """
    if PANELS.setdefault(panel.anchor, panel) != panel:
        raise ValueError(f"The model page has two panels with the anchor {panel.anchor}.")


def panels_for(model: Model, viewer: Actor, period: Period) -> list[Shown]:
    """The sections of the model's page in their order, with what each shows to the viewer in the period."""
    shown = []
    for panel in sorted(PANELS.values(), key=lambda panel: (panel.order, panel.anchor)):
        context = panel.context(model, viewer, period)
        if context is not None:
            known = {"model": model, "viewer": viewer, "period": period, "panel": panel}
            shown.append(Shown(panel, {**known, **context}))
    return shown
