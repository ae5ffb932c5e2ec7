"""A bill of materials for models: CycloneDX 1.7 (ECMA-424), the same bytes for the same scope, size and records.

What is not recorded is left out, and the composition of such a version is stated as incomplete.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from audit.base.actors import Actor
from audit.exports.domain.scope import Scope
from audit.exports.facts import DataFacts, ModelFacts, RunFacts, VersionFacts, WeekFacts, versions_at, weeks_at
from audit.ledger.domain.canonical import canonical

SHA256: Final = re.compile(r"[0-9a-f]{64}")
NAMED: Final = re.compile(r"([A-Za-z][\w.-]*)[ =]+v?(\d[\w.+-]*)")
"""A value that names software with its version: "scikit-learn 1.9.1"."""
IRI: Final = re.compile(r"[^\s<>\"{}|\\^`]+")
TRIGGERS: Final = {"schedule": "scheduled", "api": "api"}
"""How a run was started, where CycloneDX has the word; all else was started by hand or by a rule."""


def render(*, scope: Scope, viewer: Actor, as_of: datetime, origin: str, size: int) -> bytes:
    """The bill, as RFC 8785 canonical JSON with a newline at its end.

    ``origin`` names the log and ``size`` its number of entries: with the scope they make the serial number.
    """
    versions = versions_at(scope=scope, viewer=viewer, as_of=as_of)
    weeks = _last_weeks(weeks_at(scope=scope, viewer=viewer, as_of=as_of))
    data = {one.id: one for version in versions for one in _data_of(version)}
    software = {ref: one for version in versions for ref, one in _software(version).items()}
    bill: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": _serial(scope, origin, size),
        "version": 1,
        "metadata": {
            "timestamp": _iso(as_of),
            "lifecycles": [{"phase": "operations"}],
            "tools": {"components": [{"type": "application", "name": "Tollgate"}]},
            "component": {"type": "application", "bom-ref": "scope", "name": scope.whose},
            "properties": _properties({"log": origin, "entries": str(size), "period": scope.when}),
        },
        "components": [
            *(_model(version, weeks.get(str(version.id))) for version in versions),
            *(_dataset(one) for one in sorted(data.values(), key=_data_ref)),
            *(software[ref] for ref in sorted(software)),
        ],
        "dependencies": _dependencies(versions, data.values(), software),
        "compositions": _compositions(versions),
    }
    runs = [_workflow(version) for version in versions if version.run is not None]
    if runs:
        bill["formulation"] = [{"bom-ref": "formulation", "workflows": _once(runs)}]
    return canonical(bill) + b"\n"


def _serial(scope: Scope, origin: str, size: int) -> str:
    name = "|".join(str(part) for part in (origin, scope.kind, scope.id, scope.since, scope.until, size))
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def _model_ref(version: VersionFacts) -> str:
    return f"model:{version.model.slug}@{version.number}"


def _data_ref(data: DataFacts) -> str:
    return f"data:{data.slug}@{data.number}"


def _run_ref(run: RunFacts) -> str:
    return f"run:{run.key}"


def _data_of(version: VersionFacts) -> tuple[DataFacts, ...]:
    return (*version.data, *(version.run.inputs if version.run else ()))


def _model(version: VersionFacts, week: WeekFacts | None) -> dict[str, Any]:
    model = version.model
    return _without_empty(
        {
            "type": "machine-learning-model",
            "bom-ref": _model_ref(version),
            "group": model.team,
            "name": model.name,
            "version": str(version.number),
            "description": _description(model),
            "authors": [{"name": version.author}] if version.author else [],
            "hashes": _hashes(version.digest),
            "modelCard": _model_card(version, week),
            "properties": _properties(
                {
                    "registered": _iso(version.registered),
                    "registered_by": version.registered_by,
                    "code": version.run.code if version.run else "",
                    "data_from": _iso(version.since),
                    "data_until": _iso(version.until),
                    "artefact": version.artefact,
                    "derived_from": version.derived_from,
                    **{f"parameter:{name}": _text(value) for name, value in version.parameters.items()},
                    **{f"training-metric:{name}": _text(value) for name, value in version.metrics.items()},
                }
            ),
        }
    )


def _outcome(model: ModelFacts) -> str:
    return f"{model.outcome}, in {model.unit}" if model.unit else model.outcome


def _description(model: ModelFacts) -> str:
    return ": ".join(part for part in (model.task, _outcome(model)) if part)


def _model_card(version: VersionFacts, week: WeekFacts | None) -> dict[str, Any]:
    model = version.model
    return _without_empty(
        {
            "bom-ref": f"{_model_ref(version)}/card",
            "modelParameters": {
                "approach": {"type": "supervised"},
                **({"task": model.task} if model.task else {}),
                **({"datasets": [{"ref": _data_ref(one)} for one in version.data]} if version.data else {}),
                **(
                    {"inputs": [{"format": f"{name}: {kind}"} for name, kind in model.inputs.items()]}
                    if model.inputs
                    else {}
                ),
                **({"outputs": [{"format": _outcome(model)}]} if model.outcome else {}),
            },
            "quantitativeAnalysis": {"performanceMetrics": _metrics(week)} if week and week.metrics else {},
            "considerations": {"useCases": [model.problem]} if model.problem else {},
        }
    )


def _metrics(week: WeekFacts) -> list[dict[str, Any]]:
    found = []
    for name, measured in week.metrics.items():
        if measured.value is None:
            continue
        one: dict[str, Any] = {
            "type": name,
            "value": _text(measured.value),
            "slice": f"week of {week.start.astimezone(UTC):%Y-%m-%d}, n = {measured.n}",
        }
        if measured.low is not None and measured.high is not None:
            one["confidenceInterval"] = {"lowerBound": _text(measured.low), "upperBound": _text(measured.high)}
        found.append(one)
    return found


def _last_weeks(weeks: Iterable[WeekFacts]) -> dict[str, WeekFacts]:
    """The last week of each version in which Tollgate measured anything."""
    return {
        str(week.version_id): week
        for week in weeks
        if not week.sent and any(one.value is not None for one in week.metrics.values())
    }


def _dataset(data: DataFacts) -> dict[str, Any]:
    properties = _properties(
        {
            "rows": "" if data.rows is None else str(data.rows),
            "columns": str(len(data.columns)) if data.columns else "",
            "data_from": _iso(data.since),
            "data_until": _iso(data.until),
            "registered": _iso(data.registered),
            "location": "" if IRI.fullmatch(data.location) else data.location,
            "digest": "" if SHA256.fullmatch(data.digest) else data.digest,
        }
    )
    contents: dict[str, Any] = {"properties": properties}
    if IRI.fullmatch(data.location):
        contents["url"] = data.location
    inside = {"type": "dataset", "name": data.title, "contents": contents, "description": data.description}
    return _without_empty(
        {
            "type": "data",
            "bom-ref": _data_ref(data),
            "name": data.name,
            "version": str(data.number),
            "hashes": _hashes(data.digest),
            "data": [_without_empty(inside)],
        }
    )


def _software(version: VersionFacts) -> dict[str, dict[str, Any]]:
    """The software of the version's run, by reference."""
    found = {}
    for key, value in (version.run.environment if version.run else {}).items():
        told = _text(value)
        named = NAMED.fullmatch(told)
        name, number = (named[1], named[2]) if named else (key, told)
        ref = f"software:{name}@{number}"
        found[ref] = {"type": "library", "bom-ref": ref, "name": name, "version": number}
    return found


def _dependencies(
    versions: Sequence[VersionFacts], data: Iterable[DataFacts], software: Mapping[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"ref": "scope", "dependsOn": sorted(_model_ref(one) for one in versions)}]
    for version in versions:
        needs = {_data_ref(one) for one in version.data} | set(_software(version))
        found.append({"ref": _model_ref(version), "dependsOn": sorted(needs)})
    found += [{"ref": ref} for ref in sorted({*(_data_ref(one) for one in data), *software})]
    return found


def _compositions(versions: Sequence[VersionFacts]) -> list[dict[str, Any]]:
    whole = sorted(_model_ref(one) for one in versions if one.data and one.run and one.run.environment)
    partly = sorted({_model_ref(one) for one in versions} - set(whole))
    # What a run says of its software is what its engine told; nothing shows that it told all.
    found = [{"aggregate": "incomplete_first_party_only", "dependencies": whole}] if whole else []
    return [*found, *([{"aggregate": "unknown", "dependencies": partly}] if partly else [])]


def _workflow(version: VersionFacts) -> dict[str, Any]:
    run = version.run
    if run is None:
        raise ValueError(f"{version.title} has no run.")
    ref = _run_ref(run)
    parameters = [{"name": name, "value": _text(value)} for name, value in run.parameters.items()]
    inputs: list[dict[str, Any]] = [{"resource": {"ref": _data_ref(one)}} for one in run.inputs]
    if parameters:
        inputs.append({"parameters": parameters})
    return _without_empty(
        {
            "bom-ref": ref,
            "uid": run.key,
            "name": run.pipeline,
            "taskTypes": ["build"],
            "trigger": {"bom-ref": f"{ref}/trigger", "uid": run.trigger, "type": TRIGGERS.get(run.trigger, "manual")}
            if run.trigger
            else {},
            "inputs": inputs,
            "outputs": [{"type": "artifact", "resource": {"ref": _model_ref(version)}}],
            "timeStart": _iso(run.started),
            "timeEnd": _iso(run.finished),
            "properties": _properties(
                {
                    "code": run.code,
                    "repository": run.repository,
                    "engine": run.engine,
                    "model": run.model,
                    "state": run.state,
                }
            ),
        }
    )


def _once(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One workflow a run, though a run may have built several versions."""
    found: dict[str, dict[str, Any]] = {}
    for run in runs:
        if run["bom-ref"] in found:
            found[run["bom-ref"]]["outputs"] += run["outputs"]
        else:
            found[run["bom-ref"]] = run
    return list(found.values())


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}] if SHA256.fullmatch(digest) else []


def _properties(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": f"tollgate:{name}", "value": value} for name, value in values.items() if value]


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", [], {}, None)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _iso(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat() if value is not None else ""
