"""Two clocks, stated as data: how long the content of entries is kept, and how long documents are.

A log is kept for at least six months (EU AI Act, Articles 19 and 26(6)); a policy that says less is refused.
"""

import calendar
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import yaml

from audit.base.errors import InvalidInput

LEAST_MONTHS: Final = 6
LEAST_DAYS: Final = 184
"""Six months that hold July and August."""
TEXT: Final = "tag:yaml.org,2002:str"
KEEP: Final = re.compile(r"(?P<count>[1-9]\d{0,3}) (?P<unit>day|month|year)s?")


@dataclass(frozen=True, slots=True)
class Keep:
    """A length of time by the calendar: ``unit`` is day, month or year."""

    count: int
    unit: str

    def before(self, at: datetime) -> datetime:
        """The moment that lies so long before ``at``; the 31st of a shorter month is its last day."""
        if self.unit == "day":
            return at - timedelta(days=self.count)
        months = self.count * (12 if self.unit == "year" else 1)
        year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
        if year < 1:
            return datetime.min.replace(tzinfo=at.tzinfo)
        return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))

    @property
    def too_short_for_a_log(self) -> bool:
        """Whether it is less than six months."""
        return self.count < LEAST_DAYS if self.unit == "day" else self.unit == "month" and self.count < LEAST_MONTHS

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How long what ``of`` names is kept, and why: beginnings of actions, or kinds of documents; empty: the rest."""

    of: tuple[str, ...]
    keep: Keep
    why: str

    @property
    def name(self) -> str:
        """How entries and tables call it."""
        return ", ".join(self.of) or "everything else"


@dataclass(frozen=True, slots=True)
class Policy:
    """Both clocks. Of each the last rule is the one for everything that no other names."""

    title: str
    log: tuple[Rule, ...]
    documents: tuple[Rule, ...]

    def of_action(self, action: str) -> Rule:
        """The rule for entries of ``action``: the one with the longest fitting beginning."""
        fitting = [(len(one), rule) for rule in self.log for one in rule.of if begins(action, one)]
        return max(fitting, key=lambda found: found[0])[1] if fitting else self.log[-1]

    def of_kind(self, kind: str) -> Rule:
        """The rule for documents of ``kind``."""
        return next((rule for rule in self.documents if kind in rule.of), self.documents[-1])


def begins(action: str, prefix: str) -> bool:
    """Whether ``action`` is ``prefix``, or stands below it, as "people.signed_in" does below "people"."""
    return action == prefix or action.startswith(prefix if prefix.endswith(".") else f"{prefix}.")


def parse(text: str, *, where: str, actions: Collection[str], kinds: Collection[str]) -> Policy:
    """The policy that ``text`` (YAML) states, for an installation with these actions and kinds of documents.

    Raises:
        InvalidInput: it does not state one; ``where`` gives the file, the line and the column.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _wrong(where, error.problem_mark, f"This is not YAML: {error.problem}.") from None
    if root is None:
        raise _wrong(where, None, "The file is empty.")
    top = _mapping(root, where, ("title", "log", "documents"))
    log = _clock(top["log"], where, "actions")
    documents = _clock(top["documents"], where, "kinds")
    _must_be_known(log, where, "No action begins with", lambda one: any(begins(action, one) for action in actions))
    _must_be_known(documents, where, "There is no kind of documents called", lambda one: one in kinds)
    for rule, node, _ in log:
        if rule.keep.too_short_for_a_log:
            sentence = f"Entries cannot be kept for {rule.keep} only: the least is {LEAST_MONTHS} months"
            raise _wrong(where, node.start_mark, f"{sentence} (EU AI Act, Articles 19 and 26(6)).")
    return Policy(
        _text(top["title"], where, "title"), tuple(one for one, _, _ in log), tuple(one for one, _, _ in documents)
    )


Read = list[tuple[Rule, yaml.Node, Sequence[yaml.Node]]]
"""Rules, each with the place of its length and the places of what it is for."""


def _clock(node: yaml.Node, where: str, of: str) -> Read:
    top = _mapping(node, where, ("keep", "why"), ("rules",))
    found: Read = []
    seen: set[str] = set()
    for item in _items(top["rules"], where, "rules") if "rules" in top else []:
        values = _mapping(item, where, (of, "keep", "why"))
        named = _items(values[of], where, of)
        names = tuple(_text(one, where, of) for one in named)
        for name, one in zip(names, named, strict=True):
            if name in seen:
                raise _wrong(where, one.start_mark, f"{name} has two rules.")
            seen.add(name)
        found.append((_rule(names, values, where), values["keep"], named))
    return [*found, (_rule((), top, where), top["keep"], [])]


def _rule(of: tuple[str, ...], values: Mapping[str, yaml.Node], where: str) -> Rule:
    text = _text(values["keep"], where, "keep")
    match = KEEP.fullmatch(text)
    if match is None:
        raise _wrong(where, values["keep"].start_mark, f"“{text}” is no length of time; write it like 13 months.")
    return Rule(of, Keep(int(match["count"]), match["unit"]), _text(values["why"], where, "why"))


def _must_be_known(read: Read, where: str, words: str, known: Any) -> None:
    for rule, _, nodes in read:
        for one, node in zip(rule.of, nodes, strict=True):
            if not known(one):
                raise _wrong(where, node.start_mark, f"{words} “{one}”.")


def _mapping(node: yaml.Node, where: str, needed: Iterable[str], optional: Iterable[str] = ()) -> dict[str, yaml.Node]:
    names = (*needed, *optional)
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(where, node.start_mark, f"Keys with values belong here: {', '.join(names)}.")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found or name not in names:
            sentence = f"The key {name} stands twice." if name in found else f"The key {name} is unknown."
            raise _wrong(where, key.start_mark, f"{sentence} There are {', '.join(names)}.")
        found[name] = value
    missing = [name for name in needed if name not in found]
    if missing:
        raise _wrong(where, node.start_mark, f"The key {missing[0]} is missing.")
    return found


def _items(node: yaml.Node, where: str, name: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _wrong(where, node.start_mark, f"{name} is a list with at least one item.")
    return list(node.value)


def _text(node: yaml.Node, where: str, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag != TEXT or not node.value.strip():
        raise _wrong(where, node.start_mark, f"{name} is text.")
    return " ".join(str(node.value).split())


def _wrong(where: str, mark: Any, sentence: str) -> InvalidInput:
    place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark is not None else where
    return InvalidInput(sentence, where=place)
