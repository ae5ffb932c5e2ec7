"""Which columns a model's files have, by their kind: what the model declares and its mapping states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from audit.base import clock
from audit.catalogue.models import Model, Task
from audit.monitoring.checking import Field
from audit.monitoring.mapping_models import LogMapping

AHEAD: Final = timedelta(days=1)
"""How far the clock of a sender may be ahead."""


def prediction_fields(model: Model, mapping: LogMapping, *, version_given: bool) -> list[Field]:
    """The columns of a prediction log of ``model``."""
    fields = [
        Field("prediction_id", "identifier"),
        Field("at", "time", latest=clock.now() + AHEAD),
        Field(
            "version", "version", must_exist=not version_given, note="Add it, or say with the file which version it is."
        ),
    ]
    fields += _answers(model, mapping)
    for name, kind in model.inputs.items():
        if name not in {field.name for field in fields}:
            fields.append(
                Field(name, kind, must_fill=False, note="The model declares this feature; add it, empty if unknown.")
            )
    known = {field.name for field in fields}
    cut = [name for name in mapping.groupings if name not in known]
    return [*fields, *(Field(name, "category", must_exist=False, must_fill=False) for name in cut)]


def _answers(model: Model, mapping: LogMapping) -> list[Field]:
    """The columns of what the model said."""
    if model.task == Task.MULTICLASS:
        classes = tuple(mapping.classes)
        note = "Send the decided class, or a score for each class of the mapping."
        return [
            Field("prediction", "class", must_exist=not classes, among=classes, note=note),
            *(
                Field(name, "number", must_exist=False, least=0, most=1, note="Send the probability of this class.")
                for name in scores_of(classes)
            ),
        ]
    if model.task == Task.REGRESSION:
        return [Field("prediction", "number")]
    note = "Send the decided class, or leave the column out: the score and the threshold decide."
    return [
        Field("score", "number", must_exist=False, least=0, most=1, note="Send the probability of a positive."),
        Field("prediction", "number", must_exist=False, whole=True, note=note),
    ]


def scores_of(classes: Sequence[str]) -> list[str]:
    """The column of each class's probability, in the order of the classes."""
    return [f"score:{name}" for name in classes]


def label_fields(model: Model, mapping: LogMapping) -> list[Field]:
    """The columns of a file of labels of ``model``."""
    label = Field("label", "label", whole=model.task == Task.CLASSIFICATION, note="Send 0 or 1.")
    if model.task == Task.MULTICLASS:
        label = Field("label", "class", among=tuple(mapping.classes))
    return [
        Field("prediction_id", "identifier"),
        label,
        Field("at", "time", must_exist=False, must_fill=False, latest=clock.now() + AHEAD),
        Field("predicted_at", "time", must_exist=False, must_fill=False),
    ]
