"""The pages of models, versions and use cases show what higher slices know, through these lists; it imports none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model, ModelVersion, UseCase

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


@dataclass(frozen=True, slots=True)
class UseCasePanel:
    """A section of a use case's page. Its template also gets ``use_case``, ``viewer`` and ``panel``."""

    order: int
    anchor: str
    template: str
    context: Callable[[UseCase, Actor], Context | None]


USE_CASE_PANELS: dict[str, UseCasePanel] = {}


def register_for_use_case(panel: UseCasePanel) -> None:
    """Adds a section to the page of a use case.

    Raises:
        ValueError: the anchor is taken by another panel.
    """
    if USE_CASE_PANELS.setdefault(panel.anchor, panel) != panel:
        raise ValueError(f"The page of a use case has two panels with the anchor {panel.anchor}.")


def panels_for_use_case(use_case: UseCase, viewer: Actor) -> list[tuple[str, Context]]:
    """The sections of the use case's page in their order: the template of each, and its variables."""
    shown = []
    for panel in sorted(USE_CASE_PANELS.values(), key=lambda panel: (panel.order, panel.anchor)):
        context = panel.context(use_case, viewer)
        if context is not None:
            shown.append((panel.template, {"use_case": use_case, "viewer": viewer, "panel": panel, **context}))
    return shown


@dataclass(frozen=True, slots=True)
class VersionPanel:
    """A section of a version's page. Its template also gets ``version``, ``viewer`` and ``panel``.

    ``cells`` gives the rows of the table that is downloaded, under ``headings``.
    """

    order: int
    anchor: str
    template: str
    context: Callable[[ModelVersion, Actor], Context | None]
    headings: Sequence[str]
    cells: Callable[[ModelVersion, Actor], Iterable[Sequence[object]]]


VERSION_PANELS: dict[str, VersionPanel] = {}


def register_for_version(panel: VersionPanel) -> None:
    """Adds a section to the page of a version.

    Raises:
        ValueError: the anchor is taken by another panel.
    """
    if VERSION_PANELS.setdefault(panel.anchor, panel) != panel:
        raise ValueError(f"The page of a version has two panels with the anchor {panel.anchor}.")


def panels_for_version(version: ModelVersion, viewer: Actor) -> list[tuple[str, Context]]:
    """The sections of the version's page in their order: the template of each, and its variables."""
    shown = []
    for panel in sorted(VERSION_PANELS.values(), key=lambda panel: (panel.order, panel.anchor)):
        context = panel.context(version, viewer)
        if context is not None:
            shown.append((panel.template, {"version": version, "viewer": viewer, "panel": panel, **context}))
    return shown
