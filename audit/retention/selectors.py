"""Reads holds, clocks, runs and erasures as the viewer may see them: who reads the whole log reads them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotFound
from audit.ledger import selectors as ledger
from audit.ledger.models import Entry
from audit.people.models import User
from audit.retention import clearing, pruning
from audit.retention.documents import PROVIDERS
from audit.retention.domain.clocks import Rule
from audit.retention.holding import Held
from audit.retention.ledger_actions import ERASED
from audit.retention.models import Hold, Pruning, TakenUp
from audit.retention.persons import DOMAIN
from audit.retention.policy import InForce, in_force

READ = "ledger.read"
LOG, DOCUMENTS = "Content of entries", "Documents"


@dataclass(frozen=True, slots=True)
class Line:
    """A rule of a clock in words, and what it would let go now: ``due`` of it free, ``kept`` under a hold."""

    clock: str
    what: str
    keep: str
    why: str
    before: datetime
    due: int
    kept: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """The policy with what it would do now; ``problem`` says why it cannot be read, then nothing is removed."""

    rules: InForce | None
    lines: list[Line]
    problem: str = ""
    taken_up: bool = False

    @property
    def due(self) -> int:
        """How much the next run would remove."""
        return sum(line.due for line in self.lines)

    @property
    def kept(self) -> int:
        """How much holds keep that is due."""
        return sum(line.kept for line in self.lines)


def holds(*, viewer: Actor) -> QuerySet[Hold]:
    """All holds, newest first.

    Raises:
        NotPermitted: the viewer may not read the log of the whole organisation.
    """
    viewer.check(READ)
    return Hold.objects.select_related("placed_by", "released_by")


def hold(*, viewer: Actor, hold_id: str) -> Hold:
    """One hold.

    Raises:
        NotPermitted: the viewer may not read the log of the whole organisation.
        NotFound: there is none with this id.
    """
    found = holds(viewer=viewer).filter(pk=hold_id).first()
    if found is None:
        raise NotFound("There is no such hold.")
    return found


def runs(*, viewer: Actor) -> QuerySet[Pruning]:
    """All runs, newest first.

    Raises:
        NotPermitted: the viewer may not read the log of the whole organisation.
    """
    viewer.check(READ)
    return Pruning.objects.all()


def clocks(*, viewer: Actor, at: datetime) -> Clocks:
    """The two clocks, and what a run at ``at`` (UTC) would do.

    Raises:
        NotPermitted: the viewer may not read the log of the whole organisation.
    """
    viewer.check(READ)
    try:
        rules = in_force()
    except InvalidInput as error:
        return Clocks(None, [], error.sentence)
    held = Held.now()
    lines = []
    for rule, actions in pruning.by_rule(rules.policy):
        rows = pruning.due(rule, actions, at)
        kept = pruning.kept_of(rows, held)
        lines.append(_line(LOG, rule, at, rows.order_by().count() - kept, kept))
    for due in clearing.due(rules.policy, held, at):
        lines.append(_line(DOCUMENTS, due.rule, at, len(due.free), due.kept))
    return Clocks(rules, lines, taken_up=TakenUp.objects.filter(pk=rules.digest).exists())


def _line(clock: str, rule: Rule, at: datetime, due: int, kept: int) -> Line:
    if rule.of:
        what = ", ".join(PROVIDERS[one].title if one in PROVIDERS else one for one in rule.of)
    else:
        what = "Everything else" if clock == LOG else "; ".join(one.title for one in PROVIDERS.values())
    return Line(clock, what, str(rule.keep), rule.why, rule.keep.before(at), due, kept)


def erasures(*, viewer: Actor) -> list[ledger.Told]:
    """The newest entries of erasures.

    Raises:
        NotPermitted: the viewer may not read the log of the whole organisation.
    """
    viewer.check(READ)
    rows = Entry.objects.select_related("leaf").filter(action=ERASED).order_by("-pk")
    return ledger.told(rows[:50])


def people(*, viewer: Actor) -> QuerySet[User]:
    """Everyone who has not been erased, by name.

    Raises:
        NotPermitted: the viewer may not erase people.
    """
    viewer.check("people.erase")
    return User.objects.exclude(email__endswith=f"@{DOMAIN}").order_by("name", "email")


def person(*, viewer: Actor, user_id: str) -> User:
    """One user.

    Raises:
        NotPermitted: the viewer may not erase people.
        NotFound: there is none with this id.
    """
    viewer.check("people.erase")
    found = User.objects.filter(pk=user_id).first()
    if found is None:
        raise NotFound("There is no such person.")
    return found
