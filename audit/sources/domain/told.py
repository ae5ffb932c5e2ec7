"""What a source tells, in the catalogue's terms: every connector says it in these words, and one place takes it in.

Ids are the source's own, and as stable as it keeps them; times are aware. What a source does not tell is empty or
None, never a guess. A statement is whole: told again with other content, it replaces what was told before.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from audit.monitoring.domain.service import Hour

EXACT: Final = 2.0**53
"""From here on a float is a whole number, and the shortest text that names it is another one."""


class Kind(StrEnum):
    """What a thing of a source is."""

    MODEL = "model"
    DATASET = "dataset"
    DATA = "data"
    RUN = "run"
    VERSION = "version"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTold:
    """A registered model. ``same_as`` is the short name of the model here that it is, where the source says so.

    ``aliases`` maps each name that points at a version now to that version's id; None when the source told none of it
    (an empty mapping says that no name points anywhere).
    """

    id: str
    name: str
    same_as: str = ""
    owner: str = ""
    description: str = ""
    aliases: Mapping[str, str] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTold:
    """A version of a data set: ``dataset`` is the set's id (name and origin: two sets may share a name).

    ``digest`` is the content's, as the source computes it; ``columns`` maps names to types.
    """

    id: str
    dataset: str
    name: str
    digest: str
    location: str = ""
    rows: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTold:
    """A run that trained. ``key`` names it in every source (such as "mlflow:<run id>"); ``inputs`` are ids of data.

    It stands under the model of the version that names it in the same piece, or else under ``model``.
    ``state`` is running, succeeded or failed. ``trigger`` is what started it ("schedule", "person", ...; empty when
    unknown). ``compute_seconds`` is None unless the source measured it.
    """

    id: str
    key: str
    pipeline: str
    engine: str
    state: str
    started: datetime
    model: str = ""
    finished: datetime | None = None
    trigger: str = ""
    compute_seconds: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    commit: str = ""
    repository: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTold:
    """A version of the model with the id ``model``. ``run``, ``data`` and ``derived_from`` are ids of this source.

    ``digest`` is the SHA-256 of the artefact in hex, empty when the source does not know it; ``author`` is as the
    source names them (an e-mail finds the user here); ``status`` is the source's word (approved, pending, ...).
    """

    id: str
    model: str
    number: int
    created: datetime
    run: str = ""
    artefact: str = ""
    digest: str = ""
    size: int = 0
    author: str = ""
    data: tuple[str, ...] = ()
    derived_from: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    status: str = ""
    notes: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What an endpoint serves: the id of a version, or, where the source cannot say which, what it calls the thing.

    ``share`` is its part of the traffic, from 0 to 1; None when unknown.
    """

    name: str
    version: str = ""
    unknown: str = ""
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTold:
    """What answers, or runs in batch: all its variants as of ``at``; without variants nothing runs there any more.

    ``environment`` is production, staging or shadow; ``mode`` online or batch; ``actor`` who changed it, if told.
    """

    id: str
    name: str
    environment: str
    mode: str
    at: datetime
    variants: tuple[Variant, ...] = ()
    actor: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened at a time: a push, a build, a test, an approval, a call of the cloud's API.

    It belongs to a version, or to a model, by the source's ids, or (``commit``) to the versions that were built from
    the commit. ``step`` is the step of the process that it is part of (build, validate, train, register, approve,
    release, deploy; empty for none); ``outcome`` succeeded, failed, running or empty. ``automatic`` is whether a
    machine did it, None when unknown. ``sentence`` is how people say it, without the actor: "pushed 3 commits to main".
    ``alarm``: it is a fault that somebody has to look at, such as a missing log file; the sentence says it whole.
    """

    id: str
    at: datetime
    kind: str
    sentence: str
    actor: str = ""
    automatic: bool | None = None
    step: str = ""
    outcome: str = ""
    model: str = ""
    version: str = ""
    commit: str = ""
    repository: str = ""
    run: str = ""
    alarm: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTold:
    """How ``endpoint`` answered in an hour: by its name in the system, or by the short name of the model here.

    ``variant`` is the part of the endpoint, empty where the source names none; ``number`` the number of the version
    here, None where the source does not say it.
    """

    endpoint: str
    hour: Hour
    variant: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A piece of what a source tells. A thing that another one names is in the same piece, or was told before."""

    models: tuple[ModelTold, ...] = ()
    data: tuple[DataTold, ...] = ()
    runs: tuple[RunTold, ...] = ()
    versions: tuple[VersionTold, ...] = ()
    endpoints: tuple[EndpointTold, ...] = ()
    happenings: tuple[Happening, ...] = ()
    service: tuple[ServiceTold, ...] = ()

    def __len__(self) -> int:
        """How many statements it holds."""
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Any]:
        """All statements."""
        for rows in (
            self.models, self.data, self.runs, self.versions, self.endpoints, self.happenings, self.service,
        ):  # fmt: skip
            yield from rows


def cleaned(value: Any) -> Any:
    """The statement, text or collection with what no database keeps made plain.

    A NUL character and half of a surrogate pair become U+FFFD; a number that JSON has no word for becomes text, and one
    too large for its shortest form to be exact, a whole number: PostgreSQL reads it back as one.
    """
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: cleaned(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, Mapping):
        return {cleaned(key): _number(cleaned(one)) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(cleaned(one) for one in value)
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return str(value)
    return int(value) if abs(value) >= EXACT else value
