"""What is stated of a model's files, as a person reads it: each column, what it is, and its name in the files."""

from __future__ import annotations

from dataclasses import dataclass

from audit.catalogue.models import Model, Task
from audit.monitoring.mapping_models import LogMapping

MEANS = {
    "prediction_id": "The prediction's id, by which labels find it",
    "at": "When it was predicted",
    "version": "The version that predicted",
    "score": "The probability of a positive",
    "prediction": "What the model said",
    "label": "What was true",
    "predicted_at": "In files of labels: when it was predicted",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A column: its name here and in the files (empty: it is left out), what it is, and how results are cut by it."""

    name: str
    theirs: str
    means: str
    cut: str = ""


def own_roles(model: Model) -> list[str]:
    """The product's own columns that files of the model have."""
    return [name for name in MEANS if name != "score" or model.task in {Task.CLASSIFICATION, ""}]


def lines(model: Model, mapping: LogMapping) -> list[Line]:
    """Each column that files of the model may have, the product's own first, those that are left out last."""
    means = {name: MEANS[name] for name in own_roles(model)}
    means |= {f"score:{name}": f"The probability of {name}" for name in mapping.classes}
    for name, kind in model.inputs.items():
        means.setdefault(name, f"A feature: a {kind}")
    for name in mapping.groupings:
        means.setdefault(name, "Only to cut results by")
    found = [Line(name, mapping.columns.get(name, name), said, _cut(mapping, name)) for name, said in means.items()]
    return [*found, *(Line("", name, "Left out on purpose") for name in mapping.ignored)]


def _cut(mapping: LogMapping, name: str) -> str:
    if name in mapping.sensitive:
        return "a protected attribute"
    return "a segment" if name in mapping.segments else ""
