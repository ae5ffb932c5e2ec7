"""What a person may do follows from the roles they hold, in one table; every refusal is a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from audit.base.errors import NotPermitted


class Role(StrEnum):
    """The roles of this product, held for one team or for the whole organisation."""

    VIEWER = "viewer"
    OWNER = "owner"
    VALIDATOR = "validator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


TITLES: Final[Mapping[Role, str]] = {
    Role.VIEWER: "Manager",
    Role.OWNER: "Model owner",
    Role.VALIDATOR: "Validator",
    Role.APPROVER: "Approver",
    Role.AUDITOR: "Auditor",
    Role.ADMINISTRATOR: "Administrator",
}
EVERYONE: Final = frozenset(Role)
BUILDERS: Final = frozenset({Role.OWNER, Role.ADMINISTRATOR})
RIGHTS: Final[Mapping[str, frozenset[Role]]] = {
    "read": EVERYONE,
    "people.manage": frozenset({Role.ADMINISTRATOR}),
    "people.erase": frozenset({Role.ADMINISTRATOR}),
    "people.issue_token": frozenset({Role.OWNER, Role.ADMINISTRATOR, Role.AUDITOR}),
    "ledger.read": frozenset(
        {Role.AUDITOR, Role.ADMINISTRATOR, Role.VIEWER, Role.VALIDATOR, Role.APPROVER, Role.OWNER}
    ),
    "ledger.manage": frozenset({Role.ADMINISTRATOR}),
    "ledger.seal": frozenset({Role.AUDITOR, Role.ADMINISTRATOR}),
    "ledger.export": frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.OWNER}),
    "jobs.retry": BUILDERS,
    "jobs.cancel": BUILDERS,
    "catalogue.write": BUILDERS,
    "documents.attach": frozenset({Role.OWNER, Role.VALIDATOR, Role.ADMINISTRATOR}),
    "lineage.write": BUILDERS,
    "monitoring.write": BUILDERS,
    "sources.manage": BUILDERS,
    "notifications.manage": BUILDERS,
    "notifications.inside": frozenset({Role.ADMINISTRATOR}),
    "notifications.own": EVERYONE,
    "billing.import": frozenset({Role.ADMINISTRATOR}),
    "budgets.state": frozenset({Role.VIEWER, Role.ADMINISTRATOR}),
    "budgets.override": frozenset({Role.APPROVER, Role.ADMINISTRATOR}),
    "returns.value": frozenset({Role.OWNER, Role.VIEWER, Role.ADMINISTRATOR}),
    "approvals.request": frozenset({Role.OWNER}),
    "approvals.vote": frozenset({Role.VALIDATOR, Role.APPROVER}),
    "retraining.manage": BUILDERS,
    "retraining.review": frozenset({Role.VALIDATOR}),
    "maturity.assess": BUILDERS,
}
SENTENCES: Final[Mapping[str, str]] = {
    "read": "see this",
    "people.manage": "manage people and roles",
    "people.erase": "erase people",
    "people.issue_token": "issue API tokens",
    "ledger.read": "read the ledger",
    "ledger.manage": "change keys, witnesses, holds or retention of the audit log",
    "ledger.seal": "seal what waits in the audit log",
    "ledger.export": "export evidence",
    "jobs.retry": "retry jobs",
    "jobs.cancel": "cancel jobs",
    "catalogue.write": "register or change models",
    "documents.attach": "attach documents",
    "lineage.write": "send lineage events",
    "monitoring.write": "send predictions, labels or metrics",
    "sources.manage": "connect sources",
    "notifications.manage": "change where messages of a team go",
    "notifications.inside": "name addresses within the own network",
    "notifications.own": "mark notifications as read",
    "billing.import": "import bills",
    "budgets.state": "state or close budgets",
    "budgets.override": "override a quota that is used up",
    "returns.value": "state what outcomes are worth",
    "approvals.request": "ask for a promotion",
    "approvals.vote": "decide on promotions",
    "retraining.manage": "change retraining rules or start retraining",
    "retraining.review": "close model reviews",
    "maturity.assess": "assess maturity",
}
SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "read": frozenset({"read", "ledger.read", "ledger.seal", "ledger.export"}),
    "write": frozenset(
        {
            "read",
            "ledger.seal",
            "catalogue.write",
            "documents.attach",
            "lineage.write",
            "monitoring.write",
            "notifications.own",
            "billing.import",
            "budgets.state",
            "returns.value",
            "approvals.request",
            "retraining.manage",
        }
    ),
}


def listed(names: list[str]) -> str:
    """``["a", "b", "c"]`` as "a, b or c"."""
    return " or ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def who_may(right: str) -> str:
    """The roles that carry ``right``, as words: "a model owner or an administrator"."""
    titles = [TITLES[role].lower() for role in Role if role in RIGHTS[right]]
    return listed([f"{'an' if title[0] in 'aeiou' else 'a'} {title}" for title in titles])


@dataclass(frozen=True, slots=True)
class Limit:
    """The auditor's role for ``team`` (None: the whole organisation), but for a part of what is there.

    ``models``: only these, and records of ``use_cases``, which are theirs; None for all. ``since`` and ``until`` are
    the first and the last day (UTC) of what happened; None where that is open. ``ends`` is when the access ends.
    """

    team: UUID | None = None
    models: frozenset[UUID] | None = None
    use_cases: frozenset[UUID] = frozenset()
    since: date | None = None
    until: date | None = None
    ends: datetime | None = None

    def covers(self, team: UUID | None, model: UUID | None) -> bool:
        """Whether records of ``model``, which is ``team``'s, lie within; None stands for what is no model's."""
        return self.team in {None, team} and (self.models is None or model in self.models)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with what rights, from where: a person, a token, a service of ours, or someone outside.

    ``grants`` maps a team's id to the roles held there; the key None stands for the whole organisation. An auditor's
    role that is limited stands in ``limits`` and not in ``grants``: what asks for a whole team's right does not find
    it. ``scopes`` narrows a token to some rights; None narrows nothing.
    """

    kind: str
    id: str
    name: str
    grants: Mapping[UUID | None, frozenset[Role]] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    scopes: frozenset[str] | None = None
    address: str = ""
    origin: str = ""
    on_behalf_of: str = ""
    user_id: UUID | None = None

    @classmethod
    def service(cls, name: str, *, origin: str = "", on_behalf_of: str = "") -> "Actor":
        """A part of Tollgate that acts by itself; it may do everything, and the ledger says that it did."""
        return cls("service", name, name, {None: EVERYONE}, origin=origin, on_behalf_of=on_behalf_of)

    @classmethod
    def nobody(cls, address: str = "", origin: str = "") -> "Actor":
        """Someone who has not signed in."""
        return cls("outside", "", "nobody", address=address, origin=origin)

    @classmethod
    def elsewhere(cls, name: str, *, origin: str = "") -> "Actor":
        """Someone as another system names them, who did something there; no rights here."""
        return cls("outside", name, name, origin=origin) if name else cls.nobody(origin=origin)

    def at(self, address: str, origin: str) -> "Actor":
        """The same actor, seen at this address with this request or job id."""
        return replace(self, address=address, origin=origin)

    def roles(self, team: UUID | None) -> frozenset[Role]:
        """The roles held for ``team``, those for the whole organisation among them."""
        return self.grants.get(team, frozenset()) | self.grants.get(None, frozenset())

    def in_scope(self, right: str) -> bool:
        """Whether the token that acts, if one does, is for this right at all."""
        return self.scopes is None or any(right in SCOPES[scope] for scope in self.scopes)

    def may(self, right: str, team: UUID | None = None, *, model: UUID | None = None) -> bool:
        """Whether the actor has ``right`` for ``team`` (None: for the organisation), or for its ``model`` alone."""
        if not self.in_scope(right):
            return False
        if self.roles(team) & RIGHTS[right]:
            return True
        return model is not None and any(limit.covers(team, model) for limit in self.limits_with(right))

    def may_anywhere(self, right: str) -> bool:
        """Whether the actor has ``right`` for at least one team, or within a limit."""
        return any(self.may(right, team) for team in self.grants) or bool(self.limits_with(right))

    def limits_with(self, right: str) -> tuple[Limit, ...]:
        """The limits within which the actor has ``right``."""
        return self.limits if Role.AUDITOR in RIGHTS[right] and self.in_scope(right) else ()

    def check(self, right: str, team: UUID | None = None, *, model: UUID | None = None) -> None:
        """Nothing, when the actor has the right.

        Raises:
            NotPermitted: the actor lacks it; the sentence says who has it.
        """
        if not self.may(right, team, model=model):
            raise NotPermitted(self.why_not(right), right=right)

    def why_not(self, right: str) -> str:
        """The sentence that a disabled action shows."""
        if not self.in_scope(right):
            return (
                f"This token may not {SENTENCES[right]}: its scope is {listed(sorted(self.scopes or ())) or 'empty'}."
            )
        return f"You may not {SENTENCES[right]} here: {who_may(right)} of this team can."

    def teams(self, right: str) -> set[UUID] | None:
        """The ids of the teams for which the actor has ``right`` without a limit; None means all teams."""
        if self.may(right, None):
            return None
        return {team for team in self.grants if team is not None and self.may(right, team)}

    def sees_models_only(self) -> bool:
        """Whether all that the actor may read is of some models: what is no model's lies outside then."""
        limits = self.limits_with("read")
        return bool(limits) and self.teams("read") == set() and all(limit.models is not None for limit in limits)

    def check_whole(self, page: str) -> None:
        """Nothing, when the actor may read more than some models.

        ``page`` says of what a page tells that is no model's, as the beginning of a sentence: "Sources are a team's".

        Raises:
            NotPermitted: it lies outside of what this auditor may see.
        """
        if self.sees_models_only():
            raise NotPermitted(f"{page}; your access as an auditor is limited to some models.", right="read")
