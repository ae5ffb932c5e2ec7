"""A model card says what the records say, under the headings of Mitchell et al. 2019; the rest it calls unknown.

Margaret Mitchell et al., "Model Cards for Model Reporting", FAT* 2019, section 4. Texts that people wrote are quoted.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from audit.base.actors import Actor
from audit.catalogue.selectors import PRODUCTION
from audit.catalogue.words import MAIN_METRIC, metric_name, metric_value
from audit.exports.domain.scope import Scope
from audit.exports.facts import (
    DataFacts,
    Measured,
    ModelFacts,
    Standing,
    VersionFacts,
    WeekFacts,
    models_at,
    standing_at,
    versions_at,
    weeks_at,
)
from audit.exports.words import count, day, full, listed, number, pairs
from audit.monitoring.domain.meaning import EXPLAINED, METRICS

UNKNOWN: Final = "Unknown: nothing is recorded."
SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")


def cards(*, scope: Scope, viewer: Actor, as_of: datetime) -> dict[str, str]:
    """The cards of the scope's models by the name of their file: one is "model-card.md", several have a folder."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    versions = versions_at(scope=scope, viewer=viewer, as_of=as_of)
    standing = standing_at(scope=scope, viewer=viewer, as_of=as_of)
    weeks = weeks_at(scope=scope, viewer=viewer, as_of=as_of)
    made = {}
    for model in models:
        name = "model-card.md" if scope.kind == "model" else f"model-cards/{model.slug}.md"
        made[name] = _card(
            model,
            [one for one in versions if one.model.id == model.id],
            [one for one in standing if one.model_id == model.id],
            [one for one in weeks if one.model_id == model.id],
            as_of,
            scope,
        )
    return made


def _card(
    model: ModelFacts,
    versions: Sequence[VersionFacts],
    standing: Sequence[Standing],
    weeks: Sequence[WeekFacts],
    as_of: datetime,
    scope: Scope,
) -> str:
    parts = [
        f"# Model card: {text(model.name)}",
        (
            f"As of {full(as_of)}, {scope.when}. Made by Tollgate from its records; what nobody recorded is called "
            "unknown. Headings: Mitchell et al., Model Cards for Model Reporting (2019)."
        ),
        *_details(model, versions, standing),
        *_use(model),
        *_factors(model),
        *_metrics(model, weeks),
        *_data(versions),
        *_analyses(model, weeks),
        *_rest(versions),
    ]
    return "\n\n".join(parts) + "\n"


def text(value: str) -> str:
    """``value`` as one line of Markdown that says just that."""
    return SPECIAL.sub(r"\\\1", " ".join(value.split()))


def quoted(value: str) -> str:
    """What a person wrote, as a quotation; the unknown when they wrote nothing."""
    lines = [text(line) for line in value.strip().splitlines()]
    return "\n".join(f"> {line}" if line else ">" for line in lines) or UNKNOWN


def _facts(pairs_: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {value or UNKNOWN}" for name, value in pairs_)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'|'.join(' --- ' for _ in headings)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(cell or 'unknown' for cell in row)} |" for row in rows)])


def _type(model: ModelFacts) -> str:
    if not model.task:
        return ""
    return text(f"{model.task} of {model.outcome}" + (f", in {model.unit}" if model.unit else ""))


def _details(model: ModelFacts, versions: Sequence[VersionFacts], standing: Sequence[Standing]) -> list[str]:
    running = [one for one in standing if one.what == "deployment" and one.until is None]
    facts = [
        ("Owner", text(model.owner)),
        ("Team", text(model.team)),
        ("Built by", text(listed(sorted({one.author for one in versions if one.author})))),
        ("Registered", day(model.registered)),
        ("Type", _type(model)),
        ("In production", text(listed(f"v{one.number}" for one in running if one.where == PRODUCTION)) or "no version"),
        ("Licence", ""),
        ("Where to send questions", text(f"{model.owner}, {model.team}")),
    ]
    parts = ["## Model details", _facts(facts)]
    if versions:
        rows = [
            [
                f"v{one.number}",
                day(one.registered),
                text(one.author),
                text(pairs(one.parameters)),
                text(one.run.code if one.run else ""),
                f"`{one.digest}`" if one.digest else "",
            ]
            for one in versions
        ]
        parts.append(_table(["Version", "Registered", "Author", "Parameters", "Code", "SHA-256 of the artefact"], rows))
    else:
        parts.append("No version was registered.")
    return parts


def _use(model: ModelFacts) -> list[str]:
    return [
        "## Intended use",
        f"Use case: {text(model.use_case)}. In the words of the team:",
        quoted(model.problem),
        "What it is expected to bring, in the words of the team:",
        quoted(model.hypothesis),
        "Uses out of scope:",
        UNKNOWN,
    ]


def _factors(model: ModelFacts) -> list[str]:
    inputs = _table(["Input", "Kind"], [[text(name), text(kind)] for name, kind in model.inputs.items()])
    return [
        "## Factors",
        "Inputs of the model:",
        inputs if model.inputs else UNKNOWN,
        "Groups of people or conditions between which performance may differ:",
        UNKNOWN,
    ]


def _metrics(model: ModelFacts, weeks: Sequence[WeekFacts]) -> list[str]:
    seen = {name for week in weeks for name in week.metrics}
    own = METRICS.get(model.task, ())
    names = [*(name for name in own if name in seen), *sorted(seen - set(own))]
    told = [(metric_name(name), text(EXPLAINED.get(name, "As its sender defines it."))) for name in names]
    threshold = "none: the model gives an estimate" if model.task == "regression" else ""
    if model.threshold is not None:
        threshold = f"a case counts as positive from a score of {model.threshold:g}"
    return [
        "## Metrics",
        _facts(told) if told else UNKNOWN,
        _facts([("Decision threshold", threshold)]),
        "Intervals are 95%: DeLong for ROC AUC, Wilson for shares, normal for means.",
    ]


def _data(versions: Sequence[VersionFacts]) -> list[str]:
    training = {one.id: one for version in versions for one in version.data}
    return [
        "## Evaluation data",
        (
            "Performance is measured on the model's own predictions, once their truth is known: each week on all "
            "labelled predictions of that week."
        ),
        "## Training data",
        _table(
            ["Data", "Rows", "Columns", "From", "Until", "Used by", "SHA-256"],
            [_data_row(one, versions) for one in sorted(training.values(), key=lambda one: (one.name, one.number))],
        )
        if training
        else UNKNOWN,
        *(
            f"{text(one.title)}, in the words of who registered it:\n\n{quoted(one.description)}"
            for one in sorted(training.values(), key=lambda one: (one.name, one.number))
            if one.description
        ),
    ]


def _data_row(one: DataFacts, versions: Sequence[VersionFacts]) -> list[str]:
    used = listed(f"v{version.number}" for version in versions if one.id in {item.id for item in version.data})
    columns = number(len(one.columns)) if one.columns else ""
    rows = "" if one.rows is None else number(one.rows)
    return [text(one.title), rows, columns, day(one.since), day(one.until), used, f"`{one.digest}`"]


def _analyses(model: ModelFacts, weeks: Sequence[WeekFacts]) -> list[str]:
    main = MAIN_METRIC.get(model.task, "")
    rows = []
    for version, sent in sorted({(week.number, week.sent) for week in weeks}):
        mine = [week for week in weeks if (week.number, week.sent) == (version, sent) and main in week.metrics]
        known = [week for week in mine if week.metrics[main].value is not None]
        if not known:
            rows.append([f"v{version}", metric_name(main), "", "", "", "", number(len(mine))])
            continue
        newest, worst = known[-1], _worst(known, main)
        rows.append(
            [
                f"v{version}" + (" (sent by others)" if sent else ""),
                metric_name(main),
                _value(main, newest.metrics[main], model),
                number(newest.metrics[main].n),
                day(newest.start),
                f"{_value(main, worst.metrics[main], model)}, week of {day(worst.start)}",
                number(len(mine)),
            ]
        )
    headings = ["Version", "Metric", "Last measured week (95% interval)", "n", "Week of", "Worst week", "Weeks"]
    return [
        "## Quantitative analyses",
        _table(headings, rows) if rows else "Unknown: no week of it has labels.",
        "By group, and by groups within groups:",
        UNKNOWN,
    ]


def _worst(weeks: Sequence[WeekFacts], main: str) -> WeekFacts:
    # Of the main metrics ROC AUC is better when higher, the mean error when lower.
    def value(week: WeekFacts) -> float:
        found = week.metrics[main].value or 0.0
        return found if main == "roc_auc" else -found

    return min(weeks, key=value)


def _value(name: str, found: Measured, model: ModelFacts) -> str:
    if found.value is None:
        return ""
    told = metric_value(name, found.value, model.unit)
    if found.low is None or found.high is None:
        return text(f"{told} (interval unknown)")
    return text(f"{told} ({metric_value(name, found.low)} to {metric_value(name, found.high, model.unit)})")


def _rest(versions: Sequence[VersionFacts]) -> list[str]:
    notes = [
        f"v{one.number}, in the words of who registered it:\n\n{quoted(one.notes)}" for one in versions if one.notes
    ]
    return [
        "## Ethical considerations",
        UNKNOWN,
        "## Caveats and recommendations",
        f"{count(len(notes), 'version')} of {len(versions):,} {'has' if len(notes) == 1 else 'have'} notes."
        if versions
        else UNKNOWN,
        *notes,
    ]
