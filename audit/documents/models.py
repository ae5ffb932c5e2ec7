"""A document is never changed: a newer one replaces it, or it is withdrawn, and both stay for who asks later."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from audit.base.models import Record, Salted
from audit.catalogue.models import Model, UseCase
from audit.documents import domain
from audit.people.models import Team

Scope = Model | UseCase | Team
"""What a document can be attached to."""
REPLACED = "has_newer"
"""What selectors add to each row."""


class Document(Record, Salted):
    """A file that someone attached to a model, a use case or a team (exactly one of the three).

    ``dated`` is the date of the document itself; ``signed_by`` says in words who signed it, empty for nobody. ``size``
    is in bytes, ``digest`` the SHA-256 in hex, ``path`` where the content lies in the lake (empty once it is gone).
    ``actor_id`` and ``actor_name`` say who attached it, at ``created_at``.
    """

    kind = models.CharField(max_length=40, choices=[(kind, domain.kind_name(kind)) for kind in domain.KINDS])
    title = models.CharField(max_length=200)
    filename = models.CharField(max_length=domain.LONGEST_NAME)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=300, blank=True)
    dated = models.DateField()
    signed_by = models.CharField(max_length=200, blank=True)
    model = models.ForeignKey("catalogue.Model", on_delete=models.PROTECT, null=True, related_name="documents")
    use_case = models.ForeignKey("catalogue.UseCase", on_delete=models.PROTECT, null=True, related_name="documents")
    team = models.ForeignKey("people.Team", on_delete=models.PROTECT, null=True, related_name="documents")
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="newer")
    actor_id = models.CharField(max_length=300)
    actor_name = models.CharField(max_length=310)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=310, blank=True)
    withdrawn_why = models.TextField(blank=True)
    content_removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(model__isnull=False, use_case=None, team=None)
                | Q(model=None, use_case__isnull=False, team=None)
                | Q(model=None, use_case=None, team__isnull=False),
                name="documents_one_scope",
            ),
            models.UniqueConstraint(
                fields=("replaces",), condition=Q(withdrawn_at=None), name="documents_replaced_once"
            ),
            *(
                models.UniqueConstraint(
                    fields=(scope, "kind", "digest"),
                    condition=Q(withdrawn_at=None, content_removed_at=None),
                    name=f"documents_once_of_{scope}",
                )
                for scope in ("model", "use_case", "team")
            ),
        )
        indexes = (
            models.Index(fields=("digest",), name="documents_by_content"),
            models.Index(fields=("kind", "-created_at"), name="documents_by_kind"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def superseded(self) -> bool:
        """Whether a newer one that still stands replaces it: as the selector found that read it.

        Raises:
            KeyError: the row comes from elsewhere.
        """
        return bool(self.__dict__[REPLACED])

    @property
    def of(self) -> Scope:
        """What it is attached to."""
        found = self.model or self.use_case or self.team
        assert found is not None, "the database holds exactly one of the three"
        return found

    @property
    def owner(self) -> Team:
        """The team that answers for what it is attached to."""
        return owner_of(self.of)

    @property
    def within(self) -> tuple[UUID | None, UUID | None]:
        """The ids of the model and of the use case in whose life it stands."""
        if self.model is not None:
            return self.model.pk, self.model.use_case_id
        return None, self.use_case_id

    @property
    def media(self) -> str:
        """What people call its type: "a PDF"."""
        found = domain.MEDIA_TYPES.get(self.media_type)
        return found.name if found else self.media_type


def owner_of(scope: Scope) -> Team:
    """The team that answers for a model, a use case, or itself."""
    if isinstance(scope, Model):
        return scope.use_case.team
    return scope.team if isinstance(scope, UseCase) else scope


def columns_of(scope: Scope) -> dict[str, Scope]:
    """The column of a document that holds ``scope``, with it."""
    if isinstance(scope, Model):
        return {"model": scope}
    return {"use_case": scope} if isinstance(scope, UseCase) else {"team": scope}
