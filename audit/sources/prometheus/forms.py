"""What has to be known of a Prometheus server: where, as whom, whom its series are of, and what to ask it."""

import re
from typing import Any, Final

from django import forms

from audit.sources.server_form import ServerForm

LABEL: Final = "$label"
SPAN: Final = "$span"
DAYS: Final = 14
NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TRAFFIC: Final = "sum by ($label) (increase(http_requests_total[$span]))"
FAILURES: Final = (
    'sum by ($label, class) (label_replace(increase(http_requests_total{code=~"[45].."}[$span]),'
    ' "class", "${1}xx", "code", "(.).."))'
    f' or label_replace(0 * {TRAFFIC}, "class", "4xx", "", "")'
    f' or label_replace(0 * {TRAFFIC}, "class", "5xx", "", "")'
)
LATENCY: Final = (
    "sum by ($label, le) (increase(http_request_duration_seconds_bucket[$span]))"
    " or sum by ($label) (increase(http_request_duration_seconds_sum[$span]))"
    " / sum by ($label) (increase(http_request_duration_seconds_count[$span]))"
)
SATURATION: Final = (
    "label_replace(100 * max by ($label) (max_over_time(rate(process_cpu_seconds_total[5m])[$span:5m])),"
    ' "resource", "cpu", "", "")'
)
EXPRESSIONS: Final = ("traffic", "failures", "latency", "saturation")


def expression(label: str, words: str, initial: str, *, required: bool = False) -> forms.CharField:
    """A field for PromQL."""
    return forms.CharField(
        label=label,
        max_length=2000,
        required=required,
        initial=initial,
        help_text=words,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )


class PrometheusForm(ServerForm):
    """In expressions $label stands for the labels below, and $span for the time that a value is of: 1h, or 5m."""

    helps = {"url": "Of Prometheus, Thanos, Mimir or VictoriaMetrics, without /api/v1"}

    label = forms.CharField(
        label="Label of the deployment",
        max_length=100,
        initial="service",
        help_text="Its value is the endpoint of a deployment here, or the short name of a model",
    )
    version_label = forms.CharField(
        label="Label of the version",
        max_length=100,
        required=False,
        help_text="Its value is the number of the version here, such as 3 or v3; empty: none",
    )
    traffic = expression("Traffic", "Requests in $span. $label and $span are filled in.", TRAFFIC, required=True)
    failures = expression(
        "Errors", "Requests in $span that failed; a label class, code or status says whether 4xx or 5xx", FAILURES
    )
    latency = expression(
        "Latency", "Seconds: buckets with the label le, quantiles with the label quantile, or the mean", LATENCY
    )
    saturation = expression(
        "Saturation", "Percent; the label resource says of what: cpu, memory, gpu or disk", SATURATION
    )
    days = forms.IntegerField(
        label="Days back", min_value=1, max_value=60, initial=DAYS, help_text="How far back is read at first"
    )

    def clean_label(self) -> str:
        """A name that a label may have."""
        return _name(self.cleaned_data["label"])

    def clean_version_label(self) -> str:
        """The same, or nothing."""
        return _name(self.cleaned_data["version_label"])

    def clean(self) -> dict[str, Any] | None:
        """Two labels are two."""
        data = super().clean()
        if data and data.get("label") and data.get("label") == data.get("version_label"):
            self.add_error("version_label", "This is the label of the deployment.")
        return data


def _name(said: str) -> str:
    if said and not NAME.fullmatch(said):
        raise forms.ValidationError("A label has letters, digits and underscores, and begins with no digit.")
    return said
