"""What higher slices can do with a person: each registers a link, which the page of people shows to who may use it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Link:
    """``url_name`` takes the user's id; ``right`` is what one needs, for the whole organisation."""

    label: str
    url_name: str
    right: str


LINKS: Final[list[Link]] = []


def register(link: Link) -> None:
    """Adds a link, from ``AppConfig.ready``."""
    if link not in LINKS:
        LINKS.append(link)
