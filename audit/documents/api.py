"""Documents for programs: attach one to a model, list, read what is known of one, take its content."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import AwareDatetime, Field

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.documents import domain, listing, selectors, sending, services
from audit.documents.models import Document

router = Router()
Line = Annotated[str, Field(max_length=services.LONGEST_LINE)]
BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
FILE_ANSWER: Final = {
    "responses": {
        200: {"description": "The file", "content": dict.fromkeys(domain.MEDIA_TYPES, BINARY)},
    }
}


class DocumentIn(Schema):
    """What goes with the file."""

    kind: str = Field(max_length=40, description=f"One of {', '.join(domain.KINDS)}")
    title: Line = Field(min_length=1, description="What people call it")
    dated: date = Field(description="The date that stands in the document")
    signed_by: Line = Field("", description="Who signed it, as the document says; empty for nobody")
    replaces: UUID | None = Field(None, description="The document of which this is a newer version")


class DocumentOut(Schema):
    """A document. It is of exactly one of model, use case and team."""

    id: UUID
    kind: str
    title: str
    model: str | None = Field(description="Short name")
    use_case: str | None = Field(description="Short name")
    team: str | None = Field(description="Short name")
    state: str = Field(description="current, replaced, withdrawn or removed (its content was)")
    dated: date
    signed_by: str
    filename: str
    media_type: str
    bytes: int
    digest: str = Field(description="SHA-256 of the content, in hex")
    attached_by: str
    attached_at: AwareDatetime
    replaces: UUID | None
    withdrawn_at: AwareDatetime | None
    withdrawn_by: str
    withdrawn_why: str
    content_removed_at: AwareDatetime | None

    @staticmethod
    def resolve_model(row: Document) -> str | None:
        """The model's short name."""
        return row.model.slug if row.model else None

    @staticmethod
    def resolve_use_case(row: Document) -> str | None:
        """The use case's short name."""
        return row.use_case.slug if row.use_case else None

    @staticmethod
    def resolve_team(row: Document) -> str | None:
        """The team's short name."""
        return row.team.slug if row.team else None

    @staticmethod
    def resolve_state(row: Document) -> str:
        """Whether it stands."""
        return listing.state_of(row)

    @staticmethod
    def resolve_bytes(row: Document) -> int:
        """The size of the content."""
        return row.size

    @staticmethod
    def resolve_attached_by(row: Document) -> str:
        """Who attached it."""
        return row.actor_name

    @staticmethod
    def resolve_attached_at(row: Document) -> AwareDatetime:
        """When."""
        return row.created_at

    @staticmethod
    def resolve_replaces(row: Document) -> UUID | None:
        """The id of the one that it replaces."""
        return row.replaces_id


@router.post(
    "/models/{slug:slug}/documents", response=answers(404, 409, created=DocumentOut), summary="Attach a document"
)
def attach(request: HttpRequest, slug: str, file: File[UploadedFile], said: Form[DocumentIn]) -> Any:
    """Keeps the file under its SHA-256: PDF, text, Markdown, CSV, JSON, DOCX, ODT, PNG or JPEG, at most 25 MB."""
    actor = request.actor
    model = catalogue.model(viewer=actor, slug=slug)
    replaces = selectors.document(viewer=actor, document_id=said.replaces) if said.replaces else None
    made = services.attach_document(
        actor=actor,
        scope=model,
        kind=said.kind,
        title=said.title,
        filename=file.name or "document",
        chunks=file.chunks(),
        dated=said.dated,
        signed_by=said.signed_by,
        replaces=replaces,
    )
    return 201, selectors.document(viewer=actor, document_id=made.pk)


@router.get(
    "/models/{slug:slug}/documents", response=answers(404, ok=Page[DocumentOut]), summary="Documents behind a model"
)
def of_model(request: HttpRequest, slug: str, kind: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Its own, those of its use case and of its team, newest first; replaced and withdrawn ones among them."""
    model = catalogue.model(viewer=request.actor, slug=slug)
    return page(listing.matching(viewer=request.actor, kind=_kind(kind), model=model), cursor=cursor, limit=limit)


def _kind(kind: str) -> str:
    if kind and kind not in domain.KINDS:
        kinds = ", ".join(domain.KINDS)
        raise InvalidInput(f"{kind!r} is no kind of document.", where="kind", mend=f"Use one of {kinds}.")
    return kind


@router.get("/documents", response=answers(ok=Page[DocumentOut]), summary="Documents")
def documents(request: HttpRequest, kind: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """All that the token may see, newest first."""
    return page(listing.matching(viewer=request.actor, kind=_kind(kind)), cursor=cursor, limit=limit)


@router.get("/documents/{uuid:document_id}", response=answers(404, ok=DocumentOut), summary="One document")
def document(request: HttpRequest, document_id: UUID) -> Any:
    """By its id."""
    return selectors.document(viewer=request.actor, document_id=document_id)


@router.get(
    "/documents/{uuid:document_id}/content",
    response=answers(404, 409),
    openapi_extra=FILE_ANSWER,
    summary="The content of a document",
)
def content(request: HttpRequest, document_id: UUID) -> HttpResponse:
    """The file as it was attached; its SHA-256 is checked before it is sent."""
    return sending.response_of(selectors.document(viewer=request.actor, document_id=document_id))
