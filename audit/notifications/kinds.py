"""Kinds of messages: what people can choose to be told. Higher slices register theirs in ``AppConfig.ready``."""

from dataclasses import dataclass
from typing import Final

from django.db import models


class Choice(models.TextChoices):
    """What a person wants of a kind."""

    EMAIL = "email", "In the app, and by e-mail at once"
    DIGEST = "digest", "In the app, and once a day by e-mail"
    APP = "app", "In the app only"
    NOTHING = "nothing", "Nothing"


@dataclass(frozen=True, slots=True)
class Kind:
    """``words`` say in a sentence when such a message comes; ``usually`` holds for who has not chosen."""

    code: str
    title: str
    words: str
    usually: Choice


KINDS: Final[dict[str, Kind]] = {}


def register(kind: str, title: str, words: str, *, usually: Choice = Choice.EMAIL) -> str:
    """Makes a kind known, and returns its code.

    Raises:
        ValueError: the code is taken by another kind.
    """
    new = Kind(kind, title, words, usually)
    if KINDS.setdefault(kind, new) != new:
        raise ValueError(f"The kind of messages {kind} is registered twice.")
    return kind


def title_of(kind: str) -> str:
    """What people call it; its code, when no slice knows it any more."""
    return KINDS[kind].title if kind in KINDS else kind


def listed() -> list[Kind]:
    """All kinds, by title."""
    return sorted(KINDS.values(), key=lambda kind: kind.title)
