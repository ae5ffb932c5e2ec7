"""The form that sends a file of predictions or labels."""

from typing import Any

from django import forms

from audit.catalogue.models import Model
from audit.monitoring.input_models import Reference
from audit.monitoring.models import Kind


class UploadForm(forms.Form):
    """Kind, file, and, where the file does not say it, the version."""

    kind = forms.ChoiceField(label="What it holds", choices=Kind.choices)
    file = forms.FileField(
        label="File",
        help_text="CSV (also gzipped), NDJSON or Parquet. Times need a zone; a CSV's first line names the columns.",
        max_length=200,
    )
    version = forms.TypedChoiceField(
        label="Version", required=False, coerce=int, empty_value=None, help_text="Only where no column says it."
    )

    def __init__(self, *args: Any, model: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = model.versions.order_by("-number").values_list("number", flat=True)[:100]
        field = self.fields["version"]
        assert isinstance(field, forms.ChoiceField), "it was declared as one"
        field.choices = [("", "As the file says"), *((number, f"v{number}") for number in numbers)]


class ReferenceForm(forms.Form):
    """What a version's inputs are compared with."""

    kind = forms.ChoiceField(
        label="Compare with",
        choices=[(kind.value, kind.label) for kind in Reference.Kind if kind != Reference.Kind.SENT],
        help_text="Under a season, each week is compared with the weeks around it a year before.",
    )
    since = forms.DateField(label="First day", required=False, help_text="Not needed for what it learned from.")
    until = forms.DateField(label="Last day", required=False)
    reason = forms.CharField(label="Why", max_length=1000, help_text="It stands in the audit log.")

    since.widget.input_type = until.widget.input_type = "date"
