"""What the models are: task, purpose, inputs, owner. What someone said of the purpose is marked as said."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from audit.base.actors import Actor
from audit.exports.domain.scope import Scope
from audit.exports.facts import ModelFacts, models_at
from audit.exports.report import Cell, Claim, Section, Table, known, table
from audit.exports.words import count, day, number, some

CLAIMS: Final = {
    "purpose": "a purpose, stated by someone",
    "expected-value": "an expected value, stated by someone",
    "outcome": "what each model predicts",
    "inputs": "the inputs of each model",
    "owner": "an owner of each model",
}
INPUTS_UP_TO: Final = 5
"""Of more models than these, inputs are only counted."""


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """What the models of the scope are."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    one = len(models) == 1
    return Section(
        key="models",
        title="What the model is for" if one else "What the models are for",
        order=10,
        sentences=_sentences(models, scope, as_of),
        tables=tuple(_tables(models)),
        claims=_claims(models),
        lede=f"{count(len(models), 'model')} of {scope.whose} {'was' if one else 'were'} registered then."
        if models and scope.kind != "model"
        else "",
    )


def _sentences(models: Sequence[ModelFacts], scope: Scope, as_of: datetime) -> tuple[str, ...]:
    if not models:
        return (f"No model of {scope.whose} was registered before {day(as_of)}.",)
    if len(models) > 1:
        cases = sorted({model.use_case for model in models})
        return (
            (
                f"{count(len(models), 'model')} of {count(len(cases), 'use case')} ({some(cases)}) "
                f"in {count(len({model.team_id for model in models}), 'team')}."
            ),
        )
    model = models[0]
    return (
        (
            f"{_what(model)} It belongs to the use case {model.use_case} of the team {model.team};"
            f" {model.owner or 'nobody known'} owns it. It has been registered since {day(model.registered)}."
        ),
        f"What it is for, as someone of the team put it: “{model.problem}”",
        *([f"What it is expected to bring: “{model.hypothesis}”"] if model.hypothesis else []),
    )


def _what(model: ModelFacts) -> str:
    if not model.task:
        return f"What {model.name} predicts is unknown: no source told it."
    task = "classification into more than two classes" if model.task == "multiclass" else model.task
    return f"{model.name} is a {task}: it {_does(model)}."


def _does(model: ModelFacts) -> str:
    if model.task == "regression":
        return f"estimates the {model.outcome}" + (f" in {model.unit}" if model.unit else "")
    if model.task == "multiclass":
        return f"says of each case which {model.outcome} it is"
    at = f", from a score of {model.threshold:g}" if model.threshold is not None else ""
    return f"says of each case whether it {model.outcome}{at}"


def _tables(models: Sequence[ModelFacts]) -> list[Table]:
    tables = []
    if len(models) > 1:
        rows = [
            [one.name, known(one.task), known(one.outcome), one.use_case, one.team, known(one.owner), registered]
            for one in models
            for registered in (day(one.registered),)
        ]
        headings = ["Model", "Task", "Predicts", "Use case", "Team", "Owner", "Registered"]
        tables.append(table("Models", headings, rows))
        cases = {one.use_case: (one.problem, one.hypothesis) for one in models}
        tables.append(
            table(
                "Purposes, as someone of the team put them",
                ["Use case", "What it is for", "What it is expected to bring"],
                [[name, known(problem), known(hypothesis)] for name, (problem, hypothesis) in sorted(cases.items())],
            )
        )
    if 0 < len(models) <= INPUTS_UP_TO:
        inputs: list[list[Cell]] = [[one.name, name, kind] for one in models for name, kind in one.inputs.items()]
        if inputs:
            cut = slice(1, None) if len(models) == 1 else slice(None)
            tables.append(table("Inputs", ["Model", "Input", "Kind"][cut], [row[cut] for row in inputs], long=True))
    return tables


def _claims(models: Sequence[ModelFacts]) -> tuple[Claim, ...]:
    of = len(models)

    def claim(name: str, held: int, words: str, *, said: bool = False) -> Claim:
        return Claim(name, held, of, f"{number(held)} of {count(of, 'model')} {words}", said)

    return (
        claim("purpose", sum(bool(one.problem.strip()) for one in models), "with a stated purpose", said=True),
        claim(
            "expected-value", sum(bool(one.hypothesis.strip()) for one in models), "with an expected value", said=True
        ),
        claim("outcome", sum(bool(one.outcome.strip()) for one in models), "with a recorded outcome"),
        claim("inputs", sum(bool(one.inputs) for one in models), "with recorded inputs"),
        claim("owner", sum(bool(one.owner) for one in models), "with an owner"),
    )
