"""docs/summer.md: the finding in words, then every week with when each figure was known."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import Any, Final

SUMMER: Final = ("2013-06-01", "2013-09-01")
HEAD: Final = """# The summer fall, before and after its labels

Written by `make figures`, not by hand. A model learns from the flights that left New York in January, February and
March 2013 whether a flight will land more than 15 minutes late, and answers every flight from April on at its scheduled
departure. Predictions go through the product's own import on the Monday after their week, labels one week later; the
job `monitoring.estimate` does the rest. The figure is accuracy: the share of flights that it called rightly at a chance
of 0.5.

![Accuracy by week, estimated and by labels](figures/summer.svg)

"""


def page(found: dict[str, Any]) -> str:
    """The whole page."""
    return (
        HEAD
        + "\n\n".join(textwrap.fill(one.strip(), 120) for one in _words(found))
        + "\n\n"
        + table(found["weeks"])
        + FOOT
    )


def _words(found: dict[str, Any]) -> list[str]:
    weeks, fit = found["weeks"], found["fit"]
    summer = [one for one in weeks if SUMMER[0] <= one["week"] < SUMMER[1]]
    signs = [one for one in weeks if one["sign"]]
    low = [one for one in weeks if one["realised"] is not None and one["realised"] < fit["bounds"][0]]
    first = next((one for one in summer if one["sign"]), None)
    said = []
    if first is not None:
        said.append(
            f"**Found before labels, in the week of {_day(first['week'])}.** The estimate of that week is "
            f"{first['value']:.3f} ({first['low']:.3f} to {first['high']:.3f}), the first below {fit['usual'][0]:.3f}, "
            f"which is 2 standard deviations under what estimates of the {fit['weeks']} weeks from January to March "
            f"were: a first sign (S in the figure). It was known on {_day(first['estimated_on'])}; the labels of the "
            f"week came on {_day(first['labels_on'])}."
        )
    said.append(
        f"**Found by labels, in {_listed(low)}.** Accuracy fell below {fit['bounds'][0]:.3f}, the mean less 3 standard "
        "deviations of the same weeks by labels: "
        + ", ".join(f"{one['realised']:.3f} ({one['realised_low']:.3f} to {one['realised_high']:.3f})" for one in low)
        + "."
    )
    outside = [one for one in weeks if one["outside"] and one["value"] < fit["bounds"][0]]
    known = [one for one in weeks if one["realised"] is not None]
    inside = sum(1 for one in known if _reached(one))
    right = [one for one in signs if one in known and one["realised"] < _low_two(fit)]
    missed = [one for one in known if one["realised"] < _low_two(fit) and not one["sign"]]
    why = weeks[-1]["why"]
    said.append(
        f"**How good the estimates were.** First signs from April on: {_listed(signs)}; by labels {len(right)} of "
        f"these {len(signs)} lay 2 standard deviations under what was usual too. So did {_listed(missed)}, of which "
        f"estimates gave no sign. Below the bound by labels, where nannyml's rule would raise its alarm, lay "
        f"{_count(outside)} of the estimates. By labels, {inside} of {len(known)} weeks lay within 3 sampling errors "
        f"of the estimate. {why + ' So it raises no alarm: signs are shown, alarms are left to labels.' if why else ''}"
    )
    return said


def table(weeks: list[dict[str, Any]]) -> str:
    """Every week with its figures and the days on which they were known."""
    lines = [
        "| week from | estimated | 95% interval | known on | by labels | 95% interval | known on | first sign |",
        "|---|---:|---|---|---:|---|---|---|",
    ]
    for one in weeks:
        true = ("not yet", "", "")
        if one["realised"] is not None:
            span = f"{one['realised_low']:.3f} to {one['realised_high']:.3f}"
            true = (f"{one['realised']:.3f}", span, one["labels_on"])
        lines.append(
            f"| {one['week']} | {one['value']:.3f} | {one['low']:.3f} to {one['high']:.3f} | {one['estimated_on']} | "
            f"{true[0]} | {true[1]} | {true[2]} | {'yes' if one['sign'] else ''} |"
        )
    return "\n".join(lines) + "\n"


FOOT: Final = """
## What the estimate does not see, and why

- It moves less than what happens. In the worst week accuracy fell three times as far as the estimate did: the model
  knows the weather, the timetable and how late the last flights were, and in those inputs it saw a part of the fall
  (covariate shift). That delays in summer are longer under the same inputs is concept drift, which no estimate from
  scores can see.
- The week of 22 April shows it alone: labels say that accuracy fell, the estimate stayed where it was. The inputs did
  not change; how they led to delays did (in that week the FAA furloughed air traffic controllers).
- Without the two columns about recent landings (their mean delay and the share that was late), the same estimate shows
  nothing in summer at all: the weather of the hour before does not tell it.
- ROC AUC does not fall in June: the model ranks flights as well as before. What falls is how often it is right at 0.5,
  because more flights are late than it learned (45% in the week of 24 June, 20% in the first week of April).
- The intervals hold sampling only. Flights of a day share their weather, so weeks differ by far more than they say.
- What was chosen with the year in sight: this model, accuracy as the figure, and 2 standard deviations for a sign.
- Answers of January to March are those of models that had not seen the week (five folds of whole weeks); the bounds
  would otherwise be those of a model that knows its answers.
"""


def _low_two(fit: dict[str, Any]) -> float:
    """2 standard deviations under the mean by labels; the bounds are 3 on each side."""
    low, high, _ = fit["bounds"]
    return float((low + high) / 2 - (high - low) / 3)


def _reached(one: dict[str, Any]) -> bool:
    half = (one["high"] - one["low"]) / 2 / 1.959963984540054 * 3
    return bool(abs(one["realised"] - one["value"]) <= half)


def _listed(weeks: list[dict[str, Any]]) -> str:
    if not weeks:
        return "no week"
    days = [_day(one["week"]) for one in weeks]
    return ("the week of " if len(days) == 1 else "the weeks of ") + " and ".join(
        part for part in (", ".join(days[:-1]), days[-1]) if part
    )


def _count(weeks: list[dict[str, Any]]) -> str:
    return str(len(weeks)) if weeks else "none"


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B}"
