"""What the gallery of parts shows: samples, labelled as such; nothing here comes from records."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from config.ui import charts, tables

NOON = datetime(2013, 7, 15, 13, 40, tzinfo=UTC)
WEEKS = [date(2013, 4, 15) + timedelta(weeks=number) for number in range(13)]
RECALL = [0.781, 0.774, 0.786, 0.779, 0.783, 0.771, None, 0.752, 0.738, 0.716, 0.694, 0.671, 0.662]
HALF = [0.019, 0.016, 0.027, 0.020, 0.023, 0.019, None, 0.022, 0.019, 0.021, 0.017, 0.021, 0.019]
ESTIMATE = [0.780, 0.775, 0.784, 0.777, 0.781, 0.773, 0.774, 0.755, 0.743, 0.724, 0.707, 0.690, 0.683]
SERVING = [420, 422, 421, 423, 430, 432, 440, 436, 447, 431, 433, 436, 441]
TRAINING = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 210, 150]
RESIDUE = [50, 60, 70, 80, 50, 61, 71, 82, 51, 60, 70, 100, 130]

STATES = {"healthy": ("ok", "Healthy"), "watch": ("watch", "Watch"), "low": ("bad", "Below threshold")}


@dataclass
class SampleJob:
    """Looks like a job."""

    state: str
    title: str
    done: int = 0
    total: int = 0
    message: str = ""
    error: str = ""
    actor_name: str = "Ruth Adler"
    created_at: datetime = NOON
    started_at: datetime | None = NOON
    finished_at: datetime | None = None


class SampleTable(tables.Table):
    """A table of figures."""

    layout = "sticky"
    title_id = "c-table"
    filters = ("team",)

    name = tables.Column(verbose_name="Model")
    state = tables.TagColumn(states=STATES, verbose_name="State")
    recall = tables.NumberColumn(places=3, verbose_name="Recall, last week")
    share = tables.PercentColumn(verbose_name="Labelled")
    cost = tables.MoneyColumn(verbose_name="Cost")
    since = tables.WhenColumn(verbose_name="In production since")


ROWS: list[dict[str, Any]] = [
    {"name": "late-arrival", "state": "low", "recall": 0.662, "share": 0.96, "cost": Decimal("4025.10"), "since": NOON},
    {
        "name": "late-arrival-night",
        "state": "healthy",
        "recall": 0.79,
        "share": 1,
        "cost": Decimal(1102),
        "since": NOON,
    },
    {
        "name": "arrival-delay-quantile",
        "state": "none",
        "recall": None,
        "share": None,
        "cost": Decimal("-6.5"),
        "since": None,
    },
]


class SampleForm(forms.Form):
    """A form with one good and one bad field."""

    name = forms.CharField(
        label="What is the budget for?", help_text="A team, a use case, a model, a stage or a pipeline"
    )
    limit = forms.DecimalField(
        label="Limit a month, in US dollars",
        min_value=Decimal("0.01"),
        error_messages={"min_value": "Enter a limit above $0.00"},
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    passed = forms.ChoiceField(
        label="When the limit is passed", choices=[("tell", "Tell the owner"), ("hold", "Hold retraining")]
    )
    closed = forms.BooleanField(label="Close the budget at the end of the year", required=False)


@dataclass(frozen=True)
class CursorPage:
    """A page that knows the next one only by a cursor."""

    shown: int = 8
    total: int = 214
    previous: str | None = None
    next: str | None = "48120"


@dataclass(frozen=True)
class Gallery:
    """Everything that the gallery shows."""

    form: SampleForm = field(
        default_factory=lambda: SampleForm({"name": "late-arrival, training", "limit": "-300", "passed": "tell"})
    )
    spark: tuple[float, ...] = (12, 15, 12, 18, 15, 21, 24)

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Key figures in their states."""
        return [
            {
                "label": "Cost",
                "value": "$8,815",
                "url": "#c-fig",
                "spark": self.spark,
                "change": "5% more than before.",
                "spark_label": "Cost, 7 weeks, rising",
            },
            {
                "label": "Cost, part of the bill missing",
                "value": "$7,204",
                "unit": "so far",
                "change": "Bill read to 9 July, 5 days missing.",
            },
            {"label": "Value", "value": None, "change": "No labels are joined.", "link": ("Connect labels", "#c-fig")},
            {
                "label": "Return",
                "value": "2.5",
                "unit": "per dollar",
                "change": "Unsupported: one assumption ended on 30 June.",
            },
        ]

    @property
    def line(self) -> charts.Figure:
        """Recall with interval, threshold, events, an estimate."""
        low = [None if y is None or h is None else y - h for y, h in zip(RECALL, HALF, strict=True)]
        high = [None if y is None or h is None else y + h for y, h in zip(RECALL, HALF, strict=True)]
        return charts.lines(
            [
                charts.Series("v1, measured", WEEKS, RECALL, low, high, colour=0),
                charts.Series("v2, same flights", WEEKS[10:], [0.743, 0.740, 0.741], colour=2),
                charts.Series("v1, estimated", WEEKS, ESTIMATE, colour=1, dashed=True),
            ],
            threshold=0.72,
            events=[charts.Event(WEEKS[7], "A"), charts.Event(WEEKS[9], "B")],
        )

    line_key = (("A", "First thunderstorm week.", "3 June"), ("B", "Below 0.72 for the first time.", "17 June"))

    @property
    def line_table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The figures of the line."""
        rows = [
            (f"{week.day} {week:%b}", y, estimate) for week, y, estimate in zip(WEEKS, RECALL, ESTIMATE, strict=True)
        ]
        return ("Week from", "Recall", "Estimated"), rows[::-1]

    parts = (
        charts.Part("Serving", SERVING, 0),
        charts.Part("Training", TRAINING, 4),
        charts.Part("Belongs to no model yet", RESIDUE, residue=True),
    )

    @property
    def bars(self) -> charts.Figure:
        """Spend in layers."""
        return charts.stacked_bars(WEEKS, self.parts, y_prefix="$")

    @property
    def swatches(self) -> list[tuple[str, str, str]]:
        """The key of the layers."""
        return charts.swatches(self.parts, [f"${sum(part.y[-4:]):,}" for part in self.parts])  # type: ignore[arg-type]

    @property
    def bars_table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The figures of the layers."""
        rows = [
            (f"{week.day} {week:%b}", *values) for week, *values in zip(WEEKS, SERVING, TRAINING, RESIDUE, strict=True)
        ]
        return ("Week from", "Serving", "Training", "No model yet"), rows[::-1]

    differences = (
        charts.Interval("Recall", 0.064, 0.056, 0.073),
        charts.Interval("Precision", 0.002, -0.007, 0.010),
        charts.Interval("ROC AUC", 0.018, 0.014, 0.022),
        charts.Interval("Recall at JFK", None, None, None),
    )

    @property
    def intervals(self) -> charts.Figure:
        """Differences with their intervals."""
        return charts.intervals(self.differences, margin=-0.01)

    @property
    def intervals_table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The figures of the differences."""
        return ("Measure", "Difference", "From", "To"), [(r.name, r.value, r.low, r.high) for r in self.differences]

    pairs_of = (charts.Pair("EWR", 0.669, 0.738), charts.Pair("JFK", 0.690, 0.747), charts.Pair("LGA", 0.672, 0.738))

    @property
    def dumbbells(self) -> charts.Figure:
        """Before and after."""
        return charts.dumbbells(self.pairs_of, before="v1", after="v2")

    @property
    def dumbbells_table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The figures of before and after."""
        return ("Airport", "v1", "v2"), [(pair.name, pair.before, pair.after) for pair in self.pairs_of]

    gates = (
        {
            "state": "ok",
            "word": "Passed",
            "name": "Better or equal on the same flights",
            "level": "hard",
            "text": "Recall is 0.064 higher. Demanded: not more than 0.01 lower.",
            "url": "#c-gates",
            "link": "Comparison",
        },
        {
            "state": "unknown",
            "word": "Unknown",
            "name": "Equal across carriers",
            "level": "hard",
            "text": "Running: 11 of 16 carriers done. Unknown does not pass a hard gate.",
        },
    )
    events = (
        {
            "at": NOON - timedelta(days=4),
            "kind": "person",
            "text": "Daniel Reyes asked for this promotion",
            "url": "#c-time",
            "detail": "Filled in by rule 7",
            "quote": "Tried as run 17: recall 0.722.",
        },
        {"at": NOON, "kind": "machine", "text": "Gate “Equal across carriers” started"},
    )
    rows = (
        {
            "state": "bad",
            "word": "Worse",
            "title": "late-arrival fell for the fourth week",
            "url": "#c-rows",
            "text": "Recall 0.66, threshold 0.72.",
            "aside": "Mon",
        },
        {
            "state": "unknown",
            "word": "Unknown",
            "title": "Value of arrival-delay-quantile",
            "text": "Its predictions have no labels yet.",
            "aside": "Connect labels",
            "aside_url": "#c-rows",
        },
    )
    facts = (
        {"label": "Where", "value": "Production, online", "detail": "since 4 March 2013"},
        {"label": "Policy", "value": "Medium risk", "url": "#c-facts"},
        {"label": "Monthly predictions", "value": None},
    )
    pairs = (("When", "15 July 2013, 08:15:40 EDT"), ("Role", "Validator"), ("Address", None))
    changes: Any = field(default_factory=lambda: {"vote": ["stale", "approved"], "digest": [None, "9f3c…a27e"]})
    cursor: CursorPage = CursorPage()
    running: SampleJob = field(
        default_factory=lambda: SampleJob("running", "Exporting late-arrival, January to June", 19_767, 48_213, "March")
    )
    failed: SampleJob = field(
        default_factory=lambda: SampleJob(
            "failed", "Importing 2013-W28.csv", error="Row 17, column score: “high” is not a number.", finished_at=NOON
        )
    )
    tab_links = (
        ("Tags", "#c-tag"),
        ("Figures", "#c-fig"),
        ("Tables", "#c-table"),
        ("Charts", "#c-line"),
        ("Forms", "#c-form"),
    )
    periods = (("4w", "4 weeks"), ("13w", "13 weeks"), ("1y", "Year"))
