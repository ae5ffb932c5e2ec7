"""Where a person's name and e-mail stand beside the ledger: in any text column of any table, unless it is said here.

Every class of every slice is searched by itself (``copies``), so a new column cannot be forgotten. A slice tells, in
``AppConfig.ready``: which columns of classes without audited personal fields hold people's names; what else keeps
something of a person; what of a person's must be settled first; and which classes are left alone, and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from audit.base.actors import Actor
from audit.people.models import User
from audit.retention.persons import Person

Count = Callable[[User, Person], int]
Erase = Callable[[Actor, User, Person], int]


@dataclass(frozen=True, slots=True)
class Own:
    """Something that its slice erases itself. ``words`` say what, in the plural; ``count`` and ``erase`` how many.

    Both get the user as they still are, and the person as the log knows them; ``erase`` runs within the erasure.
    """

    words: str
    count: Count
    erase: Erase


NAMES: Final[dict[str, tuple[str, ...]]] = {}
LEFT: Final[dict[str, str]] = {}
OWN: Final[dict[str, Own]] = {}
FIRST: Final[list[Callable[[User], list[str]]]] = []


def names(label: str, *columns: str) -> None:
    """These columns of the class ``label`` ("jobs.job") hold people's names, so a name of one word counts there."""
    NAMES[label] = (*NAMES.get(label, ()), *columns)


def leave(label: str, *, why: str) -> None:
    """The class is not searched, because of ``why``."""
    LEFT[label] = why


def own(words: str, *, count: Count, erase: Erase) -> None:
    """What is no text column, or is deleted and not rewritten."""
    OWN[words] = Own(words, count, erase)


def first(check: Callable[[User], list[str]]) -> None:
    """``check`` gives a sentence for each thing that must be settled before the person can be erased."""
    if check not in FIRST:
        FIRST.append(check)
