"""What people type about messages: what they want to be told, and where a team's messages go."""

from datetime import time
from typing import Any

from django import forms

from audit.base.actors import Actor
from audit.notifications import kinds, selectors
from audit.notifications.models import Preferences
from audit.people.models import Team

BEFORE = "kind-"


class ClockField(forms.TimeField):
    """A time of day, to the minute."""

    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})


class PreferencesForm(forms.Form):
    """A choice for each kind, quiet hours, and when the digest comes."""

    quiet_from = ClockField(label="Quiet from", required=False, help_text="No e-mail then; urgent ones still come")
    quiet_until = ClockField(label="Quiet until", required=False, help_text="It may be the next morning")
    digest_at = ClockField(label="Daily digest at", help_text="Only on days with something in it")

    def __init__(self, posted: Any = None, *, wanted: Preferences) -> None:
        said = {"quiet_from": wanted.quiet_from, "quiet_until": wanted.quiet_until, "digest_at": wanted.digest_at}
        super().__init__(posted, initial=said)
        for kind in kinds.listed():
            self.fields[BEFORE + kind.code] = forms.ChoiceField(
                label=kind.title,
                help_text=kind.words,
                choices=kinds.Choice.choices,
                initial=wanted.choice(kind.code),
            )
        self.order_fields([*(BEFORE + kind.code for kind in kinds.listed()), "quiet_from", "quiet_until", "digest_at"])

    @property
    def of_kinds(self) -> list[forms.BoundField]:
        """The fields that are kinds."""
        return [self[name] for name in self.fields if name.startswith(BEFORE)]

    def said(self) -> dict[str, Any]:
        """What ``services.choose`` takes."""
        data = self.cleaned_data
        choices = {name.removeprefix(BEFORE): value for name, value in data.items() if name.startswith(BEFORE)}
        clocks: dict[str, time | None] = {name: data[name] for name in ("quiet_from", "quiet_until", "digest_at")}
        return {"choices": choices, **clocks}


class ChannelForm(forms.Form):
    """What every channel needs, whatever its kind; the form of its kind stands beside it."""

    name = forms.CharField(label="Name", max_length=100, help_text="As people call it, such as “#flight-alerts”")
    kinds = forms.MultipleChoiceField(
        label="What goes there",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for every kind of message of the team",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [(kind.code, kind.title) for kind in kinds.listed()]  # type: ignore[attr-defined]


class NewChannelForm(ChannelForm):
    """And whose it is."""

    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        queryset=Team.objects.none(), label="Team", to_field_name="slug", empty_label=None
    )
    field_order = ("team", "name", "kinds")

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = selectors.teams_to_manage(viewer=viewer)  # type: ignore[attr-defined]
