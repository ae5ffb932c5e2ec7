"""The search line takes words, and qualifiers such as ``actor:ines after:2013-07-08 -action:jobs``; each narrows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

from audit.base.actors import listed

WORDS: Final = "words"
QUALIFIERS: Final[Mapping[str, str]] = {
    "actor": "who did it, or on whose behalf",
    "action": "what was done, such as approvals.voted or approvals",
    "subject": "what it was done to: its name, its kind, or its id",
    "model": "everything in the life of a model: its short name, name or id",
    "use-case": "everything in the life of a use case",
    "team": "everything of a team",
    "source": "what a connected system or a service of ours did, and what was done to it",
    "after": "on this day or later, such as 2013-07-08",
    "before": "before this day",
    "reason": "the reason that was given",
    "origin": "the request or the job in which it was done",
    "address": "the network address from which it was done",
    "is": "sealed, waiting, pruned, person or machine",
}
"""What may stand before a colon, and what it asks for."""
DATES: Final = ("after", "before")
STATES: Final = ("sealed", "waiting", "pruned", "person", "machine")
MOST_LETTERS: Final = 500
MOST_TERMS: Final = 20
PART = re.compile(r'(?P<without>-?)(?:(?P<field>[a-zA-Z][a-zA-Z_-]*):)?(?P<value>"[^"]*"?|\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: ``field`` is "words" or a qualifier; ``without`` leaves out what fits.

    ``exact`` says that the value stood in quotes: its words are whole, and not beginnings of words.
    """

    field: str
    value: str | datetime
    without: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All conditions, each of which must hold; ``problems`` says what could not be understood."""

    terms: tuple[Term, ...] = ()
    problems: tuple[str, ...] = ()


def parse(text: str, *, zone: tzinfo) -> Query:
    """The conditions in ``text``. Days begin at midnight of ``zone``."""
    terms: list[Term] = []
    problems: list[str] = []
    if len(text) > MOST_LETTERS:
        problems.append(f"A search has at most {MOST_LETTERS} letters; the rest was left out.")
    for part in PART.finditer(text[:MOST_LETTERS].replace("\x00", " ")):
        field, value, without = (part["field"] or WORDS).lower(), part["value"], bool(part["without"])
        exact, value = value.startswith('"'), value.strip('"').strip()
        if field != WORDS and field not in QUALIFIERS:
            problems.append(_unknown(part[0], field))
        elif not value or (value.endswith(":") and value[:-1] in QUALIFIERS):
            continue  # nothing stands behind the qualifier
        elif field in DATES:
            moment = _moment(value, zone)
            if moment is None:
                problems.append(
                    f"“{value}” after {field}: is not a day; write it like 2013-07-08, or 2013-07-08T09:30."
                )
            else:
                terms.append(Term(field, moment, without))
        elif field == "is" and value not in STATES:
            problems.append(f"“{value}” after is: is not a state; write {listed(list(STATES))}.")
        else:
            terms.append(Term(field, value, without, exact))
    if len(terms) > MOST_TERMS:
        problems.append(f"A search has at most {MOST_TERMS} conditions; the rest was left out.")
    return Query(tuple(terms[:MOST_TERMS]), tuple(problems))


def _unknown(part: str, field: str) -> str:
    known = listed([f"{name}:" for name in QUALIFIERS])
    return f'Nothing is called {field}: here; use {known}. To search for the text itself, write "{part.strip("-")}".'


def _moment(value: str, zone: tzinfo) -> datetime | None:
    try:
        if len(value) == len("2013-07-08"):
            return datetime.combine(date.fromisoformat(value), time(), zone)
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def text_of(fields: Mapping[str, str]) -> str:
    """Qualifiers as they are typed: {"actor": "Ines Duarte"} is ``actor:"Ines Duarte"``."""
    return " ".join(f"{name}:{quoted(value)}" for name, value in fields.items() if value.strip())


def quoted(value: str) -> str:
    """A value as it is typed behind a qualifier."""
    plain = value.strip().replace('"', "")
    return f'"{plain}"' if re.search(r"\s", plain) else plain
