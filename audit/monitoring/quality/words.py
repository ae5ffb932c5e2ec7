"""How findings and changes are said to people."""

from __future__ import annotations

from typing import Final

from audit.catalogue.models import Model, Task
from audit.catalogue.words import metric_value
from audit.monitoring.quality_models import ConceptSign

CHECKS: Final = {
    "schema": "Columns", "type": "Type", "nulls": "Nulls", "range": "Range", "unseen": "Unseen categories",
    "duplicates": "Duplicates", "volume": "Rows a day", "arrival": "Arrival", "unit": "Unit", "refused": "Refused file",
}  # fmt: skip
OUTCOMES: Final = {"ok": "Sound", "watch": "Stands out", "broken": "Beyond its bound", "unknown": "Not judged"}
FAULT: Final = "Fault"
METHODS: Final = {"adwin": "ADWIN", "page_hinkley": "Page–Hinkley", "ddm": "DDM"}


def error_words(value: float | None, model: Model) -> str:
    """A mean error: a share of wrong answers, or the model's unit."""
    if value is None:
        return "unknown"
    return metric_value("mae", value, model.unit) if model.task == Task.REGRESSION else f"{value:.1%}"


def changed_words(sign: ConceptSign, model: Model) -> str:
    """As in "ADWIN: the mean error went from 12.0% to 19.0%, after 4,200 answers"."""
    if sign.mean is None:
        said = f"the error left its mean of {error_words(sign.before, model)}"
    else:
        said = f"the mean error went from {error_words(sign.before, model)} to {error_words(sign.mean, model)}"
    return f"{METHODS[sign.method]}: {said}, after {sign.n:,} answers"
