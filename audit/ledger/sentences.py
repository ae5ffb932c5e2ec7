"""Each entry is a sentence with the page of its subject; who did it, and from where, can be followed."""

from dataclasses import dataclass
from urllib.parse import quote

from django.urls import NoReverseMatch, reverse

from audit.ledger.registry import ACTIONS
from audit.ledger.selectors import Told


@dataclass(frozen=True, slots=True)
class Sentence:
    """What stands before the subject, the subject with its address (empty: none), and what stands after it."""

    before: str
    subject: str
    link: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.subject}{self.after}"


def sentence(entry: Told) -> Sentence:
    """What the entry says, without its actor."""
    action = ACTIONS.get(entry.action)
    text = action.sentence if action else f"{entry.action}: {{subject}}"
    before, found, after = text.partition("{subject}")
    if not found:
        return Sentence(before, "", "", "")
    return Sentence(before, entry.subject_name, address(action.link if action else "", entry.subject_id), after)


def address(name: str, ident: str) -> str:
    """The page with this URL name for this id; empty when there is none."""
    if not name or not ident:
        return ""
    try:
        return reverse(name, args=[ident])
    except NoReverseMatch:
        return ""


def origin(entry: Told) -> tuple[str, str]:
    """Where the change came from in words, and its page: a job's, or all entries of the same request."""
    kind, _, ident = entry.origin.partition(" ")
    if kind == "job":
        return f"job {ident[-6:]}", address("jobs:job", ident)
    if kind == "request":
        return f"request {ident[-6:]}", f"{reverse('ledger:ledger')}?q={quote(f'origin:{ident}')}"
    return entry.origin, ""
