"""One dataset: its versions, how its columns changed, and which versions of models learned from which of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.catalogue import selectors
from audit.catalogue.domain.comparison import Outcome, Part, compare
from audit.catalogue.models import Dataset, DatasetVersion, Environment, ModelVersion
from audit.catalogue.own_panels import learned_from
from audit.catalogue.words import count_of

SHOWN: Final = 25
HEADINGS: Final = (
    "version", "digest", "rows", "columns", "data_from", "data_until", "location", "registered_at",
    "model_versions_that_learned_from_it",
)  # fmt: skip
LEARNED_HEADINGS: Final = ("model", "version", "registered_at", "dataset_version", "in_production_since")
KINDS: Final = {"added": "added", "removed": "removed", "changed": "retyped"}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of the dataset, the time that it covers in words, and how many versions of models learned from it."""

    version: DatasetVersion
    period: str
    learned: int

    def cells(self) -> list[object]:
        """The row of the downloaded table, under ``HEADINGS``."""
        one = self.version
        return [
            one.number,
            one.digest,
            one.rows,
            len(one.columns) or None,
            one.data_from,
            one.data_until,
            one.location,
            one.created_at,
            self.learned,
        ]


@dataclass(frozen=True, slots=True)
class Learner:
    """A version of a model, the version of the data that it learned from, and since when it has been in production."""

    version: ModelVersion
    data: DatasetVersion
    since: datetime | None


class Pair(NamedTuple):
    """That a version of a model, by its id, learned from a version of the data, by its number."""

    data: int
    version: UUID
    model: str


@dataclass(frozen=True, slots=True)
class Learning:
    """All that learned from a dataset, as far as the viewer may see: pairs, newest first, those in production before.

    ``live`` maps the id of a version in production to since when.
    """

    dataset: Dataset
    pairs: tuple[Pair, ...]
    live: dict[UUID, datetime]

    @property
    def models(self) -> int:
        """How many models."""
        return len({pair.model for pair in self.pairs})

    @property
    def versions(self) -> int:
        """How many versions of them."""
        return len({pair.version for pair in self.pairs})

    def of(self, data: Iterable[DatasetVersion]) -> list[VersionRow]:
        """These versions of the dataset as lines."""
        counts = Counter(pair.data for pair in self.pairs)
        return [VersionRow(one, learned_from(one.data_from, one.data_until), counts[one.number]) for one in data]


def dataset(*, viewer: Actor, slug: str) -> Dataset:
    """One dataset.

    Raises:
        NotFound: there is none with this short name that the viewer may see.
    """
    found = selectors.datasets(viewer=viewer).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no dataset {slug}, or it belongs to a team that you are not in.")
    return found


def learning(*, viewer: Actor, dataset: Dataset) -> Learning:
    """What learned from any version of the dataset: three queries."""
    own = selectors.versions(viewer=viewer).order_by()
    named = own.filter(training_data__dataset=dataset).values_list("training_data__number", "pk", "model__slug")
    read = own.filter(run__inputs__dataset=dataset).values_list("run__inputs__number", "pk", "model__slug")
    pairs = [Pair(*one) for one in named.union(read)]
    live = _live(viewer, {pair.model for pair in pairs}, {pair.version for pair in pairs})
    pairs.sort(key=lambda pair: (pair.version in live, pair.version.int, pair.data), reverse=True)
    return Learning(dataset, tuple(pairs), live)


def _live(viewer: Actor, models: set[str], versions: set[UUID]) -> dict[UUID, datetime]:
    names = selectors.aliases(viewer=viewer).filter(model__slug__in=models, alias=selectors.PRODUCTION, until=None)
    runs = selectors.deployments(viewer=viewer).filter(
        version__model__slug__in=models, environment=Environment.PRODUCTION, until=None
    )
    since: dict[UUID, datetime] = {}
    for rows in (names, runs):
        for version, begun in rows.values_list("version", "since"):
            if version in versions:
                since[version] = min(begun, since.get(version, begun))
    return since


def learners(*, viewer: Actor, found: Learning, limit: int | None = SHOWN) -> list[Learner]:
    """The pairs with their records, in their order: two queries."""
    some = found.pairs[:limit]
    named = selectors.versions(viewer=viewer).select_related(None).select_related("model")
    versions = named.only("number", "created_at", "model__name", "model__slug").in_bulk({pair.version for pair in some})
    numbered = selectors.data(viewer=viewer).select_related(None).only("number")
    numbered = numbered.filter(dataset=found.dataset, number__in={pair.data for pair in some})
    data = {one.number: one for one in numbered}
    return [
        Learner(versions[pair.version], data[pair.data], found.live.get(pair.version))
        for pair in some
        if pair.version in versions and pair.data in data
    ]


def learner_cells(rows: Iterable[Learner]) -> Iterator[list[object]]:
    """The rows of the downloaded table, under ``LEARNED_HEADINGS``."""
    for row in rows:
        yield [row.version.model.slug, row.version.number, row.version.created_at, row.data.number, row.since]


def columns_between(*, viewer: Actor, dataset: Dataset, a: int, b: int) -> Part:
    """What changed of the columns from version ``a`` to version ``b``.

    Raises:
        NotFound: one of them is not there, or the viewer may not see it.
    """
    rows = {one.number: one for one in selectors.data(viewer=viewer).filter(dataset=dataset, number__in={a, b})}
    missing = next((number for number in (a, b) if number not in rows), None)
    if missing is not None:
        raise NotFound(f"There is no version {missing} of {dataset}, or you may not see it.")
    return compare("schema", "the columns", rows[a].columns, rows[b].columns, (a, b))


def columns_sentence(part: Part, a: int, b: int) -> str:
    """What changed of the columns, in a sentence."""
    if part.outcome is Outcome.UNKNOWN:
        return part.why
    if a == b:
        return f"Both are version {a}, so nothing differs."
    if not part.changes:
        return f"Version {b} has the same columns as version {a}."
    counts = Counter(KINDS[change.kind] for change in part.changes)
    said = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS.values() if counts[kind])
    return f"From version {a} to version {b}: {count_of(len(part.changes), 'column')} changed ({said})."


def sentences(versions: int, found: Learning, newest: DatasetVersion | None) -> list[str]:
    """What is in it and who learned from it, for the top of the page."""
    if newest is None:
        return ["Nothing is known of its content yet: no version of it is registered."]
    rows = f"{newest.rows:,} rows" if newest.rows is not None else "an unknown number of rows"
    columns = count_of(len(newest.columns), "column") if newest.columns else "columns that nobody named"
    said = [f"Its newest version, {newest.number} of {versions:,}, has {rows} and {columns}."]
    if not found.pairs:
        return [*said, "No model that you may see is known to have learned from it."]
    learned = f"{count_of(found.versions, 'version')} of {count_of(found.models, 'model')}"
    live = f"{len(found.live):,}" if found.live else "none"
    return [*said, f"{learned} learned from it; {live} of them {'is' if len(found.live) < 2 else 'are'} in production."]


def numbers_of(*, viewer: Actor, dataset: Dataset) -> Sequence[int]:
    """The numbers of its versions, newest first."""
    rows = selectors.data(viewer=viewer).filter(dataset=dataset)
    return list(rows.order_by("-number").values_list("number", flat=True))
