"""What MLflow's answers say, in the catalogue's terms: answers in, statements out; nothing asked, nothing guessed.

A field that is missing or of another type counts as not told. Ids: a model is its name, a version ``name/number``, a
run its id, a data set its name and place (MLflow knows data sets by name only, and two may share one), its version the
set and MLflow's digest.
"""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from audit.sources.domain.told import DataTold, EndpointTold, ModelTold, RunTold, Variant, VersionTold

Row = Mapping[str, Any]
T = TypeVar("T")
SAME_AS: Final = "tollgate.model"
"""The tag of a registered model that says which model here it is, by its short name."""
PROMPT: Final = "mlflow.prompt.is_prompt"
RUN_STATES: Final = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "succeeded",
    "FAILED": "failed",
    "KILLED": "failed",
}
CHECKING: Final = frozenset({"eval", "evaluation", "test", "testing", "validation", "val", "holdout"})
"""Contexts of data that a run read without learning from it."""
UNDER_WAY: Final = frozenset({"READY", "PENDING_REGISTRATION"})
"""What MLflow says of registrations that go as they should: no status that anybody gave."""
PLACES: Final = ("uri", "url", "path", "table_name", "delta_table_name", "name")
LONGEST: Final = 10_000
LONGEST_PLACE: Final = 250
MOST: Final = 1000
LOGGED_MODEL: Final = re.compile(r"models:/(m-[0-9a-f]+)(?:/.*)?")
NUMBER: Final = re.compile(r"[0-9]{1,9}")
OTHER_VERSION: Final = re.compile(r"models:/([^/]+)/([0-9]{1,9})")


def text(value: Any) -> str:
    """A text as it is, a number as text; anything else is empty."""
    if isinstance(value, str):
        return value.replace("\x00", "")[:LONGEST]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def moment(value: Any) -> datetime | None:
    """Milliseconds since 1970, as MLflow counts them (numbers, or numbers as text)."""
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC) if int(value) > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def inner(row: Row, key: str) -> Row:
    """The object under a key; empty when there is none."""
    found = row.get(key)
    return found if isinstance(found, dict) else {}


def rows(row: Row, key: str) -> list[Row]:
    """The objects of the list under a key."""
    found = row.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def pairs(row: Row, key: str) -> dict[str, str]:
    """A list of {key, value} as a mapping, by name."""
    found = {text(one.get("key")): text(one.get("value")) for one in rows(row, key)}
    return {name: found[name] for name in sorted(found) if name}


def version_id(name: str, number: Any) -> str:
    """The id of a version."""
    return f"{name}/{text(number)}"


def alias_id(model: str, alias: str) -> str:
    """The id of the endpoint that a name which means "runs in production" is."""
    return f"alias:{model}:{alias}"


def is_prompt(model: Row) -> bool:
    """MLflow keeps prompts among registered models; they are none."""
    return pairs(model, "tags").get(PROMPT, "").lower() == "true"


def aliases_of(model: Row) -> dict[str, str]:
    """The names of a registered model, each with the number of the version that it points at."""
    found = {text(one.get("alias")): text(one.get("version")) for one in rows(model, "aliases")}
    return {alias: found[alias] for alias in sorted(found) if alias and found[alias]}


def model_told(model: Row, *, base: str) -> ModelTold:
    """A registered model, with its names."""
    name, tags = text(model.get("name")), pairs(model, "tags")
    return ModelTold(
        id=name,
        name=name,
        same_as=tags.get(SAME_AS, ""),
        description=text(model.get("description")),
        aliases={alias: version_id(name, number) for alias, number in aliases_of(model).items()},
        tags=own(tags),
        url=f"{base}/#/models/{quote(name, safe='')}",
    )


def endpoints_told(
    model: Row, *, production: Iterable[str], mode: str, at: datetime, base: str
) -> tuple[EndpointTold, ...]:
    """One endpoint for each name of the model that means "runs in production", with the version that it points at."""
    name, wanted = text(model.get("name")), {alias.lower() for alias in production}
    return tuple(
        EndpointTold(
            id=alias_id(name, alias),
            name=f"{name}@{alias}",
            environment="production",
            mode=mode,
            at=at,
            variants=(Variant(name=alias, version=version_id(name, number), share=1.0),),
            url=f"{base}/#/models/{quote(name, safe='')}",
        )
        for alias, number in aliases_of(model).items()
        if alias.lower() in wanted
    )


def logged_model_of(version: Row) -> str:
    """The id of the logged model that a version was registered from (MLflow 3); empty before."""
    found = LOGGED_MODEL.fullmatch(text(version.get("source")))
    return found[1] if found else text(version.get("model_id"))


def copied_from(version: Row) -> str:
    """The id of the version that this one is a copy of; empty for none."""
    found = OTHER_VERSION.fullmatch(text(version.get("source")))
    return version_id(found[1], found[2]) if found else ""


def run_of(version: Row, logged: Row | None) -> str:
    """The id of the run that made a version: its own word, or else its logged model's."""
    return text(version.get("run_id")) or text(inner(logged or {}, "info").get("source_run_id"))


def version_told(
    version: Row, *, logged: Row | None, run: Row | None, derived_from: str, base: str, problems: list[str]
) -> VersionTold | None:
    """A version. None, with a problem, for one without a number or a time.

    ``logged`` is its logged model and ``run`` its run, where the server shows them. Its parameters and metrics are the
    logged model's where it has any: a run may log several. A stage other than "None" is its status, else what MLflow
    says of a registration that failed.
    """
    name, number = text(version.get("name")), text(version.get("version"))
    created = moment(version.get("creation_timestamp"))
    if not name or not NUMBER.fullmatch(number) or created is None:
        problems.append(f"A version of {name or 'a model'} came without its number or its time and is left out.")
        return None
    this, info = version_id(name, number), inner(run or {}, "info")
    data, facts = inner(run or {}, "data"), pairs(inner(run or {}, "data"), "tags")
    result = inner(logged or {}, "data")
    stage, status = text(version.get("current_stage")), text(version.get("status"))
    tags = own(pairs(version, "tags"))
    if facts.get("mlflow.source.git.dirty", "").lower() == "true":
        tags["source.git.dirty"] = "true"
    return VersionTold(
        id=this,
        model=name,
        number=int(number),
        created=created,
        run=text(info.get("run_id")),
        artefact=public(text(version.get("source"))),
        author=text(version.get("user_id")) or facts.get("mlflow.user", "") or text(info.get("user_id")),
        data=tuple(one.id for one, context in inputs(run or {}) if context not in CHECKING),
        derived_from=derived_from if derived_from != this else "",
        parameters=first(pairs(result, "params"), f"parameters of {this}", problems),
        metrics=metrics(result, this, problems) or metrics(data, this, problems),
        status=stage if stage not in {"", "None"} else "" if status in UNDER_WAY else status,
        notes=text(version.get("description")),
        tags=tags,
        url=f"{base}/#/models/{quote(name, safe='')}/versions/{number}",
    )


def run_told(run: Row, *, experiment: str, base: str, problems: list[str]) -> RunTold | None:
    """A run, under the name of its experiment. None, with a problem, for one without an id or a time."""
    info, data = inner(run, "info"), inner(run, "data")
    this, tags, started = text(info.get("run_id")), pairs(data, "tags"), moment(info.get("start_time"))
    if not this or started is None:
        problems.append(f"The run {this or 'without an id'} says no time at which it started and is left out.")
        return None
    state = RUN_STATES.get(text(info.get("status")))
    if state is None:
        problems.append(f"The run {this} is {text(info.get('status')) or 'without a state'}; it counts as running.")
    where = text(info.get("experiment_id"))
    return RunTold(
        id=this,
        key=f"mlflow:{this}",
        pipeline=experiment or f"experiment {where}",
        engine="mlflow",
        state=state or "running",
        started=started,
        finished=moment(info.get("end_time")),
        parameters=first(pairs(data, "params"), f"parameters of the run {this}", problems),
        commit=tags.get("mlflow.source.git.commit", "") or tags.get("mlflow.databricks.gitRepoCommit", ""),
        repository=public(tags.get("mlflow.source.git.repoURL", "") or tags.get("mlflow.databricks.gitRepoUrl", "")),
        environment=environment(run),
        inputs=tuple(dict.fromkeys(one.id for one, _ in inputs(run))),
        url=f"{base}/#/experiments/{quote(where, safe='')}/runs/{quote(this, safe='')}",
    )


def unfinished(run: Row) -> bool:
    """A run that may still say more of itself."""
    return RUN_STATES.get(text(inner(run, "info").get("status")), "running") == "running"


def inputs(run: Row) -> list[tuple[DataTold, str]]:
    """The data that went into a run, each with its context in small letters (training, eval, ...; empty if untold)."""
    found = []
    for row in rows(inner(run, "inputs"), "dataset_inputs"):
        data = inner(row, "dataset")
        name, digest = text(data.get("name")), text(data.get("digest"))
        if name and digest:
            found.append((_data(data, name, digest), pairs(row, "tags").get("mlflow.data.context", "").lower()))
    return found


def _data(data: Row, name: str, digest: str) -> DataTold:
    place = location(text(data.get("source_type")), parsed(data.get("source")))
    short = place if len(place) <= LONGEST_PLACE else hashlib.sha256(place.encode()).hexdigest()
    this = f"{name[:LONGEST_PLACE]}@{short}"
    count = parsed(data.get("profile")).get("num_rows")
    return DataTold(
        id=f"{this}#{digest}",
        dataset=this,
        name=name,
        digest=digest,
        location=place,
        rows=count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None,
        columns=columns(parsed(data.get("schema"))),
    )


def location(kind: str, source: Row) -> str:
    """Where data is: an address, a path or a table. Of data made by code, the code: its repository and its script."""
    for key in PLACES:
        if found := text(source.get(key)):
            return public(found)
    tags = {str(name): text(value) for name, value in inner(source, "tags").items()}
    script, repository = tags.get("mlflow.source.name", ""), tags.get("mlflow.source.git.repoURL", "")
    made = " ".join(part for part in (public(repository), script) if part)
    return made and f"{kind or 'code'}: {made}"


def columns(schema: Row) -> dict[str, str]:
    """Names and types of columns, of a table (``mlflow_colspec``) or of arrays (``mlflow_tensorspec``)."""
    found: dict[str, str] = {}
    for place, one in enumerate(rows(schema, "mlflow_colspec")):
        found[text(one.get("name")) or str(place)] = _kind(one)
    arrays = inner(schema, "mlflow_tensorspec")
    for group in ("features", "targets"):
        specs = parsed(arrays.get(group)) or {"": arrays.get(group)}
        for spec in specs.values():
            for place, one in enumerate(rows({"specs": spec}, "specs")):
                found[text(one.get("name")) or f"{group} {place}"] = _kind(inner(one, "tensor-spec") or one)
    return dict(sorted(found.items())[:MOST])


def _kind(one: Row) -> str:
    kind = one.get("type", one.get("dtype"))
    words = text(kind) if isinstance(kind, str) else json.dumps(kind, sort_keys=True)[:LONGEST]
    return f"{words} {one['shape']}" if isinstance(one.get("shape"), list) else words


def environment(run: Row) -> dict[str, str]:
    """What a run ran in, as far as its tags tell: the container's image, and (MLflow 2) Python and the libraries."""
    tags = pairs(inner(run, "data"), "tags")
    found = {name.rpartition("mlflow.")[2]: tags[name] for name in sorted(tags) if name.startswith("mlflow.docker.")}
    said = history(run)
    for flavor, about in sorted(inner(said, "flavors").items()):
        if isinstance(about, dict):
            for key in sorted(about):
                if key == "python_version" or (key.endswith("_version") and key.startswith(flavor)):
                    found[key.removesuffix("_version")] = text(about[key])
    return {name: value for name, value in found.items() if value}


def history(run: Row) -> Row:
    """What a run of MLflow 2 says of the model that it logged last: its flavours, with their versions."""
    said = listed(pairs(inner(run, "data"), "tags").get("mlflow.log-model.history", ""))
    return said[-1] if said else {}


def metrics(row: Row, this: str, problems: list[str]) -> dict[str, float]:
    """The latest value of each metric, without those that are no number.

    A metric of several data sets (MLflow 3) is kept for each of them: "accuracy (iris-test)".
    """
    latest: dict[tuple[str, str], tuple[tuple[int, int], float]] = {}
    for one in rows(row, "metrics"):
        name, value = text(one.get("key")), number_of(one.get("value"))
        if not name or value is None:
            continue
        place = (name, text(one.get("dataset_name")))
        age = (whole(one.get("timestamp")), whole(one.get("step")))
        if place not in latest or age >= latest[place][0]:
            latest[place] = (age, value)
    times = Counter(name for name, _ in latest)
    found = {
        f"{name} ({data})" if data and times[name] > 1 else name: value for (name, data), (_, value) in latest.items()
    }
    return first(found, f"metrics of {this}", problems)


def number_of(value: Any) -> float | None:
    """A finite number; MLflow says "NaN" and "Infinity" of others."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and not isinstance(value, bool) else None


def whole(value: Any) -> int:
    """A number that is not negative, or 0."""
    found = number_of(value)
    return int(found) if found is not None and found > 0 else 0


def own(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that people set: MLflow's own tell nothing that is not told elsewhere."""
    return {name: value for name, value in tags.items() if not name.startswith("mlflow.")}


def first(found: Mapping[str, T], what: str, problems: list[str]) -> dict[str, T]:
    """The first so many by name."""
    if len(found) > MOST:
        problems.append(f"Of {len(found):,} {what} the first {MOST:,} are kept.")
    return {name: found[name] for name in sorted(found)[:MOST]}


def public(address: str) -> str:
    """An address without what might be a secret in it: user and password, query and fragment."""
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def parsed(value: Any) -> Row:
    """The object that a JSON text holds: MLflow nests them so."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def listed(value: str) -> Sequence[Row]:
    """The objects of the list that a JSON text holds."""
    try:
        return rows({"all": json.loads(value)}, "all") if value else []
    except (ValueError, RecursionError):
        return []
