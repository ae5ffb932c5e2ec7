"""A document of the model, attached by the validator."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from audit.catalogue.models import Model
from audit.documents import services
from audit.documents.models import Document
from tests.audit.documents import files
from tests.support.cast import Cast


@pytest.fixture
def attach(cast: Cast, model: Model) -> Callable[..., Document]:
    """``attach()`` attaches a PDF to the model, as the validator; arguments change what is said of it."""

    def attached(by: str = "validator", content: bytes = files.pdf(), **said: Any) -> Document:
        known: dict[str, Any] = {"scope": model, "kind": "risk-file", "title": "Risk file", "filename": "risks.pdf"}
        known |= {"dated": date(2013, 3, 1), **said}
        return services.attach_document(actor=cast.actor(by), chunks=[content], **known)

    return attached
