"""Finds what a name means, as the viewer may see it."""

from datetime import date
from uuid import UUID

from django.db.models import Model as Row
from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.exports.domain.scope import ALL, KINDS, MODEL, TEAM, USE_CASE, Scope
from audit.people import selectors as people


def scope_of(
    *, viewer: Actor, kind: str, name: str = "", since: date | None = None, until: date | None = None
) -> Scope:
    """The scope that a kind and a short name (or name) stand for.

    Raises:
        InvalidInput: the kind is unknown, the days are in the wrong order, or several bear the name.
        NotFound: the viewer sees nothing of that name.
    """
    if kind not in KINDS:
        raise InvalidInput(f"“{kind}” is no kind of scope.", where="kind", mend=f"Use {', '.join(KINDS)}.")
    if since and until and since > until:
        raise InvalidInput("The last day lies before the first.", where="until", mend="Change one of them.")
    models = catalogue.models(viewer=viewer)
    if kind == ALL:
        return Scope(ALL, None, "", since, until, _ids(models))
    rows: QuerySet[Row] = {
        MODEL: models,
        USE_CASE: catalogue.use_cases(viewer=viewer),
        TEAM: people.teams(viewer=viewer),
    }[kind]
    found = _named(rows, KINDS[kind], name)
    inside = {MODEL: Q(pk=found.pk), USE_CASE: Q(use_case=found.pk), TEAM: Q(use_case__team=found.pk)}[kind]
    return Scope(kind, found.pk, str(found), since, until, _ids(models.filter(inside)))


def _named(rows: "QuerySet[Row]", what: str, name: str) -> Row:
    wanted = name.strip()
    exact = rows.filter(slug=wanted).first()
    found = [exact] if exact else list(rows.filter(name__iexact=wanted)[:2])
    if not found:
        raise NotFound(f"There is nothing called “{wanted}” that is {what.replace('the ', 'a ')} and that you may see.")
    if len(found) > 1:
        raise InvalidInput(f"Several are called “{wanted}”.", where="name", mend="Use the short name.")
    return found[0]


def _ids(models: "QuerySet[Model]") -> tuple[UUID, ...]:
    return tuple(models.order_by("pk").values_list("pk", flat=True))
