"""Where versions run and ran. Each row carries two times: when it was so, and when Tollgate learned of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.base.actors import Actor
from audit.exports.domain.scope import Scope
from audit.exports.facts import ModelFacts, Standing, by_model, models_at, standing_at
from audit.exports.report import OFF, OK, Cell, Claim, Lane, Lanes, Mark, Section, Span, table
from audit.exports.words import count, day, listed, moment

CLAIMS: Final = {"deployments": "where each model runs or ran"}
MOST_LANES: Final = 12


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """Names and deployments of the scope's models in its period."""
    models = models_at(scope=scope, viewer=viewer, as_of=as_of)
    standing = standing_at(scope=scope, viewer=viewer, as_of=as_of)
    deployed = {one.model_id for one in standing if one.what == "deployment"}
    held = sum(model.id in deployed for model in models)
    return Section(
        key="running",
        title="Where the versions run, and where they ran",
        order=30,
        sentences=_sentences(models, standing),
        tables=_tables(models, standing),
        figures=_figures(models, standing, scope, as_of),
        claims=(
            Claim("deployments", held, len(models), f"{held:,} of {count(len(models), 'model')} with deployments"),
        ),
        lede=_lede(models, standing),
    )


def _now(standing: Sequence[Standing], model: ModelFacts, where: str = "production") -> list[Standing]:
    return [
        one
        for one in standing
        if one.model_id == model.id and one.what == "deployment" and one.until is None and one.where == where
    ]


def _lede(models: Sequence[ModelFacts], standing: Sequence[Standing]) -> str:
    serving = [f"{model.name} v{one.number}" for model in models for one in _now(standing, model)]
    if not models:
        return ""
    if not serving:
        return "No version runs in production."
    if len(serving) > 4:
        return f"{len(serving):,} versions run in production."
    return f"{listed(serving)} {'runs' if len(serving) == 1 else 'run'} in production."


def _sentences(models: Sequence[ModelFacts], standing: Sequence[Standing]) -> tuple[str, ...]:
    if not standing:
        return ("No version was deployed and no name pointed at one in this period.",)
    return (
        _lede(models, standing),
        "“From” and “until” say when it was so; “learned” says when Tollgate was told, which may be later.",
    )


def _tables(models: Sequence[ModelFacts], standing: Sequence[Standing]) -> tuple:
    names = {model.id: model.name for model in models}
    found = []
    for what, title, place in (("deployment", "Deployments", "Environment"), ("alias", "Names", "Name")):
        rows = [_row(one, names) for one in standing if one.what == what]
        if not rows:
            continue
        headings = ["Version", place, "From (UTC)", "Until (UTC)", "Learned (UTC)", "End learned (UTC)"]
        if what == "deployment":
            headings.append("By")
        found.append(table(title, headings, [row if what == "deployment" else row[:-1] for row in rows]))
    return tuple(found)


def _row(one: Standing, names: dict[UUID, str]) -> list[Cell]:
    running = Mark(OK, "still so")
    return [
        f"{names.get(one.model_id, '')} v{one.number}",
        f"{one.where}, {one.mode}" if one.mode else one.where,
        moment(one.since),
        moment(one.until) or running,
        moment(one.learned),
        moment(one.end_learned) or Mark(OFF, "open"),
        one.who or Mark(OFF, "not recorded"),
    ]


def _figures(
    models: Sequence[ModelFacts], standing: Sequence[Standing], scope: Scope, as_of: datetime
) -> tuple[Lanes, ...]:
    deployed = by_model(one for one in standing if one.what == "deployment")
    found = []
    for model in models:
        mine: dict[str, list[Standing]] = {}
        for one in deployed.get(model.id, []):
            mine.setdefault(one.where, []).append(one)
        lanes = [lane for where, ones in sorted(mine.items()) for lane in _lanes(where, ones)]
        if lanes:
            end = min(as_of, scope.end) if scope.end else as_of
            ends = [span.end for lane in lanes for span in lane.spans if span.end is not None]
            title = f"{model.name}: {listed(_spoken(deployed[model.id]))}"
            sub = "Each bar is a version, from its first to its last day in an environment."
            found.append(Lanes(title, sub, tuple(lanes), max([end.date(), *ends])))
    return tuple(found) if len(found) <= MOST_LANES else ()


def _spoken(ones: Sequence[Standing]) -> list[str]:
    return [
        f"v{one.number} {'has run' if one.until is None else 'ran'} in {one.where} "
        f"{'since' if one.until is None else 'from'} {day(one.since)}"
        + (f" until {day(one.until)}" if one.until else "")
        for one in sorted(ones, key=lambda one: (one.since, one.where))[-2:]
    ]


def _lanes(where: str, ones: Sequence[Standing]) -> list[Lane]:
    """As many lanes as it takes that no two spans of one lane overlap."""
    lanes: list[list[Standing]] = []
    for one in sorted(ones, key=lambda one: (one.since, one.number)):
        for lane in lanes:
            last = lane[-1].until
            if last is not None and last <= one.since:
                lane.append(one)
                break
        else:
            lanes.append([one])
    return [
        Lane(
            where,
            tuple(Span(one.since.date(), one.until.date() if one.until else None, f"v{one.number}") for one in lane),
        )
        for lane in lanes
    ]
