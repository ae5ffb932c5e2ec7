"""What can train: each engine takes the same order and gives back the same result, wherever it runs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from audit.base.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Order:
    """What to train: rows with the feature columns and ``target`` (boolean, or a number for a regression)."""

    frame: "pa.Table"
    features: dict[str, str]
    target: str
    task: str
    seed: int
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came out: the model as bytes with its SHA-256 (hex), and what a register needs to know of the run."""

    artefact: bytes
    digest: str
    rows: int
    parameters: dict[str, Any]
    compute_seconds: float
    code_version: str
    environment: dict[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """A place where training runs."""

    def train(self, order: Order) -> Trained:
        """The trained model. The same order gives the same model."""

    def predict(self, artefact: bytes, frame: "pa.Table", *, digest: str) -> Any:
        """A probability or value for each row of ``frame``."""


def engine(name: str) -> Engine:
    """The engine of this name.

    Raises:
        InvalidInput: there is none.
    """
    if name == "local":
        from governance.retraining.engines.local import Local

        return Local()
    raise InvalidInput(f"There is no engine {name}.", where="pipeline.engine", mend="Use local.")
