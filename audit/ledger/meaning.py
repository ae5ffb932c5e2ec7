"""What a search asks for, as a filter: names become ids, personal values the commitments that stand for them.

An erased value has no commitment that anyone could find by it; "erased person 3fa9c1", as pages say, is found.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from audit.base.actors import Actor, Limit
from audit.base.clock import start_of
from audit.ledger import names
from audit.ledger.domain import filters, words
from audit.ledger.domain.commitments import PREFIX
from audit.ledger.domain.filters import All, During, Filter, Has, Not, any_of, both
from audit.ledger.models import Personal
from audit.ledger.personal import ERASED
from audit.ledger.registry import ACTIONS
from audit.ledger.search import Query, Term

LEAST_LETTERS = 3
"""Shorter words are whole words: too much begins with them."""
MOST_PEOPLE = 2_000
ERASED_SIGN = re.compile(rf"{ERASED} ([A-Za-z0-9_-]{{6}})")
RIGHT = "ledger.read"


class Understood:
    """A query as a filter, and what of it could not be understood."""

    def __init__(self, viewer: Actor, query: Query) -> None:
        self.problems = list(query.problems)
        self._viewer = viewer
        self._signs: dict[str, list[str]] = {}
        parts = []
        for term in query.terms:
            found = self._filter(term)
            if found is not None:
                parts.append(Not(found) if term.without else found)
        self.filter: Filter = All(tuple(parts))

    def _filter(self, term: Term) -> Filter | None:
        value, field = term.value, term.field
        if isinstance(value, datetime):
            return During(since=value) if field == "after" else During(until=value)
        if field == "is":
            return _state(value)
        if field == "action":
            return _actions(value)
        if field in {"model", "use-case", "team"}:
            return self._named(field, value)
        if field == "source":
            return self._source(term, value)
        if field == "subject":
            return any_of(self._text(words.NAME, term, value), _subject(value))
        if field == "actor":
            return self._text(words.ACTOR, term, value)
        if field == "reason":
            return self._text(words.REASON, term, value)
        if field == "address":
            return self._text(words.ADDRESS, term, value)
        if field == "origin":
            return _origin(value)
        return self._anywhere(term, value)

    def _anywhere(self, term: Term, value: str) -> Filter:
        found: list[Filter] = [self._text(tag, term, value) for tag in (words.ACTOR, words.NAME, words.REASON)]
        found.append(Has(frozenset(words.ACTION + code for code in _codes(value, whole=term.exact))))
        if words.is_id(value):
            ident = words.short(value)
            tags = (words.SUBJECT, words.MODEL, words.USE_CASE, words.TEAM, f"{words.ORIGIN}=")
            found.append(Has(frozenset(tag + ident for tag in tags)))
        return any_of(*found)

    def _text(self, tag: str, term: Term, value: str) -> Filter:
        """All words of ``value`` stand in the field, or a personal value with ``value`` in it does."""
        plain: list[Filter] = [_word(tag, word, whole=term.exact) for word in words.split(value)]
        signs = Has(frozenset(f"{tag}={words.sign(sign)}" for sign in self._people(value)))
        if not plain:
            return signs
        return any_of(All(tuple(plain)) if len(plain) > 1 else plain[0], signs)

    def _people(self, value: str) -> list[str]:
        """The commitments of personal values with ``value`` in them."""
        found = self._signs.get(value)
        if found is None:
            rows = Personal.objects.filter(_personal(value)).order_by()
            found = list(rows.values_list("commitment", flat=True)[: MOST_PEOPLE + 1])
            if len(found) > MOST_PEOPLE:
                self.problems.append(
                    f"“{value}” stands in more than {MOST_PEOPLE:,} personal values; write more of it."
                )
            self._signs[value] = found
        return found

    def _named(self, field: str, value: str) -> Filter | None:
        tag = {"model": words.MODEL, "use-case": words.USE_CASE, "team": words.TEAM}[field]
        kind = names.KINDS.get(field)
        ids: Sequence[UUID] = kind.find(self._viewer, value) if kind else ()
        if not ids and words.is_id(value):
            ids = [UUID(value)]
        if not ids:
            what = field.replace("-", " ")
            self.problems.append(f"No {what} that you may see is called “{value}”; write its short name, name or id.")
            return filters.NOTHING
        return Has(frozenset(tag + words.short(ident) for ident in ids))

    def _source(self, term: Term, value: str) -> Filter:
        kind = names.KINDS.get("source")
        ids = kind.find(self._viewer, value) if kind else ()
        found: list[Filter] = [
            both(Not(Has(frozenset({f"{words.KIND}person"}))), self._text(words.ACTOR, term, value)),
            _origin(value),
        ]
        if kind and ids:
            own = Has(frozenset(words.SUBJECT + words.short(ident) for ident in ids))
            found.append(both(Has(frozenset({words.TYPE + kind.label})), own))
        return any_of(*found)


def _personal(value: str) -> Q:
    erased = ERASED_SIGN.fullmatch(value)
    if erased is None:
        # SQLite folds ASCII letters only: a name with others is also found as it is written.
        return Q(Q(folded__contains=value.lower()) | Q(value__contains=value), erased_at=None)
    own = Q(person__endswith=erased[1]) | Q(person="", commitment__startswith=f"{PREFIX}{erased[1]}")
    return Q(own, erased_at__isnull=False)


def _word(tag: str, word: str, *, whole: bool) -> Has:
    name = f"{tag}:{word}"
    return Has(frozenset({name})) if whole or len(word) < LEAST_LETTERS else Has(beginnings=frozenset({name}))


def _state(value: str) -> Filter:
    person = Has(frozenset({f"{words.KIND}person"}))
    return {
        "sealed": Not(filters.Waiting()),
        "waiting": filters.Waiting(),
        "pruned": Has(frozenset({words.PRUNED})),
        "person": person,
        "machine": Not(person),
    }[value]


def _actions(value: str) -> Filter:
    """A code or its beginning; or a word of the sentence, when no code begins so."""
    begun = Has(beginnings=frozenset({words.ACTION + value.lower()}))
    return any_of(begun, Has(frozenset(words.ACTION + code for code in _codes(value, whole=False))))


def _codes(value: str, *, whole: bool) -> Iterable[str]:
    """Registered actions with all words of ``value`` in code or sentence."""
    wanted = words.split(value)
    for action in ACTIONS.values() if wanted else ():
        here = words.split(f"{action.code} {action.sentence.replace('{subject}', ' ')}")
        if all(word in here if whole or len(word) < LEAST_LETTERS else _begins(word, here) for word in wanted):
            yield action.code


def _begins(word: str, here: Iterable[str]) -> bool:
    return any(one.startswith(word) for one in here)


def _subject(value: str) -> Filter:
    """By id, by kind, or by both: "catalogue.model:0190…"."""
    label, _, ident = value.partition(":")
    if ident:
        own = Has(frozenset({words.SUBJECT + words.short(ident)}))
        return both(Has(frozenset({words.TYPE + label.lower()})), own)
    found: list[Filter] = [Has(frozenset({words.TYPE + value.lower()}))]
    if words.is_id(value):
        found.append(Has(frozenset({words.SUBJECT + words.short(value)})))
    if value.lower().endswith("."):
        found.append(Has(beginnings=frozenset({words.TYPE + value.lower()})))
    return any_of(*found)


def _origin(value: str) -> Filter:
    parts: list[Filter] = []
    for part in value.split():
        if words.is_id(part):
            parts.append(Has(frozenset({f"{words.ORIGIN}={words.short(part)}"})))
        else:
            parts.append(Has(frozenset({f"{words.ORIGIN}:{words.fold(part)[: words.LONGEST]}"})))
    return All(tuple(parts)) if parts else filters.NOTHING


def seen_by(viewer: Actor) -> Filter:
    """What of the ledger the viewer may read: ``audit.base.scoping.seen`` as a filter."""
    teams = viewer.teams(RIGHT)
    if teams is None:
        return All()
    found: list[Filter] = [Has(_ids(words.TEAM, teams))]
    for limit in viewer.limits_with(RIGHT):
        found.append(_limited(limit))
    return any_of(*found)


def _limited(limit: Limit) -> Filter:
    parts: list[Filter] = []
    if limit.team is not None:
        parts.append(Has(_ids(words.TEAM, (limit.team,))))
    if limit.models is not None:
        use_cases = both(Has(_ids(words.USE_CASE, limit.use_cases)), Has(frozenset({words.MODEL})))
        parts.append(any_of(Has(_ids(words.MODEL, limit.models)), use_cases))
    since = start_of(limit.since) if limit.since else None
    until = start_of(limit.until + timedelta(days=1)) if limit.until else None
    if since or until:
        parts.append(During(since, until))
    return All(tuple(parts))


def _ids(tag: str, ids: Iterable[UUID]) -> frozenset[str]:
    return frozenset(tag + words.short(ident) for ident in ids)
