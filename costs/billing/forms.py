"""What people say of a bill that they hand in."""

from typing import Any

from django import forms

from audit.base.actors import Actor
from audit.people.models import Team
from costs.billing.services import RIGHT


class BillForm(forms.Form):
    """A file, where it comes from, and whose bill it is."""

    file = forms.FileField(
        label="File", help_text="FOCUS 1.0 to 1.4 or an AWS Cost and Usage Report, as CSV, gzipped CSV or Parquet."
    )
    source = forms.SlugField(
        label="Source",
        max_length=60,
        help_text="A short name of where such bills come from, the same every month: aws-main.",
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label="Team",
        required=False,
        empty_label="The organisation",
        help_text="A team’s own bill: its members then see what belongs to no model as well.",
    )
    simulated = forms.BooleanField(label="This bill is simulated", required=False, help_text="Pages then say so.")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = actor.teams(RIGHT)
        rows = Team.objects.all() if teams is None else Team.objects.filter(pk__in=teams)
        self.fields["team"].queryset = rows  # type: ignore[attr-defined]
