"""The regimes that a bundle speaks to: one file each in this folder, read once."""

from functools import cache
from pathlib import Path

from audit.exports.domain.regimes import Regime, parse

FOLDER = Path(__file__).parent


@cache
def regimes() -> tuple[Regime, ...]:
    """All regimes, in the order of their files' names.

    Raises:
        InvalidInput: a file does not state a regime; the sentence names file, line and column.
    """
    return tuple(load(path) for path in sorted(FOLDER.glob("*.yaml")))


def load(path: Path) -> Regime:
    """The regime in one file.

    Raises:
        InvalidInput: the file does not state a regime.
    """
    return parse(path.read_text(encoding="utf-8"), where=path.name)
