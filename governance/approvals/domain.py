"""A decision is made under a frozen policy, by people who neither asked nor built, on exactly what they were shown."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rfc8785
import yaml

from audit.base.actors import Role
from audit.base.errors import InvalidInput
from audit.base.transitions import Transitions

OPEN, APPROVED, REJECTED, CHANGES_ASKED, WITHDRAWN = "open", "approved", "rejected", "changes_asked", "withdrawn"
APPROVE, ASK_CHANGES, REJECT, WITHDRAW, REACH_QUORUM = "approve", "changes", "reject", "withdraw", "reach_quorum"

REQUEST: Final = Transitions(
    noun="request",
    table={
        (OPEN, APPROVE): OPEN,
        (OPEN, REACH_QUORUM): APPROVED,
        (OPEN, ASK_CHANGES): CHANGES_ASKED,
        (OPEN, REJECT): REJECTED,
        (OPEN, WITHDRAW): WITHDRAWN,
    },
    refusals={
        APPROVED: "This request has been approved, so it cannot be decided again.",
        REJECTED: "This request has been rejected, so it cannot be decided again.",
        CHANGES_ASKED: "Changes were asked for, which closed this request. The next one will be a new request.",
        WITHDRAWN: "This request was withdrawn, so it cannot be decided.",
    },
)
EXCLUDABLE: Final = {
    "requester": "asked for this promotion",
    "author": "is the author of the version",
}
KEYS: Final = {"name", "version", "environment", "quorum", "roles", "excluded", "comment_required"}
MAX_QUORUM: Final = 20


@dataclass(frozen=True, slots=True)
class Policy:
    """Who decides, and how many of them. ``digest`` is the SHA-256 of ``text``, the policy as it is written."""

    name: str
    version: int
    environment: str
    quorum: int
    roles: tuple[Role, ...]
    excluded: tuple[str, ...]
    comment_required: bool
    text: str
    digest: str

    def snapshot(self) -> dict[str, Any]:
        """The policy as JSON, which a request keeps for its whole life."""
        return {
            "name": self.name,
            "version": self.version,
            "environment": self.environment,
            "quorum": self.quorum,
            "roles": [role.value for role in self.roles],
            "excluded": list(self.excluded),
            "comment_required": self.comment_required,
            "text": self.text,
            "digest": self.digest,
        }


def parse_policy(text: str, *, where: str = "policy") -> Policy:
    """The policy that ``text`` (YAML) states.

    Raises:
        InvalidInput: it is not a policy; the sentence names the key and says what belongs there.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput(f"This is not YAML: {error}", where=where) from None
    if not isinstance(raw, dict):
        raise InvalidInput("A policy is a list of keys with values.", where=where)
    missing, unknown = KEYS - set(raw), set(raw) - KEYS
    if missing or unknown:
        wrong = [f"lacks {key}" for key in sorted(missing)] + [f"has the unknown key {key}" for key in sorted(unknown)]
        raise InvalidInput(f"The policy {', '.join(wrong)}.", where=where)
    _check(raw, "quorum", _whole(raw["quorum"], MAX_QUORUM), f"a whole number from 1 to {MAX_QUORUM}", where)
    _check(raw, "version", _whole(raw["version"], 10**6), "a whole number from 1", where)
    for key in ("name", "environment"):
        _check(raw, key, isinstance(raw[key], str) and bool(raw[key].strip()), "text", where)
    _check(raw, "roles", _names(raw["roles"], set(Role), least=1), f"at least one of {', '.join(Role)}", where)
    _check(raw, "excluded", _names(raw["excluded"], set(EXCLUDABLE)), f"some of {', '.join(EXCLUDABLE)}", where)
    _check(raw, "comment_required", isinstance(raw["comment_required"], bool), "true or false", where)
    return Policy(
        name=raw["name"],
        version=raw["version"],
        environment=raw["environment"],
        quorum=raw["quorum"],
        roles=tuple(Role(name) for name in raw["roles"]),
        excluded=tuple(raw["excluded"]),
        comment_required=raw["comment_required"],
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def restored(snapshot: Mapping[str, Any]) -> Policy:
    """The policy that a request keeps."""
    roles = tuple(Role(name) for name in snapshot["roles"])
    return Policy(**{**snapshot, "roles": roles, "excluded": tuple(snapshot["excluded"])})


def _check(raw: Mapping[str, Any], key: str, holds: bool, expected: str, where: str) -> None:
    if not holds:
        raise InvalidInput(f"{key} is {raw[key]!r}; it should be {expected}.", where=where)


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _names(value: object, allowed: set[Any], least: int = 0) -> bool:
    return isinstance(value, list) and len(value) >= least and set(value) <= allowed


def binding(
    *,
    model: str,
    version: int,
    artefact_digest: str,
    metrics: Mapping[str, Any],
    replaces: int | None,
    environment: str,
    mode: str,
    evidence: Mapping[str, Any],
    policy: Mapping[str, Any],
) -> str:
    """The SHA-256 (hex) over the RFC 8785 canonical JSON of everything that a vote is given on.

    Raises:
        InvalidInput: a figure is not a finite number, or too large for JSON.
    """
    content: dict[str, Any] = {
        "model": model,
        "version": version,
        "artefact": artefact_digest,
        "metrics": dict(metrics),
        "replaces": replaces,
        "environment": environment,
        "mode": mode,
        "evidence": dict(evidence),
        "policy": {key: policy[key] for key in ("name", "version", "digest")},
    }
    try:
        return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise InvalidInput(f"This cannot be sealed: {error}.", where="evidence", mend="Send finite numbers.") from None


def event_of(decision: str, approvals: int, quorum: int) -> str:
    """What a vote does to its request: ``approvals`` counts those given, this one included."""
    if decision != APPROVE:
        return decision
    return REACH_QUORUM if approvals >= quorum else APPROVE


def words_of(measure: Mapping[str, Any]) -> str:
    """better, none, worse or unknown: whether the difference's interval lies on the good or the bad side of zero.

    ``measure`` has ``low`` and ``high`` of the difference (candidate minus champion), and ``higher_is_better``.
    """
    low, high, higher = measure.get("low"), measure.get("high"), measure.get("higher_is_better")
    if low is None or high is None or higher is None:
        return "unknown"
    if low > 0:
        return "better" if higher else "worse"
    if high < 0:
        return "worse" if higher else "better"
    return "none"


def reach(measure: Mapping[str, Any]) -> float:
    """The end of the scale on which a difference is drawn: its own interval, rounded up a little."""
    ends = [abs(value) for value in (measure.get("low"), measure.get("high"), measure.get("difference")) if value]
    return max(ends, default=1.0) * 1.25


def listed(names: Sequence[str], last: str = "and") -> str:
    """As in "Ines", "Ines and Maria", "Ines, Maria and Helen"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
