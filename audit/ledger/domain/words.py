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
KEPT = 50_000
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
    return [word if len(word) <= LONGEST else word[:LONGEST] for word in WORD.findall(fold(text))]


def is_id(text: str) -> bool:
    """Whether ``text`` is a UUID, with or without hyphens."""
    return len(text) in {32, 36} and ID.fullmatch(text) is not None


def short(ident: Any) -> str:
    """An id as it stands in a word: a UUID in 22 letters, anything else as it is."""
    if isinstance(ident, UUID):
        ident = ident.hex
    if not is_id(ident):
        return str(ident[:64])
    return b2a_base64(bytes.fromhex(ident.replace("-", "")), newline=False)[:22].decode()


def sign(commitment: str) -> str:
    """A commitment as it stands in a word."""
    return commitment[len(PREFIX) : len(PREFIX) + SIGN]


class Words:
    """Gives the words of entries; remembers those of values that come again in the same company."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], list[str]] = {}
        self._origin: tuple[str, list[str]] = ("", [])

    def __call__(self, row: Sequence[Any]) -> list[str]:
        """The words of a row of ``FIELDS``, each once."""
        (
            kind, actor, actor_name, behalf, action, subject_type, subject, name, model, use_case, team, reason,
            address, origin, pruned,
        ) = row  # fmt: skip
        kept = self._kept
        what, who, where = (
            (kind, action, subject_type, pruned),
            (actor, actor_name, behalf, address, ""),
            (model, use_case, team),
        )
        found = [
            *(kept.get(what) or self._keep(what, _of_what(*what))),
            *(kept.get(who) or self._keep(who, _of_actor(*who[:4]))),
            *(kept.get(where) or self._keep(where, _of_place(*where))),
        ]
        if subject_type:
            found.append(SUBJECT + short(subject))
        if name:
            found += of_text(NAME, name)
        if reason:
            found += of_text(REASON, reason)
        if origin != self._origin[0]:
            self._origin = (origin, of_origin(origin))
        found += self._origin[1]
        return found

    def _keep(self, key: tuple[Any, ...], found: list[str]) -> list[str]:
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[key] = found
        return found


def _of_what(kind: str, action: str, subject_type: str, pruned: bool) -> list[str]:
    found = [EVERY, KIND + kind, ACTION + action]
    if subject_type:
        found.append(TYPE + subject_type)
    return [*found, PRUNED] if pruned else found


def _of_actor(actor: str, name: str, behalf: str, address: str) -> list[str]:
    found = dict.fromkeys(word for text in (actor, name, behalf) if text for word in of_text(ACTOR, text))
    return [*found, *of_text(ADDRESS, address)]


def _of_place(model: Any, use_case: Any, team: Any) -> list[str]:
    places = ((MODEL, model), (USE_CASE, use_case), (TEAM, team))
    return [tag + (short(ident) if ident is not None else "") for tag, ident in places]


def of_text(tag: str, text: str) -> list[str]:
    """The words of a text, commitments among them, each once."""
    found = []
    if PREFIX in text:
        found = [f"{tag}={sign(one)}" for one in dict.fromkeys(PATTERN.findall(text))]
        text = PATTERN.sub(" ", text)
    begin = f"{tag}:"
    return found + [begin + word for word in set(split(text))]


def of_origin(origin: str) -> list[str]:
    """The words of an origin: "request 0190…" is its kind and its id."""
    return [_part_of_origin(part) for part in dict.fromkeys(origin.split())]


def _part_of_origin(part: str) -> str:
    return f"{ORIGIN}={short(part)}" if is_id(part) else f"{ORIGIN}:{fold(part)[:LONGEST]}"
