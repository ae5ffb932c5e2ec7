"""Training runs, under the model of the version that they made; a run has one key in every source."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from audit.catalogue.domain.repository import holds_secret
from audit.catalogue.ledger_actions import PIPELINE_REGISTERED, RUN_CHANGED, RUN_FINISHED, RUN_STARTED
from audit.catalogue.models import Model, Pipeline, PipelineRun, RunState
from audit.ledger.audited import changed, created, values
from audit.ledger.services import Changes, Event
from audit.sources.domain.told import Kind, RunTold, VersionTold
from audit.sources.models import Identity
from audit.sources.taking.data import link
from audit.sources.taking.work import AT_ONCE, Work, in_pieces

FIELDS = (
    "state", "trigger", "started_at", "finished_at", "compute_seconds", "parameters", "code_version", "repository",
    "environment",
)  # fmt: skip


def take(work: Work, rows: Sequence[RunTold], versions: Sequence[VersionTold]) -> None:
    """Makes and changes runs. One whose model is not known cannot be placed, and is a problem."""
    if not rows:
        return
    model_of = {row.id: row.model for row in rows if row.model} | {one.run: one.model for one in versions if one.run}
    work.look_up(Kind.RUN, (row.id for row in rows))
    work.look_up(Kind.MODEL, model_of.values())
    work.look_up(Kind.DATA, (one for row in rows for one in row.inputs))
    new: list[tuple[RunTold, Identity]] = []
    changes: list[tuple[RunTold, Identity]] = []
    for row in rows:
        placed = work.record_of(Kind.MODEL, model_of.get(row.id, ""))
        if placed is None and work.record_of(Kind.RUN, row.id) is None:
            work.problem(f"The run {row.id} of {row.pipeline} has made no version that is known; it is left out.")
            continue
        noted = work.note(Kind.RUN, row, name=row.pipeline)
        if noted is not None:
            (changes if noted[0].record else new).append((row, noted[0]))
    if new:
        _place(work, new, {row.id: work.record_of(Kind.MODEL, model_of.get(row.id, "")) for row, _ in new})
    if changes:
        _change(work, changes)


def _filled(run: PipelineRun, row: RunTold) -> PipelineRun:
    known = row.state in RunState.values
    run.state, run.trigger = (row.state if known else RunState.RUNNING), row.trigger[:40] or "unknown"
    run.started_at, run.finished_at, run.compute_seconds = row.started, row.finished, row.compute_seconds
    run.parameters, run.environment = dict(row.parameters), dict(row.environment)
    run.code_version = row.commit[:80]
    run.repository = "" if holds_secret(row.repository) else row.repository[:500]
    return run


def _place(work: Work, rows: Sequence[tuple[RunTold, Identity]], models: Mapping[str, UUID | None]) -> None:
    by_key = _there(work, [row.key for row, _ in rows])
    pipelines = _pipelines(work, rows, models)
    made: list[PipelineRun] = []
    for row, identity in rows:
        found = by_key.get(row.key)
        if found is None or found.pipeline.model.use_case.team_id != work.team.pk:
            model, key = models[row.id], _own_key(work, row.key) if found else row.key
            found = _filled(PipelineRun(pipeline=pipelines[model, row.pipeline[:100]], key=key[:200]), row)
            by_key[row.key] = found
            made.append(found)
        else:
            identity.merged_by = "the same key"
        identity.record = found.pk
    PipelineRun.objects.bulk_create(made, batch_size=AT_ONCE)
    told = {identity.record: row for row, identity in rows}
    links = _inputs(work, {run: told[run.pk] for run in made})
    for run in made:
        action = RUN_STARTED if run.state == RunState.RUNNING else RUN_FINISHED
        inputs = [str(link.datasetversion) for link in links.get(run.pk, ())]
        more: Changes = {"inputs": (None, inputs)} if inputs else {}
        work.entry(
            Event(action, subject=run, team=work.team.pk, changes=created(run) | more, also=links.get(run.pk, ())), run
        )


def _there(work: Work, keys: Sequence[str]) -> dict[str, PipelineRun]:
    """The runs with these keys: the team's own, or else another team's, of which this team's is a second record."""
    found: dict[str, PipelineRun] = {}
    for piece in in_pieces(keys):
        wanted = {_own_key(work, key): key for key in piece} | {key: key for key in piece}
        for run in PipelineRun.objects.filter(key__in=wanted).select_related("pipeline__model__use_case"):
            key = wanted[run.key]
            if key not in found or run.pipeline.model.use_case.team_id == work.team.pk:
                found[key] = run
    return found


def _own_key(work: Work, key: str) -> str:
    """The key of a run that another team's source told of as well: neither sees the other's."""
    return f"{key} of {work.team.slug}"


def _pipelines(
    work: Work, rows: Sequence[tuple[RunTold, Identity]], models: Mapping[str, UUID | None]
) -> dict[tuple[UUID | None, str], Pipeline]:
    ids = {one for one in models.values() if one}
    found: dict[tuple[UUID | None, str], Pipeline] = {
        (one.model_id, one.name): one
        for one in Pipeline.objects.filter(model__in=ids).select_related("model__use_case")
    }
    known = {one.pk: one for one in Model.objects.filter(pk__in=ids).select_related("use_case")}
    made: list[Pipeline] = []
    for row, _ in rows:
        model = models[row.id]
        place = (model, row.pipeline[:100])
        if model is not None and place not in found:
            found[place] = Pipeline(model=known[model], name=row.pipeline[:100], engine=row.engine[:40])
            made.append(found[place])
    Pipeline.objects.bulk_create(made, batch_size=AT_ONCE)
    for one in made:
        work.entry(Event(PIPELINE_REGISTERED, subject=one, team=work.team.pk, changes=created(one)))
    return found


def _inputs(work: Work, rows: Mapping[PipelineRun, RunTold]) -> dict[UUID, list[Any]]:
    """Links runs to the data that went in; returns the new links of each run."""
    return link(work, PipelineRun.inputs.through, {run: row.inputs for run, row in rows.items()})


def _change(work: Work, rows: Sequence[tuple[RunTold, Identity]]) -> None:
    runs = PipelineRun.objects.select_related("pipeline__model__use_case").in_bulk([one.record for _, one in rows])
    told = {runs[identity.record]: row for row, identity in rows if identity.record in runs}
    before = {run.pk: values(run) for run in told}
    for run, row in told.items():
        _filled(run, row)
    links = _inputs(work, told)
    changes = {run.pk: changed(before[run.pk], run) for run in told}
    PipelineRun.objects.bulk_update([run for run in told if changes[run.pk]], FIELDS, batch_size=AT_ONCE)
    for run in told:
        if changes[run.pk] or run.pk in links:
            ended = before[run.pk]["state"] == RunState.RUNNING and run.state != RunState.RUNNING
            action = RUN_FINISHED if ended else RUN_CHANGED
            event = Event(action, subject=run, team=work.team.pk, changes=changes[run.pk], also=links.get(run.pk, ()))
            work.entry(event, run)
