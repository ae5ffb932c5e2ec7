"""The forms of the wizard: a sample, and for each of its columns what it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django import forms
from django.core import signing

from audit.catalogue.models import Model, Task
from audit.monitoring.mapping.guessing import FEATURE_PREFIX, Guess
from audit.monitoring.mapping.selectors import MEANS, own_roles
from audit.monitoring.mapping_models import LogMapping

SALT: Final = "monitoring.mapping"
GROUP: Final = "group"
CUTS: Final = (("", "No"), ("segment", "As a segment"), ("sensitive", "As a protected attribute"))
SHORT: Final = ("reason", "doubt", "role", "cut")


class SampleForm(forms.Form):
    """A file of which the first rows are looked at."""

    file = forms.FileField(
        label="Sample",
        help_text="CSV (also gzipped), NDJSON or Parquet, up to 50 MB. Its first 1,000 rows are read; it is not kept.",
        max_length=200,
    )


class RolesForm(forms.Form):
    """What each column of a sample is. The sample's facts travel in the form, signed: nothing of it is kept here."""

    sample = forms.CharField(widget=forms.HiddenInput)
    classes = forms.CharField(
        label="Classes", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line; any other class in a file is then refused.",
    )  # fmt: skip
    reason = forms.CharField(
        label="From what do you know it?", max_length=1000, help_text="It stands in the audit log."
    )

    def __init__(self, *args: Any, model: Model, facts: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model, self.facts = model, facts
        if model.task != Task.MULTICLASS:
            del self.fields["classes"]
        choices = _roles(model, facts["classes"])
        for at, column in enumerate(facts["columns"]):
            name = column["name"]
            self.fields[f"role-{at}"] = forms.ChoiceField(
                choices=choices, required=False, widget=forms.Select(attrs={"aria-label": f"What {name} is"})
            )
            self.fields[f"cut-{at}"] = forms.ChoiceField(
                choices=CUTS, required=False, widget=forms.Select(attrs={"aria-label": f"Cut results by {name}"})
            )

    @property
    def rows(self) -> list[tuple[dict[str, Any], forms.BoundField, forms.BoundField]]:
        """Each column of the sample with its two fields."""
        return [(column, self[f"role-{at}"], self[f"cut-{at}"]) for at, column in enumerate(self.facts["columns"])]

    def clean(self) -> dict[str, Any]:
        """No column is two things, and a column that is only to cut by says how."""
        said = super().clean() or {}
        chosen: dict[str, str] = {}
        for at, column in enumerate(self.facts["columns"]):
            role, cut, name = said.get(f"role-{at}", ""), said.get(f"cut-{at}", ""), column["name"]
            if role in chosen and role not in {"", GROUP, "number", "category"}:
                self.add_error(f"role-{at}", f"{chosen[role]} and {name} cannot both be {role}.")
            chosen.setdefault(role, name)
            if role == GROUP and not cut:
                self.add_error(f"cut-{at}", f"Say how results are cut by {name}.")
            if cut and (role in MEANS or role.startswith("score:") or role == "number"):
                self.add_error(f"cut-{at}", f"Results cannot be cut by {name}.")
        if "prediction_id" not in chosen:
            self.add_error(None, "No column is the prediction's id; without it no label finds its prediction.")
        return said

    def stated(self, before: LogMapping) -> dict[str, Any]:
        """The arguments of the statement; what the sample does not hold stays as it was ``before``."""
        said, names = self.cleaned_data, {column["name"] for column in self.facts["columns"]}
        kept = {ours: theirs for ours, theirs in before.columns.items() if theirs not in names}
        cuts = {
            "segment": [name for name in before.segments if before.columns.get(name, name) not in names],
            "sensitive": [name for name in before.sensitive if before.columns.get(name, name) not in names],
        }
        columns, features, ignored = {}, {}, [name for name in before.ignored if name not in names]
        for at, column in enumerate(self.facts["columns"]):
            name, role, cut = column["name"], said[f"role-{at}"], said[f"cut-{at}"]
            if role in {"number", "category"}:
                features[name] = role
            ours = name if role in {"number", "category", GROUP, ""} else role.removeprefix(FEATURE_PREFIX)
            if cut:
                cuts[cut].append(ours)
            if role or cut:
                columns[ours] = name
            else:
                ignored.append(name)
        classes = [line.strip() for line in said.get("classes", "").splitlines() if line.strip()]
        return {
            "columns": {**{ours: theirs for ours, theirs in kept.items() if ours not in columns}, **columns},
            "segments": cuts["segment"],
            "sensitive": cuts["sensitive"],
            "classes": classes,
            "ignored": ignored,
            "features": features or None,
            "reason": said["reason"],
        }


def facts_of(guesses: list[Guess], classes: list[str]) -> dict[str, Any]:
    """What the form and its table need of the guesses."""
    columns = []
    for guess in guesses:
        said = asdict(guess)
        columns.append(
            {"name": guess.seen.name, "first": list(guess.seen.first), **{name: said[name] for name in SHORT}}
        )
    return {"columns": columns, "classes": classes}


def initial_of(facts: dict[str, Any], mapping: LogMapping) -> dict[str, Any]:
    """The form as it was understood. No column cuts results before a person says so, or has said so."""
    found: dict[str, Any] = {
        "sample": signing.dumps(facts, salt=SALT, compress=True),
        "classes": "\n".join(mapping.classes or facts["classes"]),
    }
    ours = {theirs: ours for ours, theirs in mapping.columns.items()}
    for at, column in enumerate(facts["columns"]):
        name = ours.get(column["name"], column["name"])
        cut = "sensitive" if name in mapping.sensitive else "segment" if name in mapping.segments else ""
        found |= {f"role-{at}": column["role"] or (GROUP if cut else ""), f"cut-{at}": cut}
    return found


def facts_in(token: str) -> dict[str, Any] | None:
    """The facts that the form carries; None when they are not as we sent them."""
    try:
        found: dict[str, Any] = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return found


def _roles(model: Model, classes: list[str]) -> list[tuple[str, str]]:
    roles = [("", "Left out")]
    roles += [(name, f"{name}: {MEANS[name][0].lower()}{MEANS[name][1:]}") for name in own_roles(model)]
    if model.task == Task.MULTICLASS:
        roles += [(f"score:{name}", f"score: the probability of {name}") for name in classes]
    if model.features:
        roles += [(FEATURE_PREFIX + name, f"feature {name} ({kind})") for name, kind in model.inputs.items()]
    else:
        roles += [("number", "A feature: a number"), ("category", "A feature: a category")]
    return [*roles, (GROUP, "Only to cut results by")]
