"""A column of canonical JSON: the bytes that are sealed are the bytes that are stored."""

import json
from typing import Any

from django.db import models

from audit.ledger.domain.canonical import canonical, plain


class CanonicalField(models.TextField):
    """RFC 8785 text in the database, plain Python values in memory."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """The value that the text stands for."""
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        """The value itself; text is read."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str:
        """The text."""
        return canonical(plain(value)).decode()
