"""The pages of models, versions and use cases show what higher slices know, through these lists; it imports none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model, ModelVersion, UseCase

Context = dict[str, Any]
OVERVIEW: Final = "overview"
MONITORING: Final = "monitoring"


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of the pages of a model: of those named in ``parts``, where OVERVIEW is the model's own page.

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
    parts: tuple[str, ...] = (OVERVIEW,)


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with the variables of its template."""

    panel: Panel
    context: Context


PANELS: dict[str, Panel] = {}
PAGES: Final[dict[str, tuple[str, str]]] = {OVERVIEW: ("Overview", "catalogue:model")}


def register_page(part: str, label: str, url_name: str) -> None:
    """Adds a page about a model: what links to it say, and the name of its address, whose argument is the slug."""
    PAGES[part] = (label, url_name)


def pages_of(model: Model, part: str) -> list[tuple[str, str, bool]]:
    """The label and address of each page about the model, and whether it is that of ``part``."""
    return [(label, reverse(name, args=[model.slug]), one == part) for one, (label, name) in PAGES.items()]


def crumbs_of(model: Model, *parts: str) -> list[tuple[str, str]]:
    """The label and address of each page on the way to one about the model, by way of those of ``parts``."""
    way = [("Models", reverse("catalogue:models")), (model.name, reverse("catalogue:model", args=[model.slug]))]
    return [*way, *((label, reverse(name, args=[model.slug])) for label, name in (PAGES[part] for part in parts))]


def register(panel: Panel) -> None:
    """Adds a section to the pages of a model.

    Raises:
        ValueError: the anchor is taken by another panel.
    """
    if PANELS.setdefault(panel.anchor, panel) != panel:
        raise ValueError(f"The pages of a model have two panels with the anchor {panel.anchor}.")


def panels_for(model: Model, viewer: Actor, period: Period, part: str = OVERVIEW) -> list[Shown]:
    """The sections of a page of the model in their order, with what each shows to the viewer in the period."""
    shown = []
    wanted = (panel for panel in PANELS.values() if part in panel.parts)
    for panel in sorted(wanted, key=lambda panel: (panel.order, panel.anchor)):
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
