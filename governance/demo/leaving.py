"""The file with the demo's sign-ins holds e-mails: who is erased goes from it as well."""

import json

from audit.base.actors import Actor
from audit.people.models import User
from audit.retention import erasers
from audit.retention.persons import Person
from governance.demo import people


def _left() -> dict[str, dict[str, str]]:
    path = people.signins_path()
    return json.loads(path.read_text()) if path.is_file() else {}


def _count(user: User, person: Person) -> int:
    return sum(person.traces.mailed(one["email"]) for one in _left().values())


def _erase(actor: Actor, user: User, person: Person) -> int:
    before = _left()
    after = {key: one for key, one in before.items() if not person.traces.mailed(one["email"])}
    if after != before:
        people.write(after)
    return len(before) - len(after)


def register() -> None:
    """Tells retention."""
    erasers.own("sign-ins in the demo’s file", count=_count, erase=_erase)
