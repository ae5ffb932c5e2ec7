"""An entry is found by words: each is a tag that names a field, and what stands in that field, folded and split.

Personal values have no words: in their place stands the beginning of their commitment, which nobody can read.
"""

import re
import unicodedata
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from audit.ledger.domain.commitments import PATTERN, PREFIX

FIELDS: Final = (
    "actor_kind", "actor_id", "actor_name", "on_behalf_of", "action", "subject_type", "subject_id", "subject_name",
    "model", "use_case", "team", "reason", "address", "origin", "pruned",
)  # fmt: skip
"""The fields of an entry that have words, in the order in which ``Words`` takes them."""
EVERY: Final = "*"
"""The word of every entry."""
KIND, ACTION, TYPE, SUBJECT, PRUNED = "k=", "a=", "y=", "i=", "p="
MODEL, USE_CASE, TEAM = "m=", "u=", "t="
ACTOR, NAME, REASON, ADDRESS, ORIGIN = "c", "s", "r", "d", "o"
"""Tags of content: ":" and a word, or "=" and a commitment or an id."""
CONTENT: Final = (ACTOR, NAME, REASON, ADDRESS, ORIGIN)
LONGEST = 40
SIGN = 16
KEPT = 200_000
WORD = re.compile(r"[^\W_]+")
ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def fold(text: str) -> str:
    """``text`` without case and accents: "Inés" is "ines"."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def split(text: str) -> list[str]:
    """The words of ``text``, folded; what is no letter or digit parts them, and long ones are cut to 40 letters."""
    return [word[:LONGEST] for word in WORD.findall(fold(text))]


def short(ident: Any) -> str:
    """An id as it stands in a word: a UUID in 22 letters, anything else as it is."""
    if isinstance(ident, UUID):
        ident = ident.hex
    if not ID.fullmatch(ident):
        return str(ident[:64])
    return b2a_base64(bytes.fromhex(ident.replace("-", "")), newline=False)[:22].decode()


def sign(commitment: str) -> str:
    """A commitment as it stands in a word."""
    return commitment[len(PREFIX) : len(PREFIX) + SIGN]


class Words:
    """Gives the words of entries; remembers those of texts and ids, which come again."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], tuple[str, ...]] = {}
        self._ids: dict[tuple[str, Any], str] = {}

    def __call__(self, row: Sequence[Any]) -> list[str]:
        """The words of a row of ``FIELDS``; one may stand there twice."""
        (
            kind, actor, actor_name, behalf, action, subject_type, subject, name, model, use_case, team, reason,
            address, origin, pruned,
        ) = row  # fmt: skip
        found = [EVERY, KIND + kind, ACTION + action, self._id(MODEL, model), self._id(USE_CASE, use_case)]
        found.append(self._id(TEAM, team))
        if subject_type:
            found += (TYPE + subject_type, SUBJECT + short(subject))
        if pruned:
            found.append(PRUNED)
            return found
        found += self._text(ACTOR, actor)
        if actor_name != actor:
            found += self._text(ACTOR, actor_name)
        if behalf:
            found += self._text(ACTOR, behalf)
        if name:
            found += self._text(NAME, name)
        if reason:
            found += self._text(REASON, reason)
        if address:
            found += self._text(ADDRESS, address)
        if origin:
            found += of_origin(origin)
        return found

    def _id(self, tag: str, ident: Any) -> str:
        if ident is None:
            return tag
        found = self._ids.get((tag, ident))
        if found is None:
            if len(self._ids) >= KEPT:
                self._ids.clear()
            found = self._ids[tag, ident] = tag + short(ident)
        return found

    def _text(self, tag: str, text: str) -> tuple[str, ...]:
        found = self._texts.get((tag, text))
        if found is None:
            if len(self._texts) >= KEPT:
                self._texts.clear()
            found = self._texts[tag, text] = of_text(tag, text)
        return found


def of_text(tag: str, text: str) -> tuple[str, ...]:
    """The words of a text, commitments among them."""
    signs: list[str] = []
    if PREFIX in text:
        signs = [f"{tag}={sign(found)}" for found in PATTERN.findall(text)]
        text = PATTERN.sub(" ", text)
    return (*signs, *dict.fromkeys(f"{tag}:{word}" for word in split(text)))


def of_origin(origin: str) -> list[str]:
    """The words of an origin: "request 0190…" is its kind and its id."""
    return [
        f"{ORIGIN}={short(part)}" if ID.fullmatch(part) else f"{ORIGIN}:{fold(part)[:LONGEST]}"
        for part in origin.split()
    ]
