"""What the page of a request says: each sentence comes from the request's own evidence and records, or says unknown.

Evidence is JSON: ``champion`` and ``candidate`` (version numbers), ``rows``, ``since``, ``until``, ``learned`` (a
sentence), ``measures`` (the main one first; see ``Measure``), and ``outcomes`` of both versions, all optional.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Model as Row
from django.urls import NoReverseMatch, reverse

from audit.base.actors import TITLES, Actor, Role
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.own_panels import learned_from
from audit.catalogue.timeline import Event, event_of
from audit.catalogue.words import metric_value
from audit.ledger.selectors import of_subjects, told
from config.ui import format as say
from costs.returns.domain import Counts, in_force, parts, value_of
from costs.returns.models import ValueStatement
from governance.approvals import domain, selectors
from governance.approvals.models import Decision, PromotionRequest, State, Vote

TAGS: Final = {
    State.OPEN: ("waiting", "Waiting"),
    State.APPROVED: ("ok", "Approved"),
    State.REJECTED: ("bad", "Rejected"),
    State.CHANGES_ASKED: ("watch", "Changes asked for"),
    State.WITHDRAWN: ("off", "Withdrawn"),
}
VOTE_TAGS: Final = {
    Decision.APPROVE: ("ok", "Approved"),
    Decision.CHANGES: ("watch", "Asked for changes"),
    Decision.REJECT: ("bad", "Rejected"),
}
WORDS: Final = {
    "better": ("ok", "Better"),
    "none": ("off", "No difference"),
    "worse": ("bad", "Worse"),
    "unknown": ("unknown", "Unknown"),
}
PARAMETERS_SHOWN: Final = 12
DIGEST: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@dataclass(frozen=True, slots=True)
class Measure:
    """A line of the comparison: both values, the difference with its interval, drawn and in words."""

    name: str
    hint: str
    champion: str
    candidate: str
    difference: float | None
    difference_words: str
    low: float | None
    high: float | None
    interval: str
    reach: float
    shape: str
    words: str
    method: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the facts at the top."""

    label: str
    value: str
    detail: str = ""
    url: str = ""
    digest: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A vote that was given, or one that is missing."""

    shape: str
    word: str
    who: str
    detail: str
    comment: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """What both versions would have returned on the compared cases, by the value that is stated for their outcomes."""

    currency: str
    champion: Decimal
    candidate: Decimal
    reason: str

    @property
    def difference(self) -> Decimal:
        """Candidate minus champion."""
        return self.candidate - self.champion


def url_of(name: str, *args: object) -> str:
    """The address of a page; empty where there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def tag(row: PromotionRequest) -> tuple[str, str]:
    """The state as a shape and a word."""
    shape, word = TAGS[State(row.state)]
    if row.state == State.OPEN:
        return shape, f"Waiting for {missing(row)} of {row.policy['quorum']} votes"
    return shape, word


def missing(row: PromotionRequest) -> int:
    """How many approvals an open request still lacks."""
    given = sum(vote.decision == Decision.APPROVE for vote in row.votes.all())
    return max(0, row.policy["quorum"] - given)


def measures(row: PromotionRequest) -> list[Measure]:
    """The comparison's lines; empty when none came with the request."""
    return [measure(one, row.model.unit) for one in row.evidence.get("measures", [])]


def measure(one: dict[str, Any], unit: str) -> Measure:
    """One line of evidence in words."""
    metric = str(one.get("metric", ""))
    places = 1 if unit and metric in {"mae", "rmse", "bias"} else 3
    # A difference of 0.04 minutes would read as nothing with one decimal.
    places = 2 if places == 1 else places

    def value(number: float | None) -> str:
        return say.UNKNOWN if number is None else metric_value(metric, number, unit)

    shape, words = WORDS[domain.words_of(one)]
    return Measure(
        name=str(one.get("name") or metric),
        hint=str(one.get("hint", "")),
        champion=value(one.get("champion")),
        candidate=value(one.get("candidate")),
        difference=one.get("difference"),
        difference_words=say.signed(one.get("difference"), places),
        low=one.get("low"),
        high=one.get("high"),
        interval=say.interval(one.get("low"), one.get("high"), places, with_sign=True),
        reach=domain.reach(one),
        shape=shape,
        words=words,
        method=str(one.get("method", "")),
    )


def verdict(row: PromotionRequest) -> str:
    """The heading of the comparison: its conclusion."""
    lines = measures(row)
    name = f"Version {row.version.number}"
    if not lines:
        return f"Whether version {row.version.number} is better is unknown"
    if any(line.words == "Unknown" for line in lines):
        return f"{name} is {lines[0].words.lower()} on the main measure; not all measures are known"
    worse, better = ([line for line in lines if line.words == words] for words in ("Worse", "Better"))
    if worse:
        return f"{name} is better on {len(better)} and worse on {len(worse)} of {say.count(len(lines), 'measure')}"
    if better:
        return f"{name} is better or equal on every measure" if len(lines) > 1 else f"{name} is better"
    return f"{name} does not differ on any measure"


def compared(row: PromotionRequest) -> str:
    """On what the versions were compared: "The same 12,345 labelled cases, 1 July to 14 July 2013"."""
    evidence = row.evidence
    if not evidence.get("rows"):
        return ""
    cases = f"The same {say.count(evidence['rows'], 'labelled case')}"
    since, until = moment(evidence.get("since")), moment(evidence.get("until"))
    return f"{cases}, {learned_from(since, until)}" if since and until else cases


def moment(text: object) -> datetime | None:
    """An ISO 8601 text as a moment; None when it is not one."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def lede(row: PromotionRequest) -> list[str]:
    """The answer in two or three sentences, from the evidence alone."""
    lines = measures(row)
    if not lines:
        return ["No comparison came with this request, so whether it is better is unknown."]
    main = lines[0]
    new, old = f"Version {row.version.number}", f"v{row.replaces.number}" if row.replaces else "what runs now"
    sizes = f"{main.name} {main.candidate} against {main.champion}"
    sentences = {
        "Better": f"{new} is better than {old}: {sizes}, a difference of {main.difference_words}.",
        "Worse": f"{new} is worse than {old}: {sizes}, a difference of {main.difference_words}.",
        "No difference": f"No difference from {old} can be told: {sizes}.",
        "Unknown": f"Whether it is better than {old} is unknown: the comparison could not be made.",
    }
    said = [sentences[main.words]]
    worse = [line.name for line in lines[1:] if line.words == "Worse"]
    if worse:
        said.append(f"It is worse in {domain.listed(worse)}.")
    found = money(row)
    if found is not None:
        word = "more" if found.difference >= 0 else "less"
        amount = say.money(abs(found.difference), found.currency)
        said.append(f"On the compared cases it would have returned {amount} {word}.")
    return said


def facts(row: PromotionRequest) -> list[Fact]:
    """What is approved, where, by which policy, and who may not vote."""
    policy, barred = row.policy, selectors.excluded(row)
    roles = domain.listed([TITLES[Role(name)].lower() for name in policy["roles"]], "or")
    names = [user.name for user, _ in barred.values()]
    why = "; ".join(f"{user.name} {domain.listed(reasons)}" for user, reasons in barred.values())
    return [
        Fact("What is approved", row.digest, "Artefact, its metrics, this comparison, the policy", digest=True),
        Fact("Where", f"{row.environment.capitalize()}, {row.mode}", f"Alias “{row.environment}”"),
        Fact(
            "Policy",
            f"{policy['name']}, version {policy['version']}",
            f"{policy['quorum']} people, each {roles}; sha256 {policy['digest'][:12]}…",
        ),
        Fact("Who may not vote", domain.listed(names) or "Nobody is excluded", why),
    ]


def changes(row: PromotionRequest) -> list[str]:
    """What differs between the two versions, in sentences."""
    new, old = row.version, row.replaces
    said = [_data(new, old)]
    if old is not None:
        said += _parameters(new, old)
        codes = [version.run.code_version if version.run else "" for version in (old, new)]
        if all(codes):
            said.append("The same code." if codes[0] == codes[1] else f"Other code: {codes[1]} instead of {codes[0]}.")
        else:
            said.append("Whether the code is the same is unknown.")
    if row.model.threshold is not None:
        said.append(f"The threshold stays at {row.model.threshold:g}, and so do the {len(row.model.features)} inputs.")
    return said


def _data(new: ModelVersion, old: ModelVersion | None) -> str:
    learned = [learned_from(version.data_from, version.data_until) if version else "" for version in (new, old)]
    rows = [sum(data.rows or 0 for data in version.training_data.all()) if version else 0 for version in (new, old)]
    if not learned[0]:
        return "What it learned from is unknown."
    size = f": {say.count(rows[0], 'case')}" if rows[0] else ""
    before = f" instead of {learned[1]}" if learned[1] else ""
    than = ""
    if all(rows) and rows[0] != rows[1]:
        than = f", {'up' if rows[0] > rows[1] else 'down'} from {rows[1]:,}"
    return f"It learned from {learned[0]}{before}{size}{than}."


def _parameters(new: ModelVersion, old: ModelVersion) -> list[str]:
    if not new.parameters or not old.parameters:
        return ["Whether the settings are the same is unknown."]
    names = sorted({*new.parameters, *old.parameters})
    other = [name for name in names if new.parameters.get(name) != old.parameters.get(name)]
    if not other:
        return ["The same settings."]
    said = [
        f"{name} {new.parameters.get(name, 'unset')} instead of {old.parameters.get(name, 'unset')}" for name in other
    ]
    more = f", and {len(said) - PARAMETERS_SHOWN} more" if len(said) > PARAMETERS_SHOWN else ""
    return [f"Other settings: {'; '.join(said[:PARAMETERS_SHOWN])}{more}."]


def way_back(row: PromotionRequest) -> list[str]:
    """What stays, and how to return."""
    if row.replaces is None:
        return [f"Nothing runs in {row.environment} yet, so there is nothing to return to."]
    return [
        f"Version {row.replaces.number} stays registered with its artefact; a request for it is the way back.",
        "The retraining rule goes on watching the version that is in production.",
    ]


def steps(row: PromotionRequest) -> list[Step]:
    """The votes so far, and who can give those that are missing."""
    given = [_given(vote) for vote in row.votes.all()]
    lacking = missing(row)
    if row.state != State.OPEN or not lacking:
        return given
    names = [user.name for user in selectors.can_vote(row)]
    nobody = "Nobody who could vote is left: an administrator can grant a role."
    who = f"{domain.listed(names)} can vote." if names else nobody
    return [*given, Step("waiting", "Waiting", say.count(lacking, "more approval"), who)]


def _given(vote: Vote) -> Step:
    shape, word = VOTE_TAGS[Decision(vote.decision)]
    return Step(shape, word, vote.user.name, f"As {TITLES[Role(vote.role)].lower()}", vote.comment, vote.at)


def money(row: PromotionRequest) -> Money | None:
    """What both versions would have returned; None when no value is stated or no outcomes were compared."""
    outcomes = row.evidence.get("outcomes") or {}
    until = moment(row.evidence.get("until"))
    if not {"champion", "candidate"} <= set(outcomes) or until is None:
        return None
    rows = [one.stated() for one in ValueStatement.objects.filter(use_case=row.model.use_case_id)]
    stated = in_force(rows, (until.astimezone(UTC) - timedelta(days=1)).date())
    if stated is None:
        return None
    cases = int(row.evidence.get("rows") or 0)
    values = [_worth(outcomes[side], cases, stated.values) for side in ("champion", "candidate")]
    if values[0] is None or values[1] is None:
        return None
    statement = next(one for one in ValueStatement.objects.filter(pk=stated.id))
    return Money(stated.currency, values[0], values[1], statement.reason)


def _worth(found: dict[str, Any], cases: int, values: Any) -> Decimal | None:
    known = {name: found[name] for name in ("tp", "fp", "fn", "tn", "absolute_error") if name in found}
    return value_of(parts(Counts(predictions=cases, labelled=cases, **known), values))


def waiting(row: PromotionRequest, now: datetime) -> timedelta:
    """How long the request has waited, or waited until it was decided."""
    return (row.decided_at or now) - row.opened_at


def record(row: PromotionRequest, viewer: Actor) -> list[Event]:
    """The ledger's entries about the request, oldest first; digests are cut, as they stand whole in the ledger."""
    return events_about(viewer, [row])


def events_about(viewer: Actor, subjects: list[Row]) -> list[Event]:
    """The ledger's entries about ``subjects``, oldest first."""
    events = [event_of(entry) for entry in told(of_subjects(viewer=viewer, subjects=subjects).order_by("pk"))]
    return [replace(event, changes=DIGEST.sub(r"\1…", event.changes)) for event in events]


def links(model: Model, version: ModelVersion) -> dict[str, str]:
    """Pages of what the request is about."""
    return {
        "model": url_of("catalogue:model", model.slug),
        "version": url_of("catalogue:version", model.slug, version.number),
    }
