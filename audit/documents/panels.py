"""What the pages of models and use cases show of documents: those that stand behind them, and which kinds do not."""

from collections.abc import Iterable

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import panels, subjects
from audit.catalogue.models import Model, UseCase
from audit.documents import listing, selectors, services
from audit.documents.models import Document, columns_of, owner_of

SHOWN = 8
NEWEST = 2000
ANCHOR, TITLE = "documents", "Documents"


def _of_model(model: Model, viewer: Actor, period: Period) -> panels.Context:
    return _context(model, viewer)


def _of_use_case(use_case: UseCase, viewer: Actor) -> panels.Context:
    return _context(use_case, viewer)


def _context(scope: Model | UseCase, viewer: Actor) -> panels.Context:
    team = owner_of(scope).pk
    behind = selectors.documents(viewer=viewer).filter(selectors.behind(scope))
    found = list(selectors.standing(behind))
    (column,) = columns_of(scope)
    return {
        "documents": [listing.row_of(one) for one in found[:SHOWN]],
        "total": len(found),
        "missing": listing.missing(one.kind for one in found),
        "noun": column.replace("_", " "),
        "query": f"{column}={scope.slug}",
        "of_model": column == "model",
        "why_not": "" if viewer.may(services.ATTACH, team) else viewer.why_not(services.ATTACH),
    }


def _subjects(model: Model, viewer: Actor) -> Iterable[Document]:
    return subjects.bare(selectors.documents(viewer=viewer).filter(selectors.behind(model)))[:NEWEST]


def register_own() -> None:
    """Adds the section to both pages, and the documents to the model's timeline."""
    panels.register(panels.Panel(80, ANCHOR, TITLE, "documents/panel.html", _of_model))
    panels.register_for_use_case(panels.UseCasePanel(20, ANCHOR, "documents/panel.html", _of_use_case))
    subjects.register_above(_subjects)
