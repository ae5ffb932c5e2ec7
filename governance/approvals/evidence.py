"""What bundles of evidence tell about decisions: who asked, who said what and why, by which policy, on what exactly."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.base.actors import TITLES, Actor, Role
from audit.catalogue.selectors import PRODUCTION
from audit.exports import sections
from audit.exports.domain.scope import Scope
from audit.exports.facts import standing_at
from audit.exports.report import BAD, OFF, OK, WAITING, WATCH, Cell, Claim, Mark, Section, Table, code, known, table
from audit.exports.words import count, moment
from governance.approvals import selectors
from governance.approvals.models import Decision, PromotionRequest, State, Vote

Votes = dict[UUID, list[Vote]]
CLAIMS: Final = {
    "approvals": "an approved request for each version that went into production",
    "separation": "decisions by people who neither asked for nor built the version",
    "policy": "the policy by which each request is decided",
    "rationale": "reasons for decisions, by those who decided",
}
STATES: Final = {State.OPEN: WAITING, State.APPROVED: OK, State.REJECTED: BAD, State.CHANGES_ASKED: WATCH,
                 State.WITHDRAWN: OFF}  # fmt: skip
DECISIONS: Final = {Decision.APPROVE: OK, Decision.CHANGES: WATCH, Decision.REJECT: BAD}


def register() -> None:
    """Adds the section to every report."""
    sections.register(section, claims=CLAIMS)


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The requests that were open at some time in the scope's period, with the votes that were known."""
    rows = selectors.requests(viewer=viewer).filter(model__in=scope.models, opened_at__lte=as_of)
    requests = sorted(
        (row for row in rows if _touches(row, scope, as_of)), key=lambda row: (row.opened_at, str(row.pk))
    )
    votes = {
        row.pk: sorted((vote for vote in row.votes.all() if vote.at <= as_of), key=lambda vote: (vote.at, str(vote.pk)))
        for row in requests
    }
    return Section(
        key="decisions",
        title="Who allowed what",
        order=60,
        sentences=_sentences(requests, votes, as_of),
        tables=tuple(_tables(requests, votes, as_of)),
        claims=_claims(requests, votes, scope, viewer, as_of),
        lede=_lede(requests, as_of),
    )


def _touches(row: PromotionRequest, scope: Scope, as_of: datetime) -> bool:
    decided = _decided(row, as_of)
    return (scope.end is None or row.opened_at < scope.end) and (
        scope.start is None or decided is None or decided >= scope.start
    )


def _decided(row: PromotionRequest, as_of: datetime) -> datetime | None:
    return row.decided_at if row.decided_at is not None and row.decided_at <= as_of else None


def _state(row: PromotionRequest, as_of: datetime) -> State:
    return State(row.state) if _decided(row, as_of) else State.OPEN


def _lede(requests: Sequence[PromotionRequest], as_of: datetime) -> str:
    if not requests:
        return "Nobody asked for a promotion."
    approved = sum(_state(row, as_of) == State.APPROVED for row in requests)
    waiting = sum(_state(row, as_of) == State.OPEN for row in requests)
    return (
        f"{count(len(requests), 'promotion')} {'was' if len(requests) == 1 else 'were'} asked for: {approved} "
        f"approved, {waiting} waiting, {len(requests) - approved - waiting} refused or taken back."
    )


def _sentences(requests: Sequence[PromotionRequest], votes: Votes, as_of: datetime) -> tuple[str, ...]:
    if not requests:
        return (_lede(requests, as_of),)
    given = sum(map(len, votes.values()))
    return (
        _lede(requests, as_of),
        (
            f"{count(given, 'vote')} {'was' if given == 1 else 'were'} given, each on exactly what the digest beside "
            "the request seals: the artefact, its metrics, the comparison, what it replaces, and the policy."
        ),
    )


def _tables(requests: Sequence[PromotionRequest], votes: Votes, as_of: datetime) -> list[Table]:
    if not requests:
        return []
    asked: list[list[Cell]] = []
    for row in requests:
        state = _state(row, as_of)
        asked.append(
            [
                row.question,
                moment(row.opened_at),
                row.requester_name + (f", for {row.on_behalf_of.name}" if row.on_behalf_of else ""),
                row.reason,
                Mark(STATES[state], state.label),
                moment(_decided(row, as_of)) or Mark(OFF, "not yet"),
            ]
        )
    headings = ["Request", "Asked (UTC)", "By", "Why", "State", "Decided (UTC)"]
    tables = [table("Requests", headings, asked)]
    given: list[list[Cell]] = [
        [
            str(row),
            moment(vote.at),
            vote.user.name,
            TITLES[Role(vote.role)],
            Mark(DECISIONS[Decision(vote.decision)], Decision(vote.decision).label),
            known(vote.comment),
            Mark(OK, "what was asked") if vote.digest == row.digest else Mark(BAD, "something else"),
        ]
        for row in requests
        for vote in votes[row.pk]
    ]
    if given:
        headings = ["Request", "When (UTC)", "Who", "As", "Said", "Why", "Given on"]
        tables.append(table("Votes", headings, given))
    policies = {row.policy["digest"]: row.policy for row in requests}
    rules: list[list[Cell]] = [
        [
            f"{policy['name']}, version {policy['version']}",
            policy["environment"],
            str(policy["quorum"]),
            ", ".join(TITLES[Role(name)] for name in policy["roles"]),
            ", ".join(policy["excluded"]) or "nobody",
        ]
        for _, policy in sorted(policies.items(), key=lambda item: (item[1]["name"], item[1]["version"], item[0]))
    ]
    headings = ["Policy", "For", "Votes needed", "By", "Not by the"]
    tables.append(table("Policies, as each request keeps them", headings, rules))
    digests: list[list[Cell]] = [[str(row), "what is asked", row.digest] for row in requests]
    digests += [[policy["name"], "policy", digest] for digest, policy in sorted(policies.items())]
    tables.append(table("Digests", ["Of", "What", code("SHA-256")], digests, long=len(digests) > 12))
    return tables


def _claims(
    requests: Sequence[PromotionRequest],
    votes: Votes,
    scope: Scope,
    viewer: Actor,
    as_of: datetime,
) -> tuple[Claim, ...]:
    # A version may have been approved before the period in which it ran.
    ever = selectors.requests(viewer=viewer).filter(model__in=scope.models, decided_at__lte=as_of, state=State.APPROVED)
    approved = set(ever.filter(environment=PRODUCTION).values_list("version_id", flat=True))
    ran = {
        one.version_id
        for one in standing_at(scope=scope, viewer=viewer, as_of=as_of)
        if one.what == "deployment" and one.where == PRODUCTION
    }
    given = [(row, vote) for row in requests for vote in votes[row.pk]]
    decided = [row for row in requests if votes[row.pk]]
    apart = sum(all(_is_apart(row, vote) for vote in votes[row.pk]) for row in decided)
    said = sum(bool(vote.comment.strip()) for _, vote in given)
    kept = sum(bool(row.policy.get("digest")) for row in requests)
    return (
        Claim(
            "approvals",
            len(ran & approved),
            len(ran),
            f"{len(ran & approved):,} of {count(len(ran), 'version')} in production with an approved request",
        ),
        Claim(
            "separation",
            apart,
            len(decided),
            f"{apart:,} of {count(len(decided), 'request')} decided by others than requester and author",
        ),
        Claim("policy", kept, len(requests), f"{kept:,} of {count(len(requests), 'request')} with their policy"),
        Claim("rationale", said, len(given), f"{said:,} of {count(len(given), 'vote')} with a reason", said=True),
    )


def _is_apart(row: PromotionRequest, vote: Vote) -> bool:
    author = row.version.author_id  # an unknown author is nobody whom a vote is known to be apart from
    return author is not None and vote.user_id not in {row.requested_by_id, row.on_behalf_of_id, author}
