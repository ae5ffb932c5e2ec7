"""Entries as they were written, and what the sealer made of them: leaves, the tree above, chains, signed checkpoints.

An entry outlives what it describes: it copies names, and refers to nothing by key. Triggers refuse every change of
entries and leaves, but for the removal of an entry's content by retention.
"""

from typing import Any

from django.db import models
from django.db.models.functions import Lower

from audit.ledger.domain.canonical import canonical, moment
from audit.ledger.domain.leaves import FIELDS, WRITTEN
from audit.ledger.fields import CanonicalField

BODY = FIELDS
"""The fields of an entry that are sealed."""
CONTENT = ("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "changes", "states", "address", "origin")
"""Those that retention empties; what remains says when which kind of thing happened to what."""
PRUNED = "pruned"


class Entry(models.Model):
    """Who did what to what, when, from where and why; before and after of each field.

    Personal values are commitments (``audit.ledger.personal``). ``model`` and ``use_case`` say whose life the entry
    belongs to. ``states`` maps records that the change touched ("type:id") to the digest of their audited fields after
    it, empty when the record is gone. ``team`` of None: the whole organisation's.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=254, db_index=True)
    actor_name = models.CharField(max_length=200)
    on_behalf_of = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=300)
    model = models.UUIDField(null=True)
    use_case = models.UUIDField(null=True)
    team = models.UUIDField(null=True)
    reason = models.TextField(blank=True)
    changes = CanonicalField(default=dict)
    states = CanonicalField(default=dict)
    address = models.CharField(max_length=60, blank=True)
    origin = models.CharField(max_length=80, blank=True)
    pruned = models.BooleanField(default=False)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "-id"), name="ledger_entry_subject"),
            models.Index(fields=("action", "-id"), name="ledger_entry_action"),
            models.Index(fields=("model", "subject_type", "-id"), name="ledger_entry_model"),
            models.Index(fields=("use_case", "-id"), name="ledger_entry_use_case"),
            models.Index(fields=("team", "-id"), name="ledger_entry_team"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject_name}".strip()

    @property
    def number(self) -> int | None:
        """Its place in the sealed log, from 1; None until the sealer has come by."""
        leaf = getattr(self, "leaf", None)
        return leaf.number if leaf else None

    def body(self) -> dict[str, str | None]:
        """What is sealed of it, as text."""
        values: dict[str, Any] = {name: getattr(self, name) for name in BODY}
        values["at"] = moment(self.at)
        for name in ("model", "use_case", "team"):
            values[name] = str(values[name]) if values[name] else None
        for name in WRITTEN:
            values[name] = canonical(values[name]).decode()
        return values


class Leaf(models.Model):
    """An entry's place in the log: its number, the hash of what was sealed, its place in each of its chains."""

    number = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, related_name="leaf", db_constraint=False)
    hash = models.BinaryField(max_length=32)
    subject_at = models.BigIntegerField(null=True)
    model_at = models.BigIntegerField(null=True)
    use_case_at = models.BigIntegerField(null=True)
    team_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"Entry {self.number}"


class Node(models.Model):
    """The root of a perfect subtree of 2^8, 2^16, 2^24 … leaves; smaller ones are computed from their leaves."""

    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("level", "position"), name="ledger_node_once"),)

    def __str__(self) -> str:
        return f"Node {self.level}/{self.position}"


class Chain(models.Model):
    """The entries of one subject, model, use case or team: how many, and the hash that they fold to."""

    key = models.CharField(max_length=160, primary_key=True)
    bucket = models.IntegerField(db_index=True)
    count = models.BigIntegerField()
    head = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return self.key


class IndexNode(models.Model):
    """A hash of the index above the chains: level 0 a bucket, level 8 a subtree of 256 buckets."""

    level = models.SmallIntegerField()
    position = models.IntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("level", "position"), name="ledger_index_node_once"),)

    def __str__(self) -> str:
        return f"Index {self.level}/{self.position}"


class State(models.Model):
    """The digest that a record's last sealed entry left of its audited fields; empty when the record is gone."""

    key = models.CharField(max_length=130, primary_key=True)
    digest = models.CharField(max_length=64)
    entry = models.BigIntegerField()

    def __str__(self) -> str:
        return self.key


class Personal(models.Model):
    """A personal value, its salt, and the commitment that stands for it in entries; erased, both are empty.

    ``folded`` is the value without case, by which it is searched; the database keeps it. ``person`` is the id of the
    user whose it is, empty when it is nobody's of ours.
    """

    person = models.CharField(max_length=36, blank=True)
    value = models.CharField(max_length=500)
    folded = models.GeneratedField(
        expression=Lower("value"), output_field=models.CharField(max_length=500), db_persist=True
    )
    salt = models.CharField(max_length=32)
    commitment = models.CharField(max_length=52, unique=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("person", "value"), name="ledger_personal_value"),
            models.Index(
                fields=("erased_at",), condition=models.Q(erased_at__isnull=False), name="ledger_personal_erased"
            ),
        )

    def __str__(self) -> str:
        return self.commitment


class Head(models.Model):
    """How far the log is sealed: the one row that the sealer locks.

    ``origin`` names the log in its checkpoints. ``last`` is the highest sealed id, ``gaps`` are lower ids that were
    not there: of changes taken back, or of transactions that took longer and whose entries are still to come.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.CharField(max_length=120)
    size = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    gaps = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.origin} at {self.size}"


class Key(models.Model):
    """A key that signs, or signed, checkpoints from ``since_size`` on.

    ``handover`` is a note in which the key before it and this one sign that this one follows. ``lost`` says that the
    key before it could not sign any more: then only a person's word stands for the change.
    """

    key_id = models.CharField(max_length=8, primary_key=True)
    vkey = models.CharField(max_length=200)
    since_size = models.BigIntegerField()
    until_size = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    handover = models.TextField(blank=True)
    lost = models.BooleanField(default=False)

    class Meta:
        ordering = ("at",)

    def __str__(self) -> str:
        return self.key_id

    @property
    def name(self) -> str:
        """The log's name when the key came, which is part of the key's id."""
        return self.vkey.split("+", 1)[0]


class Checkpoint(models.Model):
    """A signed statement of the log at one size."""

    origin = models.CharField(max_length=120)
    size = models.BigIntegerField()
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=("origin", "size"), name="ledger_checkpoint_once"),)

    def __str__(self) -> str:
        return f"Checkpoint at {self.size}"


class Incident(models.Model):
    """Something that must not happen to a log. While one that ``halts`` is open, nothing is sealed."""

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    sentence = models.TextField()
    first_number = models.BigIntegerField(null=True)
    halts = models.BooleanField(default=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.sentence


class Verification(models.Model):
    """One computation of the whole log: up to which size, and the first entry that does not hold (None: all do)."""

    at = models.DateTimeField()
    seconds = models.FloatField()
    size = models.BigIntegerField()
    broken_at = models.BigIntegerField(null=True)
    sentence = models.TextField()
    actor_name = models.CharField(max_length=200)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.sentence


class Posting(models.Model):
    """Which of a block of 65,536 neighbouring entries have a word (``domain.words``), as stored bits (``domain.bits``).

    Entries can be searched without it, only slowly: it is made from them, and may be made anew at any time.
    """

    pk = models.CompositePrimaryKey("block", "word")
    block = models.IntegerField()
    word = models.TextField()
    count = models.IntegerField()
    bits = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.word} in block {self.block}"


class Block(models.Model):
    """When a block's indexed entries happened, in microseconds since 1970; ``times`` has it of each 256 of them."""

    number = models.IntegerField(primary_key=True)
    oldest = models.BigIntegerField()
    newest = models.BigIntegerField()
    times = models.BinaryField()

    def __str__(self) -> str:
        return f"Block {self.number}"


class Indexed(models.Model):
    """How far the words of entries are indexed, by leaf number. ``version`` grows with every change of postings."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    done = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Indexed up to {self.done}"


class SavedView(models.Model):
    """A search that a user keeps under a name; ``user`` is the user's id, because people stand above."""

    user = models.UUIDField()
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("user", "name"), name="ledger_view_once"),)

    def __str__(self) -> str:
        return self.name
