"""The form that sends a file of predictions or labels."""

from typing import Any

from django import forms

from audit.catalogue.models import Model
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
