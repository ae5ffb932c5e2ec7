"""What people say about budgets, checked before a service sees it."""

from typing import Any

from django import forms

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model, UseCase
from audit.people.models import Team, User
from audit.people.selectors import teams
from costs.allocation.domain import STAGES
from costs.budgets.domain.periods import NAMES
from costs.budgets.domain.standing import MEASURES
from costs.budgets.services import ALL, STATE


class Day(forms.DateInput):
    """A day as browsers choose it; they take its value in ISO 8601 only."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class BudgetForm(forms.Form):
    """Whose budget it is, of what, how much, and why. The choices are those for which ``viewer`` may state one."""

    name = forms.CharField(label="Name", max_length=120)
    scope = forms.ChoiceField(label="Whose costs count", help_text="Those of a team are the costs of its models.")
    stage = forms.ChoiceField(
        label="Stage", required=False, choices=[("", "All stages"), *STAGES.items()], initial="",
        help_text="Training hours are always those of training.",
    )  # fmt: skip
    measure = forms.ChoiceField(
        label="Measure",
        choices=list(MEASURES.items()),
        help_text="Training hours are those from start to end of the runs that a pipeline told of.",
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label="Currency",
        required=False,
        initial="USD",
        help_text="Three letters, like USD; not for hours. Costs in another currency do not count.",
        error_messages={"invalid": "Use the three letters of a currency, like USD."},
    )
    amount = forms.DecimalField(label="Amount for each period", max_digits=18, decimal_places=2, min_value=0)
    period = forms.ChoiceField(label="Period", choices=list(NAMES.items()), help_text="Days are those of UTC.")
    hard = forms.BooleanField(
        label="It is a quota: once exceeded, retraining and promotion wait for an override", required=False
    )
    thresholds = forms.CharField(
        label="Tell the owner at",
        initial=", ".join(map(str, ALL)),
        help_text="Percent of the amount, of what was spent and of the forecast.",
    )
    valid_from = forms.DateField(
        label="Valid from",
        widget=Day(),
        help_text="A period counts from its own first day, also when the budget starts within it.",
    )
    valid_until = forms.DateField(
        label="Valid until", required=False, widget=Day(), help_text="Empty: until it is closed."
    )
    owner = forms.EmailField(label="Owner, by e-mail address", help_text="Who is told, and answers for it.")
    reason = forms.CharField(label="Where this amount comes from", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scopes: dict[str, tuple[Team, UseCase | None, Model | None]] = {}
        options: dict[str, list[tuple[str, str]]] = {"Teams": [], "Use cases": [], "Models": []}

        def add(
            group: str, key: str, row: Team | UseCase | Model, of: tuple[Team, UseCase | None, Model | None]
        ) -> None:
            if viewer.may(STATE, of[0].pk):
                self._scopes[key] = of
                options[group].append((key, str(row)))

        for team in teams(viewer=viewer).order_by("name"):
            add("Teams", f"team:{team.pk}", team, (team, None, None))
        for use_case in catalogue.use_cases(viewer=viewer).select_related("team"):
            add("Use cases", f"use_case:{use_case.pk}", use_case, (use_case.team, use_case, None))
        for model in catalogue.models(viewer=viewer).select_related("use_case__team"):
            add("Models", f"model:{model.pk}", model, (model.use_case.team, None, model))
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(group, rows) for group, rows in options.items() if rows]

    def clean_owner(self) -> User:
        """The person with this address."""
        found = User.objects.filter(email__iexact=self.cleaned_data["owner"], is_active=True).first()
        if found is None:
            raise forms.ValidationError("Nobody with this address has an account here.")
        return found

    def said(self) -> dict[str, Any]:
        """What ``state_budget`` takes."""
        fields = {name: value for name, value in self.cleaned_data.items() if name != "scope"}
        team, use_case, model = self._scopes[self.cleaned_data["scope"]]
        own = {"team": team, "use_case": use_case, "model": model, "thresholds": fields["thresholds"].split(",")}
        if fields["measure"] != "money":
            own["currency"] = ""
        return {**fields, **own}


class OverrideForm(forms.Form):
    """Until when a quota may be passed, and why."""

    until = forms.DateField(label="It may be passed until the end of", widget=Day())
    reason = forms.CharField(
        label="Why it may be passed",
        help_text="It stands in the record with your name.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CloseForm(forms.Form):
    """Why a budget is closed."""

    reason = forms.CharField(label="Why it is closed", widget=forms.Textarea(attrs={"rows": 2}))
