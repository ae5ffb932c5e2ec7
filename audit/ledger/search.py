"""The search box takes words, and qualifiers such as ``actor:ines after:2013-07-08 -action:jobs``; each narrows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "words": ("actor_name", "subject_name", "reason", "action"),
    "actor": ("actor_name", "actor_id", "on_behalf_of"),
    "subject": ("subject_name", "subject_type", "subject_id"),
    "reason": ("reason",),
    "origin": ("origin",),
    "address": ("address",),
}
DATES: Final = ("after", "before")
QUALIFIERS: Final = ("actor", "action", "subject", "reason", "origin", "address", *DATES)
PART = re.compile(r'(?P<without>-?)(?:(?P<field>[a-z]+):)?(?P<value>"[^"]*"|\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: ``field`` is "words", a qualifier, or a date's; ``without`` leaves out what fits."""

    field: str
    value: str | datetime
    without: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions, each of which must hold; ``problems`` says what could not be understood."""

    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()


def parse(text: str, *, zone: tzinfo) -> Query:
    """The conditions in ``text``. Days begin at midnight of ``zone``; an unknown qualifier is a word like any other."""
    terms: list[Term] = []
    problems: list[str] = []
    for part in PART.finditer(text[:500]):
        field, value, without = part["field"] or "words", part["value"].strip('"'), bool(part["without"])
        if field not in QUALIFIERS and field != "words":
            field, value = "words", f"{field}:{value}"
        if not value or (value.endswith(":") and value[:-1] in QUALIFIERS):
            continue  # nothing stands behind the qualifier
        if field not in DATES:
            terms.append(Term(field, value, without))
            continue
        try:
            moment = datetime.combine(date.fromisoformat(value), time(), zone)
        except ValueError:
            problems.append(f"“{value}” after {field}: is not a date; write it like 2013-07-08.")
        else:
            terms.append(Term(field, moment, without))
    return Query(tuple(terms), tuple(problems))


def text_of(fields: Mapping[str, str]) -> str:
    """Qualifiers as they are typed: {"actor": "Ines Duarte"} is ``actor:"Ines Duarte"``."""
    parts = ((name, value.strip().replace('"', "")) for name, value in fields.items())
    return " ".join(f'{name}:"{value}"' if " " in value else f"{name}:{value}" for name, value in parts if value)
