"""Rows of entries, read past the ORM, as the bodies that are sealed."""

import json
from datetime import UTC
from typing import Any
from uuid import UUID

from audit.ledger.domain.canonical import moment
from audit.ledger.models import BODY


class Bodies:
    """Turns rows (id, then the fields of ``BODY``) into bodies; remembers the text of ids, which come again."""

    def __init__(self) -> None:
        self._ids: dict[Any, str] = {}

    def __call__(self, row: tuple[Any, ...]) -> dict[str, Any]:
        body = dict(zip(BODY, row[1:], strict=True))
        at = body["at"]
        body["at"] = moment(at if at.tzinfo else at.replace(tzinfo=UTC))
        for name in ("model", "use_case", "team"):
            if body[name] is not None:
                body[name] = self._id(body[name])
        for name in ("changes", "states"):
            body[name] = {} if body[name] == "{}" else json.loads(body[name])
        return body

    def _id(self, value: Any) -> str:
        found = self._ids.get(value)
        if found is None:
            found = self._ids[value] = str(value if isinstance(value, UUID) else UUID(value))
        return found
