"""A bundle that was asked for: of what, at which size of the log, and what came of it."""

from django.db import models

from audit.base.models import Record


class Export(Record):
    """Evidence on a scope at one size of the log.

    ``checkpoint`` and ``index`` are kept from the moment at which it was asked for, so that the same bundle can be
    built again later, to the byte. ``first`` and ``last`` are the numbers of the entries that bound the period (None:
    no period). ``digest`` is the SHA-256 of the ZIP, which lies in the lake at ``path``; both are empty until it is
    built.
    """

    kind = models.CharField(max_length=10)
    scope = models.UUIDField(null=True)
    name = models.CharField(max_length=300, blank=True)
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    size = models.BigIntegerField()
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)
    checkpoint = models.TextField()
    index = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=254)
    asked_name = models.CharField(max_length=200)
    entries = models.BigIntegerField(null=True)
    bytes = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=200, blank=True)
    built_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("kind", "scope", "size"), name="exports_same_scope"),)

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}".strip() + f" at {self.size:,}"
