"""The documents that people attached: the files themselves, and who attached which when.

Those of a use case and of a team stand behind each of its models. A replaced one goes along, because it stood once; a
withdrawn one does not.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from django.db.models import Q

from audit.base.actors import Actor
from audit.catalogue.models import Model, UseCase
from audit.documents import domain, listing, selectors
from audit.documents.models import Document
from audit.exports.documents import Attached
from audit.exports.domain.scope import ALL, MODEL, TEAM, Scope
from audit.exports.report import OFF, OK, Cell, Mark, Section, code, table
from audit.exports.words import count, day, moment

CLAIMS: Final[Mapping[str, str]] = {}
READER: Final = Actor.service("export")
HEADINGS: Final = ("Document", "Kind", "Of", "State", "Dated", "Signed by", "Attached (UTC)", "By", code("SHA-256"))


def attached(scope: Scope, as_of: datetime) -> Iterator[Attached]:
    """The files, each once; one whose content retention removed is not among them.

    Raises:
        Refused: the lake holds something else than what was attached.
        NotFound: the lake does not have it.
    """
    names: set[str] = set()
    for one in _known(scope, READER, as_of):
        name = domain.name_in_bundle(one.kind, one.digest, one.filename)
        if one.content_removed_at is None and name not in names:
            names.add(name)
            yield Attached(name, one.kind, one.title, selectors.content(document=one))


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section | None:
    """What the documents are; nothing where there are none."""
    found = _known(scope, viewer, as_of)
    if not found:
        return None
    replaced = {one.replaces_id for one in found}
    rows = [_row(one, one.pk in replaced) for one in found]
    return Section(
        key="attached",
        title="Which documents people attached",
        order=60,
        sentences=_sentences(found, scope),
        tables=(table("Documents", HEADINGS, rows),),
    )


def _known(scope: Scope, viewer: Actor, as_of: datetime) -> list[Document]:
    rows = selectors.known_at(viewer=viewer, as_of=as_of).filter(_of(scope))
    return list(rows.order_by("kind", "dated", "created_at", "pk"))


def _of(scope: Scope) -> Q:
    if scope.kind == ALL or scope.id is None:
        return Q()
    if scope.kind == MODEL:
        return selectors.behind(Model.objects.select_related("use_case").get(pk=scope.id))
    if scope.kind == TEAM:
        return Q(team=scope.id) | Q(use_case__team=scope.id) | Q(model__use_case__team=scope.id)
    return selectors.behind(UseCase.objects.get(pk=scope.id)) | Q(model__use_case=scope.id)


def _row(one: Document, replaced: bool) -> list[Cell]:
    noun, name, _ = listing.said_of(one.of)
    if one.content_removed_at is not None:
        state = Mark(OFF, "content removed")
    else:
        state = Mark(OFF, "replaced") if replaced else Mark(OK, "current")
    return [
        one.title, domain.kind_name(one.kind), f"{noun} {name}", state, day(one.dated), one.signed_by or "nobody named",
        moment(one.created_at), one.actor_name, one.digest,
    ]  # fmt: skip


def _sentences(found: list[Document], scope: Scope) -> tuple[str, ...]:
    gone, number = sum(one.content_removed_at is not None for one in found), count(len(found), "document")
    told = [
        f"{number} {'was' if len(found) == 1 else 'were'} attached and not withdrawn by then.",
        "The files lie in the folder “documents”, each under its kind, the beginning of its SHA-256, and its name.",
        "The date and who signed are what the person who attached it stated; the entry of that names the SHA-256.",
    ]
    if scope.kind not in {ALL, TEAM}:
        told.append(f"Entries on documents of what {scope.whose} belongs to lie in the bundle of that.")
    if gone:
        told.append(f"The content of {count(gone, 'document')} was removed by retention; its SHA-256 remains.")
    return tuple(told)
