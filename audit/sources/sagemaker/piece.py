"""What one reading carries from stage to stage: its rules, statements that wait, and what made what."""

from dataclasses import dataclass, field

from audit.sources.domain.told import (
    DataTold,
    EndpointTold,
    Happening,
    ModelTold,
    RunTold,
    Told,
    VersionTold,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is read (names that begin with ``prefix``), and which endpoints are not production."""

    prefix: str = ""
    tag: str = "environment"
    staging: tuple[str, ...] = ()


@dataclass(slots=True)
class Piece:
    """Statements that are not handed in yet."""

    models: list[ModelTold] = field(default_factory=list)
    data: list[DataTold] = field(default_factory=list)
    runs: list[RunTold] = field(default_factory=list)
    versions: list[VersionTold] = field(default_factory=list)
    endpoints: list[EndpointTold] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    def told(self) -> tuple[Told, Told]:
        """The things, and what happened to them."""
        things = Told(
            models=tuple(self.models),
            data=tuple({one.id: one for one in self.data}.values()),
            runs=tuple({one.id: one for one in self.runs}.values()),
            versions=tuple(self.versions),
            endpoints=tuple(self.endpoints),
        )
        return things, Told(happenings=tuple(self.happenings))


@dataclass(frozen=True, slots=True)
class Made:
    """Which execution of which pipeline made a thing, from which training job, and how it was started."""

    pipeline: str
    trigger: str
    job: str = ""
