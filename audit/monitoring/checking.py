"""What a row must be, stated once as SQL: the same checks refuse a file and name its first bad row.

The happy path runs each check as one vectorised expression beside the conversion; only a file that fails is read a
second time, with row numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.base.errors import InvalidInput
from audit.lake.engine import literal, quoted
from audit.monitoring.formats import Source, Type

ZONE: Final = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$"
CONVERTIBLE: Final[Mapping[str, frozenset[Type]]] = {
    "identifier": frozenset({"text", "integer"}),
    "time": frozenset({"text", "time"}),
    "number": frozenset({"text", "integer", "number"}),
    "label": frozenset({"text", "integer", "number", "boolean"}),
    "category": frozenset({"text", "integer", "boolean", "number"}),
    "class": frozenset({"text", "integer", "boolean"}),
    "version": frozenset({"text", "integer"}),
}
WANTED: Final = {
    "identifier": "text", "time": "a time with zone", "number": "a number", "label": "a number, true or false",
    "category": "text", "class": "the name of a class", "version": "a whole number",
}  # fmt: skip
LONGEST_CLASS: Final = 200
NUMBER_MEND: Final = "Use a point for decimals and no unit."


@dataclass(frozen=True, slots=True)
class Field:
    """A column that we know: how it converts (``kind``), whether the file must have it and each row fill it.

    A number lies from ``least`` to ``most``, and is 0 or 1 if ``whole``; a class is one of ``among``, if any are named;
    a time is not after ``latest`` (aware).
    """

    name: str
    kind: str
    must_exist: bool = True
    must_fill: bool = True
    least: float | None = None
    most: float | None = None
    whole: bool = False
    among: tuple[str, ...] = ()
    latest: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of a column. ``wrong`` is SQL that is true where a row breaks it; {value} in the sentence is the field."""

    column: str
    wrong: str
    sentence: str
    mend: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file becomes rows: ``select`` are typed columns, ``checks`` what each row must keep, in order."""

    select: Mapping[str, str]
    checks: tuple[Check, ...]

    def code(self) -> str:
        """SQL for the number of the first check that a row breaks, from 1; 0 when it keeps all."""
        cases = " ".join(f"WHEN {check.wrong} THEN {at}" for at, check in enumerate(self.checks, start=1))
        return f"(CASE {cases} ELSE 0 END)::SMALLINT"


def check_columns(source: Source, fields: list[Field], *, kind: str) -> None:
    """Nothing, when the file has the columns that it must have, of types that convert, and no others.

    Raises:
        InvalidInput: a column is missing, unknown, or of a type that cannot be converted.
    """
    known = {field.name: field for field in fields}
    for name in source.columns:
        if name not in known:
            raise no_such(source, name, known, kind=kind)
    for field in fields:
        theirs = source.named(field.name)
        if field.must_exist and field.name not in source.columns:
            raise InvalidInput(
                "This column is missing.",
                where=f"row 1, column {theirs}" if source.format == "csv" else f"column {theirs}",
                mend=field.note or f"Add it with {WANTED[field.kind]} in each row.",
            )
        found = source.columns.get(field.name)
        if found == "time without zone" and field.kind == "time":
            raise InvalidInput(
                "These times have no time zone.",
                where=f"row 1, column {theirs}",
                mend="Write them as UTC timestamps (in pandas: tz_localize with their zone).",
            )
        if found is not None and found not in CONVERTIBLE[field.kind]:
            raise InvalidInput(
                f"This column holds {found}, where {WANTED[field.kind]} is needed.",
                where=f"row 1, column {theirs}",
                mend="Convert it before sending.",
            )


def no_such(source: Source, name: str, known: Iterable[str], *, kind: str) -> InvalidInput:
    """What is said of the column ``name`` of a file, which is none of the ``known`` ones."""
    return InvalidInput(
        f"There is no such column in {kind} of this model.",
        where=f"row 1, column {name}" if source.format == "csv" else f"column {name}",
        mend=f"Known columns are {', '.join(known)}. Rename it, leave it out, say in the model's mapping what it is, "
        "or declare it as a feature.",
    )


def plan(source: Source, fields: list[Field]) -> Plan:
    """Conversions and checks of those ``fields`` that the file has."""
    select: dict[str, str] = {}
    checks: list[Check] = []
    for field in fields:
        if field.name not in source.columns:
            continue
        raw, type_ = quoted(field.name), source.columns[field.name]
        value, rules = _column(field, raw, type_)
        select[field.name] = value
        if field.must_fill:
            checks.append(_empty(field, raw, type_))
        checks += rules
    return Plan(select, tuple(checks))


def _empty(field: Field, raw: str, type_: Type) -> Check:
    wrong = f"trim(coalesce({raw}, '')) = ''" if type_ == "text" else f"{raw} IS NULL"
    return Check(field.name, wrong, "This field is empty.", f"Fill in {WANTED[field.kind]}.")


def _column(field: Field, raw: str, type_: Type) -> tuple[str, list[Check]]:
    if field.kind == "time":
        return _time(field, raw, type_)
    if field.kind == "class":
        return _class(field, raw)
    if field.kind in {"identifier", "category"}:
        if field.kind == "category":
            return f"CAST({raw} AS VARCHAR)", []
        long = Check(
            field.name, f"length(CAST({raw} AS VARCHAR)) > 200", "This id has more than 200 characters.", "Shorten it."
        )
        return f"CAST({raw} AS VARCHAR)", [long] if type_ == "text" else []
    if field.kind == "version":
        value = f"TRY_CAST({raw} AS INTEGER)"
        wrong = f"({value} IS NULL AND {raw} IS NOT NULL OR {value} < 1 OR {value} <> TRY_CAST({raw} AS DOUBLE))"
        return value, [Check(field.name, wrong, "{value} is not a version number.", "Use 1, 2, 3, ...")]
    return _number(field, raw, type_)


def _class(field: Field, raw: str) -> tuple[str, list[Check]]:
    value = f"CAST({raw} AS VARCHAR)"
    wrong = f"length({value}) > {LONGEST_CLASS}"
    checks = [Check(field.name, wrong, f"This class has more than {LONGEST_CLASS} characters.", "Send its name.")]
    if field.among:
        names = ", ".join(field.among)
        wrong = f"{value} NOT IN ({', '.join(literal(name) for name in field.among)})"
        mend = f"Classes are {names}. State further ones in the model's mapping."
        checks.append(Check(field.name, wrong, "{value} is none of the model's classes.", mend))
    return value, checks


def _time(field: Field, raw: str, type_: Type) -> tuple[str, list[Check]]:
    value = f"TRY_CAST({raw} AS TIMESTAMPTZ)"
    checks = []
    if type_ == "text":
        # The expression is tried only on what does not end as most times do; it costs more than the conversion.
        looks = f"CASE WHEN suffix({raw}, 'Z') THEN true ELSE regexp_matches({raw}, {literal(ZONE)}) END"
        zone = f"{raw} IS NOT NULL AND NOT ({looks})"
        dated = f"{zone} AND regexp_matches({raw}, '^\\d{{4}}-\\d\\d-\\d\\d([T ][\\d:.]*)?$')"
        mend = "Write it as 2026-03-01T08:30:00Z or 2026-03-01T09:30:00+01:00."
        checks = [
            Check(field.name, dated, "{value} has no time zone.", mend),
            Check(field.name, f"({zone} OR {raw} IS NOT NULL AND {value} IS NULL)", "{value} is not a time.", mend),
        ]
    bounds = f"NOT ({value} BETWEEN TIMESTAMPTZ '1970-01-01 00:00:00+00' AND TIMESTAMPTZ '2200-01-01 00:00:00+00')"
    checks.append(
        Check(field.name, bounds, "{value} is not between 1970 and 2200.", "Check the unit of the time stamps.")
    )
    if field.latest is not None:
        late = f"{value} > TIMESTAMPTZ {literal(field.latest.isoformat())}"
        mend = "Check the clock and the zone of the machine that wrote it."
        checks.append(Check(field.name, late, "{value} is in the future, by more than a day.", mend))
    return value, checks


def _number(field: Field, raw: str, type_: Type) -> tuple[str, list[Check]]:
    if type_ == "text":
        value = f"TRY_CAST({raw} AS DOUBLE)"
        if field.kind == "label":
            value = f"CASE lower({raw}) WHEN 'true' THEN 1::DOUBLE WHEN 'false' THEN 0::DOUBLE ELSE {value} END"
    else:
        value = f"CAST({raw} AS DOUBLE)"
    checks = []
    if type_ == "text":
        checks.append(
            Check(field.name, f"{raw} IS NOT NULL AND ({value}) IS NULL", "{value} is not a number.", NUMBER_MEND)
        )
    if type_ in {"text", "number"}:
        mend = NUMBER_MEND if field.must_fill else "Leave the field empty where the value is not known."
        checks.append(Check(field.name, f"NOT isfinite({value})", "{value} is not a finite number.", mend))
    if field.whole and type_ != "boolean":
        checks.append(Check(field.name, f"({value}) NOT IN (0, 1)", "{value} is neither 0 nor 1.", field.note))
    if field.least is not None and field.most is not None:
        wrong = f"NOT (({value}) BETWEEN {field.least} AND {field.most})"
        checks.append(Check(field.name, wrong, f"{{value}} is outside {field.least:g} to {field.most:g}.", field.note))
    return value, checks
