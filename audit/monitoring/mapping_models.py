"""How a model's log is to be read: which column is what, and by which columns its results are cut."""

from typing import Self

from django.db import models

from audit.base.models import Record, Salted
from audit.catalogue.models import Model


class LogMapping(Record, Salted):
    """What the columns of a model's files mean; without one, columns have the names that the product uses.

    ``columns`` maps those names (prediction_id, at, version, score, prediction, label, a feature, score:<class>) to the
    names in the files. ``segments`` and ``sensitive`` name columns by which results are cut, the latter attributes of
    people that the law protects; those that are no features are kept as text. ``classes`` are those of a model with
    more than two. ``ignored`` columns of the files are left out on purpose.
    """

    model = models.OneToOneField(Model, on_delete=models.PROTECT, related_name="log_mapping")
    columns = models.JSONField(default=dict)
    segments = models.JSONField(default=list)
    sensitive = models.JSONField(default=list)
    classes = models.JSONField(default=list)
    ignored = models.JSONField(default=list)
    stated_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"the log of {self.model}"

    @classmethod
    def of(cls, model: Model) -> Self:
        """The mapping of the model; an empty one, not stored, where none was stated."""
        return cls.objects.filter(model=model).first() or cls(model=model)

    @property
    def unstated(self) -> bool:
        """Whether nobody has stated one, so that columns have the product's names."""
        return self._state.adding

    @property
    def groupings(self) -> list[str]:
        """The columns by which results are cut: segments, then protected attributes."""
        return list(dict.fromkeys((*self.segments, *self.sensitive)))
