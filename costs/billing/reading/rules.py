"""Rules of FOCUS as data (rules.yaml): each with the clause that it comes from, an SQL condition, and words."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from costs.billing.reading.cells import Shape
from costs.billing.reading.focus import KNOWN, VERSIONS

PATH: Final = Path(__file__).with_name("rules.yaml")
ERROR, WARNING = "error", "warning"
WORD: Final = re.compile(r"'[^']*'|[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Rule:
    """``when`` is true of a row that does not keep it; with ``each``, of the sums over rows that share that column.

    ``since`` and ``until`` are the versions that have it; ``everywhere`` says that it also holds for other formats.
    """

    id: str
    clause: str
    words: str
    severity: str
    when: str = ""
    each: str = ""
    since: str = VERSIONS[0]
    until: str = VERSIONS[-1]
    everywhere: bool = False
    names: tuple[str, ...] = ()

    def holds_for(self, shape: Shape) -> bool:
        """Whether bills of this shape have to keep it."""
        if not shape.version:
            return self.everywhere
        return VERSIONS.index(self.since) <= VERSIONS.index(shape.version) <= VERSIONS.index(self.until)

    def columns(self) -> set[str]:
        """The columns that the condition looks at."""
        words = (word.removesuffix("_rough") for word in WORD.findall(f"{self.when} {self.each}"))
        return {word for word in words if word in KNOWN}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a bill does not keep: in how many rows, and the first (from 1; None if the heading breaks it)."""

    rule: str
    clause: str
    severity: str
    rows: int
    first_row: int | None
    sentence: str


@cache
def book() -> Mapping[str, Rule]:
    """Every rule by its id."""
    listed: list[dict[str, Any]] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {row["id"]: Rule(**{**row, "names": tuple(row.get("names", ()))}) for row in listed}


def of(name: str) -> Rule:
    """The rule with this id."""
    return book()[name]


def applicable(shape: Shape) -> list[Rule]:
    """The rules about single rows that this bill has to keep and whose columns it has."""
    return [rule for rule in _applicable(shape) if rule.when and not rule.each]


def sums(shape: Shape) -> list[Rule]:
    """The rules about sums that this bill has to keep and whose columns it has."""
    return [rule for rule in _applicable(shape) if rule.each]


def missing_columns(shape: Shape, columns: Collection[str], total: int) -> list[Finding]:
    """Rules about columns that have to be there."""
    findings = []
    for rule in book().values():
        lacking = [name for name in rule.names if name not in columns]
        if lacking and rule.holds_for(shape):
            sentence = f"{rule.words}: {', '.join(lacking)}."
            findings.append(Finding(rule.id, rule.clause, rule.severity, total, None, sentence))
    return findings


def finding(rule: Rule, rows: int, total: int, first: int) -> Finding:
    """The rule as broken by ``rows`` of ``total`` rows."""
    share = "the only row" if total == 1 else f"{rows:,} of {total:,} rows, first in row {first:,}"
    return Finding(rule.id, rule.clause, rule.severity, rows, first, f"{rule.words}: {share}.")


def together(files: Iterable[Sequence[Finding]]) -> list[Finding]:
    """What several files do not keep, each rule once; of rows the first is that of the first file that has one."""
    found: dict[str, list[Finding]] = {}
    for one in (one for findings in files for one in findings):
        found.setdefault(one.rule, []).append(one)
    return [
        replace(
            same[0],
            rows=sum(one.rows for one in same),
            sentence=" ".join(dict.fromkeys(one.sentence for one in same)),
        )
        for same in found.values()
    ]


def _applicable(shape: Shape) -> list[Rule]:
    given = set(shape.given)
    return [rule for rule in book().values() if rule.when and rule.holds_for(shape) and rule.columns() <= given]
