"""Completions of the search line: qualifiers, then what may stand behind the one before the caret."""

from dataclasses import dataclass
from datetime import date, timedelta

from audit.base.actors import Actor
from audit.ledger import names
from audit.ledger.registry import ACTIONS
from audit.ledger.search import DATES, QUALIFIERS, STATES, quoted

MOST = 10


@dataclass(frozen=True, slots=True)
class Completion:
    """``shown`` and ``words`` say what it is; ``text`` is the whole line with it, and ``caret`` stands behind it."""

    shown: str
    words: str
    text: str
    caret: int


def completions(*, viewer: Actor, text: str, caret: int, today: date) -> list[Completion]:
    """What the word before ``caret`` may become, best first; nothing when it is a plain word."""
    caret = max(0, min(caret, len(text)))
    start = _start(text[:caret])
    typed = text[start:caret]
    minus = "-" if typed.startswith("-") else ""
    field, colon, value = typed.removeprefix("-").partition(":")
    if colon and field.lower() in QUALIFIERS:
        qualifier = field.lower()
        offers = _values(viewer, qualifier, value.strip('"').lower(), today)
        found = [(f"{qualifier}:{quoted(offer.value)}", offer.words) for offer in offers]
    elif colon or typed.startswith(('"', '-"')):
        found = []
    else:
        found = [(f"{name}:", words) for name, words in QUALIFIERS.items() if name.startswith(field.lower())]
    made = []
    for shown, words in found[: MOST if colon else len(QUALIFIERS)]:
        behind = text[caret:]
        gap = "" if shown.endswith(":") else " " if not behind.startswith(" ") else ""
        before = f"{text[:start]}{minus}{shown}{gap}"
        made.append(Completion(f"{minus}{shown}", words, before + behind, len(before)))
    return made


def _start(before: str) -> int:
    """Where the word begins that ends at the end of ``before``; blanks inside quotes do not part words."""
    start, inside = 0, False
    for at, letter in enumerate(before):
        if letter == '"':
            inside = not inside
        elif letter.isspace() and not inside:
            start = at + 1
    return start


def _values(viewer: Actor, qualifier: str, typed: str, today: date) -> list[names.Offer]:
    if qualifier == "is":
        return [names.Offer(state) for state in STATES if state.startswith(typed)]
    if qualifier in DATES:
        return [offer for offer in _days(today) if offer.value.startswith(typed)]
    if qualifier == "action":
        return _actions(typed)
    kind = names.KINDS.get(qualifier)
    return list(kind.offer(viewer, typed)) if kind else []


def _actions(typed: str) -> list[names.Offer]:
    """Groups of actions, then actions: those whose code begins so before those that have it in their sentence."""
    groups = sorted({code.partition(".")[0] for code in ACTIONS})
    found = [names.Offer(f"{group}.", "all of these") for group in groups if group.startswith(typed)] if typed else []
    actions = sorted(ACTIONS.values(), key=lambda action: (not action.code.startswith(typed), action.code))
    for action in actions:
        sentence = action.sentence.replace("{subject}", "…")
        if typed in action.code or typed in sentence.lower():
            found.append(names.Offer(action.code, sentence))
    return found if typed else [names.Offer(f"{group}.", "all of these") for group in groups]


def _days(today: date) -> list[names.Offer]:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    days = (
        (today, "today"),
        (today - timedelta(days=1), "yesterday"),
        (monday, "this week’s Monday"),
        (today - timedelta(days=14), "two weeks ago"),
        (first, "this month’s first day"),
        (quarter, "this quarter’s first day"),
        (today.replace(month=1, day=1), "this year’s first day"),
    )
    seen: dict[str, str] = {}
    for day, words in days:
        seen.setdefault(day.isoformat(), words)
    return [names.Offer(value, words) for value, words in seen.items()]
