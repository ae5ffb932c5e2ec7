"""A person as the log knows them: by id, by commitments, and where someone typed their name, in clear."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Q

from audit.ledger import personal, pruning
from audit.ledger.models import Entry, Personal
from audit.people.ledger_actions import PROFILE_CHANGED
from audit.people.models import User
from audit.retention.domain.traces import Traces, texts

CLEAR = ("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "changes", "address", "origin")
"""The columns of an entry in which something could stand in clear."""
DOMAIN = "erased.invalid"
"""The domain of erased e-mails: RFC 2606 keeps .invalid free, so nobody has one."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user, the commitments that stand for them, and the ids of entries, up to ``last``, that name them in clear.

    ``shared``: someone else who may sign in has the same name, so the name alone does not tell who is meant.
    """

    id: str
    traces: Traces
    shared: bool
    signs: frozenset[str] = frozenset()
    mentions: frozenset[int] = frozenset()
    last: int = 0
    LABEL: ClassVar[str] = User._meta.label_lower

    def is_in(self, row: dict[str, Any]) -> bool:
        """Whether they act in, or are told of by, the entry with these values: id, subject_type, subject_id, texts."""
        if row["id"] in self.mentions or (row["subject_type"] == self.LABEL and row["subject_id"] == self.id):
            return True
        if any(self.id in text for text in texts(row["changes"])):
            return True  # records point at people by id
        return not self.signs.isdisjoint(personal.signs_in(list(row.values())))

    def is_called(self, text: str) -> bool:
        """Whether ``text`` (an id, an e-mail or a name) is theirs."""
        return text == self.id or self.tells(text, of_names=True)

    def tells(self, value: Any, *, of_names: bool = False) -> bool:
        """Whether a text, or a JSON value, tells of them."""
        return self.traces.mailed(value) or (not self.shared and self.traces.named(value, of_names=of_names))


def erased(user: User) -> bool:
    """Whether the user has been erased."""
    return user.email.endswith(f"@{DOMAIN}")


def traces_of(user: User) -> Traces:
    """What tells of the user, and what takes its place. Former names are known from the entries that changed them."""
    renamed = Entry.objects.filter(action=PROFILE_CHANGED, subject_id=str(user.pk)).values_list("changes", flat=True)
    signs = {sign for changes in renamed for sign in personal.signs_in(changes.get("name", []))}
    former = Personal.objects.filter(commitment__in=signs, erased_at=None).values_list("value", flat=True)
    called = personal.label_of(str(user.pk))
    names = tuple(dict.fromkeys((user.name, *sorted(former))))
    return Traces(user.email, names, f"erased-{user.pk.hex}@{DOMAIN}", called[0].upper() + called[1:])


def person_of(user_id: str) -> Person:
    """The user with this id, as the log knows them. Reads all personal values, and all entries."""
    user = User.objects.get(pk=user_id)
    traces = traces_of(user)
    others = User.objects.filter(is_active=True).exclude(pk=user.pk).values_list("name", flat=True)
    shared = not {name.casefold() for name in traces.names}.isdisjoint(name.casefold() for name in others)
    last = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    known = Person(str(user.pk), traces, shared, last=last)
    if erased(user):
        signs = Personal.objects.filter(person=known.id).values_list("commitment", flat=True)
        return replace(known, signs=frozenset(signs))
    return replace(known, signs=frozenset(signs_of(known)), mentions=frozenset(mentions_of(known)))


def signs_of(person: Person) -> Iterator[str]:
    """The commitments to values of theirs, and to values of others that tell of them."""
    about = reduce(or_, (Q(value__icontains=one) for one in person.traces.needles(of_names=True)), Q(person=person.id))
    rows = Personal.objects.filter(about, erased_at=None).values_list("commitment", "person", "value")
    own = {str(pk): name.casefold() for pk, name in User.objects.values_list("pk", "name")}
    names = {name.casefold() for name in person.traces.names}
    for sign, whose, value in rows.iterator(chunk_size=2000):
        theirs = own.get(whose, "") in names  # somebody else's of the same name
        if (
            whose == person.id
            or person.traces.mailed(value)
            or (not theirs and person.tells(value, of_names=not whose))
        ):
            yield sign


def mentions_of(person: Person, *, after: int = 0) -> Iterator[int]:
    """The ids, above ``after``, of entries in which the person stands in clear, because someone typed it."""
    needles = person.traces.needles(of_names=False)
    about = reduce(or_, (Q(**{f"{column}__icontains": one}) for column in CLEAR for one in needles))
    # What says what was pruned is never emptied itself; nothing that a person types stands in it.
    rows = Entry.objects.filter(about, pk__gt=after, pruned=False).exclude(action=pruning.ACTION).order_by()
    for row in rows.values("pk", *CLEAR).iterator(chunk_size=500):
        if person.tells([row[column] for column in CLEAR]):
            yield row["pk"]
