"""Where a person's e-mail or name stands in a text, and that text without them; other people's words stay.

An e-mail counts wherever it stands by itself. A name of two words or more counts wherever it stands as words. A name
of one word may be an ordinary word, so it counts only in fields that hold people's names, and there only as Tollgate
writes names: alone ("Ines"), behind a token's ("deploy (Ines)"), or before a role ("Ines: Approver").
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells of a person (``email``, ``names``: today's and former ones), and what stands in its place after."""

    email: str
    names: tuple[str, ...]
    new_email: str
    new_name: str
    _email: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _words: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _name: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole = [rf"(?<!\w){_words(name)}(?!\w)" for name in self.names if len(name.split()) > 1]
        single = [_words(name) for name in self.names if len(name.split()) == 1]
        alone = [rf"^{one}$|(?<=\(){one}(?=\)$)|^{one}(?=: )" for one in single]
        email = rf"(?<![\w.+%-]){re.escape(self.email)}(?![\w-]|\.\w)"
        object.__setattr__(self, "_email", re.compile(email, re.IGNORECASE))
        object.__setattr__(self, "_words", re.compile("|".join(whole) or NEVER, re.IGNORECASE))
        object.__setattr__(self, "_name", re.compile("|".join(whole + alone) or NEVER, re.IGNORECASE))

    def needles(self, *, of_names: bool) -> list[str]:
        """Pieces of text of which one must occur in whatever ``without`` changes, for a search that ignores case."""
        found = [self.email, *(name for name in self.names if len(name.split()) > (0 if of_names else 1))]
        return [form for one in found for form in _forms(one)]

    def mailed(self, value: Any) -> bool:
        """Whether the e-mail stands in a text, or anywhere in a JSON value."""
        return any(self._email.search(text) for text in texts(value))

    def named(self, value: Any, *, of_names: bool = False) -> bool:
        """Whether the name does."""
        pattern = self._name if of_names else self._words
        return any(pattern.search(text) for text in texts(value))

    def found(self, value: Any, *, of_names: bool = False) -> bool:
        """Whether either does."""
        return self.mailed(value) or self.named(value, of_names=of_names)

    def without(self, value: Any, *, of_names: bool = False, name_too: bool = True) -> Any:
        """The text or JSON value with new e-mail and name in place of the old; ``name_too`` off: the e-mail alone."""
        pattern = self._name if of_names else self._words

        def rewritten(one: Any) -> Any:
            if isinstance(one, str):
                text = self._email.sub(lambda _: self.new_email, one)
                return pattern.sub(lambda _: self.new_name, text) if name_too else text
            if isinstance(one, dict):
                return {rewritten(key): rewritten(item) for key, item in one.items()}
            return [rewritten(item) for item in one] if isinstance(one, list) else one

        return rewritten(value)


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def _words(name: str) -> str:
    return r"\s+".join(map(re.escape, name.split()))


def _forms(text: str) -> list[str]:
    """The text as databases may hold it: SQLite folds only ASCII, and JSON may be written in ASCII."""
    forms = [text]
    if not text.isascii():
        forms += [text.lower(), text.upper(), *(json.dumps(form)[1:-1] for form in (text, text.lower(), text.upper()))]
    return list(dict.fromkeys(forms))
