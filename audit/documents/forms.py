"""The form that attaches a document, and the one that withdraws it."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.documents import domain
from audit.documents.models import Document, Scope, columns_of
from audit.documents.services import ATTACH, LONGEST_LINE, LONGEST_REASON
from audit.people import selectors as people

GROUPS: Final = {"model": "Models", "use_case": "Use cases", "team": "Teams"}


def key_of(scope: Scope) -> str:
    """How the form names what a document is of: "model:late-arrival"."""
    (column,) = columns_of(scope)
    return f"{column}:{scope.slug}"


class AttachForm(forms.Form):
    """What the document is of, what it is, and the file. With ``replaces``, the first two are that one's."""

    scope = forms.ChoiceField(
        label="Of",
        help_text="A document of a use case or a team stands behind each of its models, and goes into their evidence.",
    )
    kind = forms.ChoiceField(label="What it is")
    title = forms.CharField(label="Title", max_length=LONGEST_LINE, help_text="As people call it")
    file = forms.FileField(
        label="File", help_text=f"{domain.TAKEN}; at most {domain.LARGEST // 1024**2} MB. It is kept as it is."
    )
    dated = forms.DateField(
        label="Date of the document",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The date that stands in it, not today’s",
    )
    signed_by = forms.CharField(
        label="Signed by", max_length=LONGEST_LINE, required=False, help_text="Who signed it, as the document says"
    )

    def __init__(self, *args: Any, viewer: Actor, replaces: Document | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes = {key_of(replaces.of): replaces.of} if replaces else _scopes(viewer)
        kinds = [replaces.kind] if replaces else [*domain.KINDS]
        nothing = [] if replaces else [("", "Choose one")]
        for name, choices in (
            ("scope", _grouped(self.scopes)),
            ("kind", [(kind, domain.kind_name(kind)) for kind in kinds]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField), "it was declared as one"
            field.choices = [*nothing, *choices]

    def chosen(self) -> Scope:
        """What the document is of; only for a form that is valid."""
        return self.scopes[self.cleaned_data["scope"]]


def _scopes(viewer: Actor) -> dict[str, Scope]:
    """All to which the viewer may attach documents, by key, in the order of the form."""
    allowed = viewer.teams(ATTACH)

    def own(rows: QuerySet[Any], team: str) -> QuerySet[Any]:
        return rows if allowed is None else rows.filter(**{f"{team}__in": allowed})

    found: list[Scope] = [
        *own(catalogue.models(viewer=viewer), "use_case__team"),
        *own(catalogue.use_cases(viewer=viewer), "team"),
        *own(people.teams(viewer=viewer), "pk"),
    ]
    return {key_of(one): one for one in found}


def _grouped(scopes: dict[str, Scope]) -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, scope in scopes.items():
        groups.setdefault(GROUPS[key.partition(":")[0]], []).append((key, scope.name))
    return [*groups.items()]


class WithdrawForm(forms.Form):
    """Why it no longer stands."""

    reason = forms.CharField(
        label="Why does it no longer stand?",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The document and its file stay, and show this.",
    )
