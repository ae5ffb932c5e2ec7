"""What the facts read: records of the slices as plain values, gathered once for all scopes."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Run:
    """A training run. ``metadata`` says of each of the seven fields whether it is filled."""

    model: UUID
    pipeline: UUID
    state: str
    trigger: str
    started_at: datetime
    code: str
    inputs_until: datetime | None
    metadata: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version. ``resolves``: data, code, parameters, libraries and run are all named."""

    id: UUID
    model: UUID
    registered_by: str
    created_at: datetime
    data_until: datetime | None
    resolves: bool
    has_columns: bool
    has_metrics: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment, and whether a service made it of a version that a recorded run made."""

    model: UUID
    version: UUID
    environment: str
    since: datetime
    until: datetime | None
    actor: str
    by_service: bool
    has_run: bool


@dataclass(frozen=True, slots=True)
class Promotion:
    """The production alias moved to a version."""

    model: UUID
    version: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A promotion request: who asked, who built, who allowed, and whether a comparison stood in it and was passed."""

    model: UUID
    version: UUID
    state: str
    decided_at: datetime | None
    requester: str
    author: str
    approvers: tuple[str, ...]
    compared: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """A monitored week of a model."""

    model: UUID
    start: datetime
    measured: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """A retraining rule and how often it looked."""

    model: UUID
    enabled: bool
    evaluations: int


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule fired; what came of it (empty: nothing on record)."""

    model: UUID
    at: datetime
    started: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Records:
    """All that the facts of one scope read. ``anchor`` is where its data end; money is in the bill's currency."""

    now: datetime
    anchor: datetime
    models: tuple[UUID, ...] = ()
    runs: tuple[Run, ...] = ()
    versions: tuple[Version, ...] = ()
    deployments: tuple[Deployed, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    requests: tuple[Request, ...] = ()
    windows: tuple[Measured, ...] = ()
    rules: tuple[Watched, ...] = ()
    firings: tuple[Firing, ...] = ()
    chain_holds: bool | None = None
    told: frozenset[str] = field(default_factory=frozenset)
    subjects: tuple[tuple[UUID, str], ...] = ()
    costs: tuple[tuple[UUID | None, float, int], ...] = ()
    whole: bool = True

    @property
    def changes(self) -> int:
        """Versions and deployments, of which the ledger should tell."""
        return len(self.subjects)

    @property
    def changes_told(self) -> int:
        """Those of them of which it tells."""
        return sum(key in self.told for _, key in self.subjects)

    @property
    def billed(self) -> float | None:
        """The whole bill, None without one."""
        return sum(amount for _, amount, _ in self.costs) if self.costs else None

    @property
    def billed_to_models(self) -> float | None:
        """What is tied to models."""
        return sum(amount for model, amount, _ in self.costs if model is not None) if self.costs else None

    @property
    def bill_rows(self) -> int:
        """How many amounts stand behind the bill."""
        return sum(rows for _, _, rows in self.costs)

    def of(self, models: set[UUID]) -> "Records":
        """The records of some models alone; the residue of the bill belongs to no model, so only the whole has it."""
        return replace(
            self,
            models=tuple(one for one in self.models if one in models),
            runs=tuple(one for one in self.runs if one.model in models),
            versions=tuple(one for one in self.versions if one.model in models),
            deployments=tuple(one for one in self.deployments if one.model in models),
            promotions=tuple(one for one in self.promotions if one.model in models),
            requests=tuple(one for one in self.requests if one.model in models),
            windows=tuple(one for one in self.windows if one.model in models),
            rules=tuple(one for one in self.rules if one.model in models),
            firings=tuple(one for one in self.firings if one.model in models),
            subjects=tuple(one for one in self.subjects if one[0] in models),
            costs=tuple(one for one in self.costs if one[0] in models),
            whole=False,
        )
