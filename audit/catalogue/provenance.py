"""What the records say of where a version came from: its own, and those of the run that made it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from audit.catalogue.domain.completeness import Completeness, Origin, completeness
from audit.catalogue.models import ModelVersion
from audit.ledger.domain.canonical import canonical, plain


def parameters_of(version: ModelVersion) -> Mapping[str, Any]:
    """The version's parameters, or else those of its run."""
    return version.parameters or (version.run.parameters if version.run else {})


def environment_of(version: ModelVersion) -> Mapping[str, Any]:
    """The libraries that its run had, by name."""
    return version.run.environment if version.run else {}


def environment_digest(environment: Mapping[str, Any]) -> str:
    """The SHA-256 in hex of the environment as canonical JSON (RFC 8785); empty when it is unknown."""
    return hashlib.sha256(canonical(plain(environment))).hexdigest() if environment else ""


def completeness_of(version: ModelVersion) -> Completeness:
    """What of the version's origin is on record; asks for its training data unless they were prefetched."""
    run = version.run
    return completeness(
        Origin(
            run=run is not None,
            commit=run.code_version if run else "",
            repository=run.repository if run else "",
            data=[data.digest for data in version.training_data.all()],
            parameters=parameters_of(version),
            environment=environment_of(version),
            artefact_digest=version.artefact_digest,
            author=version.author_name,
            metrics=version.metrics,
        )
    )
