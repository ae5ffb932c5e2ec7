"""Trains in the worker itself with the product's own scikit-learn pipeline; says what it took."""

import hashlib
import platform
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from governance.retraining import pipelines
from governance.retraining.engines import Order, Trained

if TYPE_CHECKING:
    import pyarrow as pa


@cache
def code_version() -> str:
    """The pipeline's own source, by its SHA-256: what trained a model can be told apart from what trains today."""
    return f"pipelines.py sha256:{hashlib.sha256(Path(pipelines.__file__).read_bytes()).hexdigest()[:16]}"


class Local:
    """The worker."""

    def train(self, order: Order) -> Trained:
        """The trained model. The same order gives the same model."""
        began = time.process_time()
        fitted = pipelines.fit(
            order.frame,
            features=cast("dict[str, pipelines.Kind]", order.features),
            target=order.target,
            task=cast("pipelines.Task", order.task),
            seed=order.seed,
            parameters=order.parameters,
        )
        return Trained(
            artefact=fitted.artefact,
            digest=fitted.digest,
            rows=fitted.rows,
            parameters=fitted.parameters,
            compute_seconds=time.process_time() - began,
            code_version=code_version(),
            environment={"python": platform.python_version(), "library": fitted.library},
        )

    def predict(self, artefact: bytes, frame: "pa.Table", *, digest: str) -> Any:
        """A probability or value for each row of ``frame``."""
        return pipelines.predict(artefact, frame, digest=digest)
