"""A framework is a data file: whoever disagrees with a threshold changes a line, not code."""

from functools import cache
from pathlib import Path

import yaml

from governance.maturity.domain import Criterion, Framework, Proof, Source

FOLDER = Path(__file__).parent / "frameworks"


@cache
def google() -> Framework:
    """Google's levels 0 to 2."""
    return load(FOLDER / "google.yaml")


def load(path: Path) -> Framework:
    """The framework in a file.

    Raises:
        ValueError: a proof cannot be read, or an id stands twice.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    criteria = tuple(
        Criterion(
            id=row["id"],
            level=row["level"],
            group=row["group"],
            name=row["name"],
            asks=row["asks"],
            rule=row["rule"],
            proofs=tuple(Proof.parse(text) for text in row["proof"]),
            next_action=row["next_action"],
            optional=row.get("optional", False),
        )
        for row in data["criteria"]
    )
    if len({one.id for one in criteria}) != len(criteria):
        raise ValueError(f"An id stands twice in {path.name}.")
    sources = tuple(Source(row["id"], row["name"], tuple(row["facts"]), row["missing"]) for row in data["sources"])
    return Framework(
        data["id"], data["title"], data["sub"], data["source"], data["note"], tuple(data["levels"]), sources, criteria
    )
