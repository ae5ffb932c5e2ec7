"""The list of jobs, narrowed by what stands in the address."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django_tables2 import A

from audit.jobs.models import Job, State
from audit.jobs.registry import KINDS
from config.ui import tables
from config.ui.templatetags import ui

STATES = {**ui.JOB_STATES, **{state.label: ui.JOB_STATES[state.value] for state in State}}


class JobFilter(django_filters.FilterSet):
    """State, kind, words, and whose parts. Without any of them only jobs that no other job started are listed."""

    state = django_filters.ChoiceFilter(choices=State.choices, label="State")
    kind = django_filters.ChoiceFilter(label="Kind")
    q = django_filters.CharFilter(method="by_words", label="Words")
    parent = django_filters.UUIDFilter(field_name="parent", label="Part of")

    class Meta:
        model = Job
        fields = ("state", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted((kind.code, kind.title) for kind in KINDS.values())
        self.filters["kind"].extra["choices"] = kinds

    def by_words(self, rows: QuerySet[Job], name: str, value: str) -> QuerySet[Job]:
        """Each word stands in the subject, the kind, the error or the starter's name."""
        for word in value.split():
            rows = rows.filter(
                Q(subject_name__icontains=word)
                | Q(kind__icontains=word)
                | Q(error__icontains=word)
                | Q(actor_name__icontains=word)
            )
        return rows

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set and valid."""
        return self.form.is_valid() and any(self.form.cleaned_data.values())

    @property
    def qs(self) -> QuerySet[Job]:
        """The rows."""
        rows = super().qs
        return rows if self.narrowed else rows.filter(parent=None)


class JobTable(tables.Table):
    """One job a line; a job that started others says how far they are."""

    layout = "stack"
    title_id = "list"
    filters = ("state", "kind", "q", "parent")
    empty_title = "No job has run yet"
    empty_text = "Imports, measurements and retraining runs show here with their progress and their log."

    title = tables.Column(accessor=A("title"), verbose_name="Job", orderable=False)
    state = tables.TagColumn(states=STATES)
    far = tables.Column(accessor=A("done"), verbose_name="How far", orderable=False, empty_values=())
    actor_name = tables.Column(verbose_name="Started by")
    created_at = tables.WhenColumn(verbose_name="Asked for")
    took = tables.Column(accessor=A("started_at"), verbose_name="Took", orderable=False, empty_values=())

    class Meta:
        template_name = "ui/table.html"
        sequence = ("title", "state", "far", "actor_name", "created_at", "took")
        order_by = "-created_at"

    def render_title(self, record: Job, value: str) -> str:
        """A link to the job."""
        return format_html('<a href="{}">{}</a>', reverse("jobs:job", args=[record.pk]), value)

    def value_title(self, value: str) -> str:
        """The words alone."""
        return value

    def render_far(self, record: Any) -> str:
        """Its parts, or its own progress, or its error."""
        if record.state == State.FAILED and record.error:
            return record.error[:140]
        parts = f"{record.parts_ended} of {record.parts} parts ended" if record.parts else ""
        own = f"{record.done:,} of {record.total:,}" if record.total and record.is_open else record.message
        return ". ".join(part for part in (own, parts) if part) or "–"

    def value_far(self, record: Any) -> str:
        """The same words."""
        return self.render_far(record)

    def render_took(self, record: Job) -> str:
        """From the start to the end."""
        return self.value_took(record)

    def value_took(self, record: Job) -> str:
        """The same words."""
        if record.started_at is None:
            return "Not started"
        if record.finished_at is None:
            return "Not ended"
        return str(ui.duration((record.finished_at - record.started_at).total_seconds()))
