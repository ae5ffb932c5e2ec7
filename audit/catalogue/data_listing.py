"""The list of data sets costs the same number of queries for two of them as for two thousand; nothing is guessed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from audit.base.actors import Actor
from audit.catalogue import selectors
from audit.catalogue.models import Dataset, DatasetVersion

HEADINGS: Final = (
    "dataset", "slug", "team", "owner", "sensitivity", "versions", "newest_version", "newest_at", "newest_rows",
    "data_until", "models_that_learned_from_it", "description",
)  # fmt: skip
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class DataRow:
    """A dataset as a line: how many versions, the newest (None: none), and how many models learned from any."""

    dataset: Dataset
    versions: int
    newest: DatasetVersion | None
    models: int

    def cells(self) -> list[object]:
        """The row of the downloaded table, under ``HEADINGS``; what is unknown is empty."""
        one, newest = self.dataset, self.newest
        return [
            one.name,
            one.slug,
            one.team.slug,
            one.owner.name if one.owner else None,
            one.sensitivity or None,
            self.versions,
            newest.number if newest else None,
            newest.created_at if newest else None,
            newest.rows if newest else None,
            newest.data_until if newest else None,
            self.models,
            one.description or None,
        ]


def matching(*, viewer: Actor, words: str = "") -> QuerySet[Dataset]:
    """The data sets with each of ``words`` in name, short name, description or the team's name; by name."""
    rows = selectors.datasets(viewer=viewer)
    for word in words.split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(description__icontains=word)
            | Q(team__name__icontains=word)
        )
    return rows.order_by("name", "pk")


def rows_of(*, viewer: Actor, datasets: Sequence[Dataset]) -> list[DataRow]:
    """The lines of these data sets: three queries, and one for the models."""
    ids = [one.pk for one in datasets]
    own = selectors.data(viewer=viewer).filter(dataset__in=ids).order_by()
    counts = dict(own.values_list("dataset").annotate(number=Count("pk")))
    top = selectors.data(viewer=viewer).filter(dataset=OuterRef("pk")).order_by("-number").values("pk")[:1]
    wanted = Dataset.objects.filter(pk__in=ids).order_by().annotate(newest=Subquery(top)).values("newest")
    newest = {one.dataset_id: one for one in DatasetVersion.objects.filter(pk__in=wanted)}
    models = Counter(dataset for dataset, _ in _models(viewer, ids))
    return [DataRow(one, counts.get(one.pk, 0), newest.get(one.pk), models[one.pk]) for one in datasets]


def every_row(*, viewer: Actor, datasets: QuerySet[Dataset]) -> Iterator[DataRow]:
    """All lines, for a download."""
    left = datasets.iterator(chunk_size=AT_ONCE)
    while some := list(islice(left, AT_ONCE)):
        yield from rows_of(viewer=viewer, datasets=some)


def _models(viewer: Actor, ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """The pairs of a dataset and a model that learned from it, by its own record or its run's, as far as it is seen."""
    own = selectors.versions(viewer=viewer).order_by()
    named = own.filter(training_data__dataset__in=ids).values_list("training_data__dataset", "model")
    read = own.filter(run__inputs__dataset__in=ids).values_list("run__inputs__dataset", "model")
    return {*named.distinct(), *read.distinct()}
