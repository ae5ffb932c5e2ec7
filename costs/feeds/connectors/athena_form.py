"""What people say of a table of bills that Athena reads."""

from typing import Any

from django import forms

from audit.sources.aws import AwsForm
from costs.feeds.domain.athena import BY_YEAR, CUR, FOCUS, NONE, PER_MONTH, identifier
from costs.feeds.forms import BillsForm, CappedForm


class AthenaForm(CappedForm, BillsForm, AwsForm):
    """Which table, by what it is grouped, and how much of it may be read."""

    database = forms.CharField(label="Database", max_length=128)
    table = forms.CharField(
        label="Table", max_length=128, help_text="Of an export in FOCUS, or of a Cost and Usage Report"
    )
    columns = forms.ChoiceField(
        label="Its columns", choices=[(FOCUS, "FOCUS 1.0 to 1.2"), (CUR, "Cost and Usage Report 2.0")]
    )
    cut = forms.ChoiceField(
        label="Its partitions",
        choices=[
            (PER_MONTH, "billing_period, as Data Exports make them"),
            (BY_YEAR, "year and month, as older reports make them"),
            (NONE, "None: each query reads the whole table"),
        ],
    )
    usage = forms.CharField(
        label="Column of the usage type", max_length=128, required=False, initial="x_usagetype", help_text="FOCUS only"
    )
    tags = forms.CharField(
        label="Tags", max_length=500, required=False, help_text="Keys as they stand in the table, with commas between"
    )
    resources = forms.BooleanField(
        label="By resource as well", required=False, help_text="More rows come back; models are then known by resource"
    )
    workgroup = forms.RegexField(r"^[A-Za-z0-9._-]{1,128}$", label="Workgroup", initial="primary")
    output = forms.RegexField(
        r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$",
        label="Place of results",
        required=False,
        help_text="Such as s3://our-athena-results/tollgate/; empty where the workgroup names one",
    )
    most_gigabytes = forms.IntegerField(
        label="At most … gigabytes a query",
        min_value=1,
        max_value=100_000,
        initial=10,
        help_text="The workgroup’s own limit for a query must be set and no higher: Athena then stops it there",
    )
    per_terabyte = forms.DecimalField(
        label="US dollars a terabyte",
        min_value=0,
        max_value=100,
        decimal_places=2,
        initial="5.00",
        help_text="Of the region",
    )

    def clean_per_terabyte(self) -> str:
        """As text, which is exact."""
        return f"{self.cleaned_data['per_terabyte']:.2f}"

    def clean(self) -> dict[str, Any] | None:
        """Names are names of SQL."""
        data = super().clean() or {}
        for field in ("database", "table", "usage"):
            try:
                _ = identifier(data[field]) if data.get(field) else ""
            except ValueError as error:
                self.add_error(field, str(error))
        return data
