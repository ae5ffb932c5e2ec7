"""What every source needs, whatever its kind."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from audit.people.models import Team
from audit.sources.services import LEAST_SECONDS, MOST_SECONDS


class SourceForm(forms.Form):
    """Name, team and interval; the connector's own form stands beside it."""

    name = forms.CharField(label="Name", max_length=200, help_text="As people call it, such as “Arrivals, nightly”")
    team = forms.ModelChoiceField(Team.objects.none(), label="Team", empty_label=None)
    every_seconds = forms.IntegerField(
        label="Pulled every … seconds", min_value=LEAST_SECONDS, max_value=MOST_SECONDS, initial=60
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
