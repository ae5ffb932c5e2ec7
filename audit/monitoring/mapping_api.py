"""What the columns of a model's files are, for programs."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from audit.base.problems import answers
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model
from audit.monitoring.mapping import services
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.starting import start_measuring

router = Router()
Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=1000)]


class MappingIn(Schema):
    """What the columns of a model's files are."""

    columns: dict[Name, Name] = Field(
        {}, description="{name here: name in the files}; names that are left out are the same in both"
    )
    segments: Names = Field([], description="Columns by which results are cut")
    sensitive: Names = Field([], description="Columns of attributes of people that the law protects")
    classes: Names = Field([], description="The classes of a model with more than two")
    ignored: Names = Field([], description="Columns of the files that are left out on purpose")
    features: dict[Name, Literal["number", "category"]] | None = Field(
        None, description="Declared with it, by a model that declares none"
    )
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class MappingOut(Schema):
    """What the columns of a model's files are; ``stated_by`` is empty where nobody has stated it."""

    columns: dict[str, str]
    segments: list[str]
    sensitive: list[str]
    classes: list[str]
    ignored: list[str]
    features: dict[str, str]
    stated_by: str

    @staticmethod
    def resolve_features(row: LogMapping) -> dict[str, str]:
        """The features that the model declares."""
        return row.model.inputs


@router.get("/models/{slug}/mapping", response=answers(404, ok=MappingOut), summary="The mapping of a model's files")
def mapping(request: HttpRequest, slug: str) -> LogMapping:
    """What the columns of the model's files are."""
    return LogMapping.of(catalogue.model(viewer=request.actor, slug=slug))


@router.put("/models/{slug}/mapping", response=answers(404, 409, ok=MappingOut), summary="State the mapping")
def state_mapping(request: HttpRequest, slug: str, said: MappingIn) -> LogMapping:
    """Files that come from now on are read so. The whole mapping is replaced; the same again changes nothing."""
    model: Model = catalogue.model(viewer=request.actor, slug=slug)
    before = LogMapping.of(model).groupings
    found = services.state_mapping(actor=request.actor, model=model, **said.dict())
    if found.groupings != before:
        start_measuring(actor=request.actor, model=model, trigger="api")
    return found
