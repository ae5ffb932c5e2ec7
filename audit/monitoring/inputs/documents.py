"""Profiles in the lake: a gzipped JSON document each. A day leaves out the edges that its reference has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.lake import store as lake
from audit.monitoring.domain.columns import Column, Numbers, column_from_dict

if TYPE_CHECKING:
    from audit.lake.store import Stored

FORMAT: Final = "tollgate-profile/1"
MOST_COLUMNS: Final = 2_000


def keep(prefix: str, columns: Mapping[str, Column], *, edges: bool) -> "Stored":
    """Writes the columns; with ``edges`` the document stands alone."""
    told = {name: column.to_dict() for name, column in sorted(columns.items())}
    if not edges:
        for one in told.values():
            one.pop("edges", None)
    return lake.put_json(prefix, {"format": FORMAT, "columns": told})


def read(path: str, *, edges: Mapping[str, Column] | None = None) -> dict[str, Column]:
    """The columns of a document in the lake; a day's gets the ``edges`` of its reference back."""
    told = lake.read_json(path)
    return {name: column_from_dict(_with_edges(name, one, edges)) for name, one in told["columns"].items()}


def _with_edges(name: str, told: dict[str, Any], edges: Mapping[str, Column] | None) -> dict[str, Any]:
    known = edges.get(name) if edges else None
    return {**told, "edges": known.edges.tolist()} if isinstance(known, Numbers) else told


def sent(told: Any) -> dict[str, Column]:
    """The columns of a document that a client sent.

    Raises:
        InvalidInput: it is not such a document; ``where`` names the column and its member.
    """
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InvalidInput(f"This is no profile of the format {FORMAT}.", where="format", mend="See docs/profiles.md.")
    columns = told.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise InvalidInput("The profile has no columns.", where="columns", mend="Send each feature as a column.")
    if len(columns) > MOST_COLUMNS:
        raise InvalidInput(f"{len(columns):,} columns; {MOST_COLUMNS:,} are the most.", where="columns")
    found = {}
    for name, one in columns.items():
        if not isinstance(one, dict):
            raise InvalidInput("A column is an object.", where=f"columns.{name}")
        try:
            found[name] = column_from_dict(one)
        except InvalidInput as error:
            raise InvalidInput(error.sentence, where=f"columns.{name}") from error
    return found
