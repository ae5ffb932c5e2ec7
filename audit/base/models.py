"""Records of ours have UUIDv7 keys and know when they were written."""

from django.db import models

from audit.base import clock, ids


class Record(models.Model):
    """The base of every model: an id that sorts by time, and the moment at which we learned of it (UTC)."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True

    def ledger_name(self) -> str:
        """The name that ledger entries keep of this record, as it is today."""
        return str(self)


class Salted(models.Model):
    """A record with personal values. Its digest in the ledger covers this salt, so that it cannot be guessed from.

    Who erases the person also gives the record a new salt.
    """

    salt = models.CharField(max_length=32, default=ids.salt, editable=False)

    class Meta:
        abstract = True
