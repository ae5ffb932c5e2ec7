"""Two versions of a model side by side, from the records of both; what one does not say is unknown."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.base.actors import Actor
from audit.catalogue import selectors
from audit.catalogue.domain.comparison import Change, Part, compare, summary
from audit.catalogue.domain.repository import compare_url
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.provenance import environment_of, parameters_of
from audit.catalogue.words import IN_UNITS, metric_value
from config.ui import format as say

HEADINGS = ("part", "outcome", "name", "before", "after", "difference")
Words = tuple[Change, str | None, str | None, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions ``a`` and ``b``: what changed from the one to the other, part by part.

    ``url`` is the page of the repository's host that compares the two commits; empty when there is none.
    """

    a: ModelVersion
    b: ModelVersion
    parts: tuple[Part, ...]
    url: str

    @property
    def summary(self) -> str:
        """What changed, in one to three sentences."""
        return summary(self.parts, (self.a.number, self.b.number))


def compared(*, viewer: Actor, model: Model, a: int, b: int) -> Comparison:
    """Versions ``a`` and ``b`` of the model, compared; the queries do not depend on how much differs.

    Raises:
        NotFound: one of them is not there, or the viewer may not see it.
    """
    one, other = (selectors.version(viewer=viewer, slug=model.slug, number=number) for number in (a, b))
    numbers = one.number, other.number
    data = [list(version.training_data.select_related("dataset").order_by("number")) for version in (one, other)]
    said = [
        ("parameters", "the parameters", *(parameters_of(version) for version in (one, other))),
        ("data", "the training data", *map(_data, data)),
        ("schema", "the columns of the data", *map(_columns, data)),
        ("environment", "the libraries", *(environment_of(version) for version in (one, other))),
        ("metrics", "the metrics at training", *(version.metrics for version in (one, other))),
        ("code", "the code", *_code(one, other)),
        ("artefact", "the artefact", *({"SHA-256": version.artefact_digest} for version in (one, other))),
        (
            "author",
            "the author",
            *(
                {"author": version.author.email if version.author else version.registered_by}
                for version in (one, other)
            ),
        ),
    ]
    parts = tuple(compare(key, name, before, after, numbers) for key, name, before, after in said)
    before, after = one.run, other.run
    url = ""
    if before and after and before.repository == after.repository and before.code_version != after.code_version:
        url = compare_url(after.repository, before.code_version, after.code_version)
    return Comparison(one, other, parts, url)


def chosen(*, viewer: Actor, model: Model) -> tuple[int, int] | None:
    """The numbers to begin with: production and the newest other, the lower first; None without two versions."""
    numbers = list(
        selectors.versions(viewer=viewer).filter(model=model).order_by("-number").values_list("number", flat=True)[:2]
    )
    if len(numbers) < 2:
        return None
    production = selectors.holder_of(model=model)
    if production is not None and production.number not in numbers:
        numbers = [numbers[0], production.number]
    return min(numbers), max(numbers)


def cells(comparison: Comparison) -> Iterator[list[object]]:
    """The rows of the downloaded table, under ``HEADINGS``: a row for each change, one for a part without."""
    for part in comparison.parts:
        if not part.changes:
            yield [part.key, part.outcome, part.why, None, None, None]
        for change, before, after, _ in _words(part, comparison):
            yield [part.key, part.outcome, change.name, before, after, change.difference]


def shown(comparison: Comparison) -> list[tuple[Part, list[Words]]]:
    """The parts that changed, each with its changes and the words of both sides and of the difference."""
    return [(part, _words(part, comparison)) for part in comparison.parts if part.changes]


def _words(part: Part, comparison: Comparison) -> list[Words]:
    unit = comparison.b.model.unit

    def said(change: Change, value: Any) -> str | None:
        if value is None:
            return None
        if part.key == "metrics" and change.difference is not None:
            return metric_value(change.name, float(value), unit)
        if part.key == "data":
            return "; ".join(f"v{one['version']}, {one['rows']:,} rows, SHA-256 {one['digest']}" for one in value)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)

    return [
        (change, said(change, change.before), said(change, change.after), _difference(part, change, unit))
        for change in part.changes
    ]


def _difference(part: Part, change: Change, unit: str) -> str:
    if part.key != "metrics" or change.difference is None:
        return ""
    places = 1 if change.name in IN_UNITS else 3
    return f"{say.signed(change.difference, places)} {unit if change.name in IN_UNITS else ''}".strip()


def _data(rows: list[Any]) -> Mapping[str, Any]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row.dataset.slug].append({"version": row.number, "rows": row.rows, "digest": row.digest})
    return found


def _columns(rows: list[Any]) -> Mapping[str, Any]:
    if not all(row.columns for row in rows):
        return {}
    return {f"{row.dataset.slug}.{column}": kind for row in rows for column, kind in row.columns.items()}


def _code(*versions: ModelVersion) -> list[Mapping[str, str]]:
    said = [
        {"commit": version.run.code_version, "repository": version.run.repository}
        if version.run and version.run.code_version
        else {}
        for version in versions
    ]
    if all(one.get("repository") for one in said):
        return list(said)
    return [{name: value for name, value in one.items() if name == "commit"} for one in said]
