"""What people type about models and data, checked before a service sees it."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from audit.catalogue.describing import can_answer
from audit.catalogue.describing_models import could_build
from audit.catalogue.handing_over import can_own
from audit.catalogue.models import Dataset, Model, ModelVersion, Sensitivity, Task, UseCase
from audit.people.models import User


class HandOverForm(forms.Form):
    """Who is to own a model, and why: one of those who can."""

    owner = forms.ModelChoiceField(User.objects.none(), label="New owner")
    reason = forms.CharField(label="Why", max_length=500)

    def __init__(self, *args: Any, model: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = can_own(model).exclude(pk=model.owner_id)  # type: ignore[attr-defined,misc]
        self.fields["owner"].help_text = f"Whoever holds the role of a model owner of {model.use_case.team}"


class DescribeForm(forms.Form):
    """Who answers for a dataset, how sensitive it is, and what it is; each may be unknown."""

    owner = forms.ModelChoiceField(User.objects.none(), label="Owner", required=False, empty_label="Unknown")
    sensitivity = forms.ChoiceField(
        label="Sensitivity", required=False, choices=[("", "Unknown"), *Sensitivity.choices]
    )
    description = forms.CharField(
        label="What it holds", required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everyone = can_answer(dataset) | User.objects.filter(owned_datasets=dataset).distinct()
        self.fields["owner"].queryset = everyone  # type: ignore[attr-defined]
        self.fields["owner"].help_text = f"Whoever holds a role for {dataset.team}"


class DescribeModelForm(forms.ModelForm):
    """What no source could tell of a model; each may stay unknown, but the use case."""

    class Meta:
        model = Model
        fields = ("name", "use_case", "task", "outcome", "unit", "threshold")
        labels = {"outcome": "What a positive is, or what is estimated", "unit": "Unit of an estimate"}
        help_texts = {"threshold": "The score from which a classification counts as positive"}

    def __init__(self, *args: Any, use_cases: QuerySet[UseCase], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["use_case"].queryset = use_cases  # type: ignore[attr-defined]
        self.fields["use_case"].empty_label = None  # type: ignore[attr-defined]
        self.fields["task"].choices = [("", "Unknown"), *Task.choices]  # type: ignore[attr-defined]


class AuthorForm(forms.Form):
    """Who made a version, and from what that is known."""

    author = forms.ModelChoiceField(User.objects.none(), label="Author")
    reason = forms.CharField(label="From what do you know it?", max_length=500)

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["author"].queryset = could_build(version)  # type: ignore[attr-defined]
