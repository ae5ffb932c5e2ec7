"""A comparison of all audited records with the log: when, how many, and what it found."""

from django.db import models


class Comparison(models.Model):
    """One run. ``counts`` maps each audited class ("catalogue.model") to the number of its records that were compared.

    ``found`` counts records that no entry accounts for, ``put_back`` entries that the sealer had lost sight of;
    ``sealed`` says whether all entries could be sealed before.
    """

    at = models.DateTimeField()
    seconds = models.FloatField()
    counts = models.JSONField(default=dict)
    found = models.PositiveIntegerField()
    put_back = models.PositiveIntegerField()
    sealed = models.BooleanField()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"Comparison of {self.at:%-d %B %Y %H:%M} UTC"

    @property
    def rows(self) -> int:
        """How many records were compared."""
        return sum(self.counts.values())
