"""What people say of a feed, whatever its kind."""

from decimal import Decimal
from typing import Any

from django import forms

from audit.base.actors import Actor
from audit.people.models import Team
from audit.sources.contract import Settings
from costs.billing.services import RIGHT
from costs.feeds.services import Caps


class BillsForm(forms.Form):
    """Under which name bills are kept, and whose they are."""

    bills_as = forms.SlugField(
        label="Name of the bills",
        max_length=60,
        help_text="Short, and the same every month: aws-main. A later bill of an account and month replaces an earlier"
        " one of the same name",
    )
    organisation = forms.BooleanField(
        label="It is the bill of the whole organisation", required=False, help_text="Else it is the team’s own"
    )


class CappedForm(forms.Form):
    """How much the service may cost."""

    month_cap = forms.DecimalField(
        label="At most … US dollars a month",
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        decimal_places=2,
        initial="5.00",
        help_text="No request is made that could exceed it, in a calendar month (UTC)",
    )
    months = forms.IntegerField(
        label="Months back", min_value=1, max_value=12, initial=2, help_text="The months that each pull asks for"
    )

    def clean_month_cap(self) -> str:
        """As text, which is exact."""
        return f"{self.cleaned_data['month_cap']:.2f}"


class ForBills:
    """What all connectors of bills have in common: the right that they need."""

    right = RIGHT

    def check(self, actor: Actor, team_id: Any, settings: Settings) -> None:
        """As whoever hands in such a bill: for the organisation, or for the team."""
        actor.check(RIGHT, None if settings.get("organisation") else team_id)


def owner_of(settings: Settings, team: Team) -> Team | None:
    """Whose own bill it is; None for the organisation's."""
    return None if settings.get("organisation") else team


def caps_of(settings: Settings) -> Caps:
    """The caps that the form took."""
    requests = settings.get("most_requests")
    return Caps(Decimal(str(settings.get("month_cap") or "0")), int(requests) if requests else None)
