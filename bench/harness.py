"""A benchmark yields figures; a figure holds or does not, and nobody has to remember which way is better."""

import json
import operator
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMPARE = {"<=": operator.le, ">=": operator.ge}
WIDTHS = "{:<52} {:>12} {:<8} {:>12}  {:>7}  {:<8} {}"


@dataclass(frozen=True)
class Figure:
    """One measured ``value`` beside the ``reference`` that it is held to, both in ``unit``.

    ``target`` bounds value / reference_value: ``"<= 1"`` for a limit, ``">= 0.25"`` for a share of a peer's speed.
    The name starts with the slice: ``audit.ledger.record``.
    """

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    target: str = "<= 1"

    @property
    def ratio(self) -> float:
        return self.value / self.reference_value

    @property
    def holds(self) -> bool:
        sign, bound = self.target.split()
        return bool(COMPARE[sign](self.ratio, float(bound)))

    def row(self) -> dict[str, Any]:
        """The figure as ``bench.json`` holds it."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "reference": self.reference,
            "reference_value": round(self.reference_value, 4),
            "ratio": round(self.ratio, 4),
            "target": self.target,
            "holds": self.holds,
        }


def best(call: Callable[[], Any], tries: int) -> float:
    """The shortest of so many runs, in seconds: what the machine can do when nothing else disturbs it."""
    found = []
    for _ in range(tries):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)


Measure = Callable[[], Iterable[Figure]]
_benchmarks: dict[str, Measure] = {}


def bench(name: str) -> Callable[[Measure], Measure]:
    """Register a benchmark under ``name``; every figure that it yields must have a name that starts so."""

    def register(measure: Measure) -> Measure:
        _benchmarks[name] = measure
        return measure

    return register


def measure(only: str) -> Iterator[Figure]:
    """Run the benchmarks that ``only`` names or lies below, in order of their names."""
    for name, function in sorted(_benchmarks.items()):
        if name.startswith(only) or only.startswith(name):
            for figure in function():
                if not figure.name.startswith(name):
                    raise ValueError(f"{figure.name} does not start with {name}")
                if figure.name.startswith(only):
                    yield figure


def show(figure: Figure) -> None:
    """Print one line of the table."""
    row = figure.row()
    verdict = "holds" if figure.holds else "DOES NOT HOLD"
    cells = (f"{row['value']:,g}", figure.unit, f"{row['reference_value']:,g}", f"{figure.ratio:.3f}", figure.target)
    print(WIDTHS.format(figure.name, *cells, f"{verdict}: {figure.reference}"), flush=True)


def heading() -> None:
    """Print the head of the table."""
    print(WIDTHS.format("figure", "value", "unit", "reference", "ratio", "target", "verdict"))


def write(figures: list[Figure], path: Path) -> None:
    """Store all figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.row() for figure in figures], indent=2) + "\n")
