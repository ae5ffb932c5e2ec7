"""What waits for the viewer, and what changed lately: rules that fired, retrainings, decisions, new versions."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import NoReverseMatch, reverse

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import AliasPeriod
from audit.lineage import recalled
from audit.sources import selectors as sources
from config.ui import format as say
from governance.approvals import selectors as approvals
from governance.approvals.models import PromotionRequest, State
from governance.retraining import selectors as retraining
from governance.retraining.models import Evaluation, Outcome, Retraining
from governance.retraining.models import State as RunState

SHOWN = 6
OUTCOMES = {
    Outcome.BETTER: ("ok", "Better"),
    Outcome.NOT_BETTER: ("watch", "No gain"),
    Outcome.WORSE: ("watch", "No gain"),
    Outcome.UNDECIDED: ("unknown", "Undecided"),
}
ENDS = {
    State.APPROVED: ("ok", "Approved"),
    State.REJECTED: ("bad", "Rejected"),
    State.CHANGES_ASKED: ("watch", "Changes"),
    State.WITHDRAWN: ("off", "Withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that the viewer can decide now."""

    title: str
    text: str
    url: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened: a tag with shape and word, the sentence, and when (``day`` in words)."""

    shape: str
    word: str
    title: str
    text: str
    url: str
    day: str
    recorded_at: datetime


def link(name: str, *arguments: object) -> str:
    """The address of a page; empty where that page does not exist."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def waiting_for(*, viewer: Actor) -> list[Waiting]:
    """Requests to vote on, reviews and incidents to close, models that learned from withdrawn data; oldest first."""
    found = [
        Waiting(row.question, _votes(row), link("approvals:request", row.pk), row.opened_at)
        for row in approvals.waiting_for(viewer)
    ]
    found += [
        Waiting(
            f"{row.deployment} learned from withdrawn data",
            row.recall.reason,
            link("lineage:task", row.recall_id, row.pk),
            row.created_at,
        )
        for row in recalled.waiting_for(viewer)
    ]
    found += [
        Waiting(row.get_kind_display(), row.sentence, link("sources:incident", row.pk), row.at)
        for row in sources.incidents_for(viewer)
    ]
    if viewer.may_anywhere("retraining.review"):
        found += [
            Waiting(
                f"Look at {row.model}: retraining did not help",
                row.reason,
                link("retraining:review", row.pk) or link("catalogue:model", row.model.slug),
                row.opened_at,
            )
            for row in retraining.open_reviews(viewer=viewer)
            if viewer.may("retraining.review", row.model.use_case.team_id)
        ]
    return sorted(found, key=lambda one: one.since)


def open_elsewhere(*, viewer: Actor, mine: int) -> int:
    """How many open requests and reviews of the viewer's teams others decide on."""
    asked = approvals.requests(viewer=viewer).filter(state=State.OPEN).count()
    return max(0, asked + retraining.open_reviews(viewer=viewer).count() - mine)


def changes(*, viewer: Actor) -> list[Change]:
    """The newest changes, as they were recorded."""
    found = [_fired(one) for one in retraining.evaluations(viewer=viewer).filter(fired=True).order_by("-at")[:SHOWN]]
    done = retraining.retrainings(viewer=viewer).filter(state__in=(RunState.FINISHED, RunState.FAILED))
    found += [_retrained(one) for one in done[:SHOWN]]
    found += [_asked(one) for one in approvals.requests(viewer=viewer)[:SHOWN]]
    moved = catalogue.aliases(viewer=viewer).filter(alias=catalogue.PRODUCTION).order_by("-created_at")
    found += [_moved(one) for one in moved[:SHOWN]]
    return sorted(found, key=lambda one: one.recorded_at, reverse=True)[:SHOWN]


def _votes(row: PromotionRequest) -> str:
    given, quorum = len(row.votes.all()), row.policy.get("quorum")
    return f"Promotion to {row.environment}. {given} of {quorum} votes given." if quorum else row.reason


def _fired(one: Evaluation) -> Change:
    return Change(
        "bad",
        "Worse",
        f"{one.rule.model} broke its threshold",
        one.sentence,
        link("catalogue:model", one.rule.model.slug),
        f"week of {say.day(one.week)}",
        one.at,
    )


def _retrained(one: Retraining) -> Change:
    shape, word = OUTCOMES.get(Outcome(one.outcome), ("unknown", "Undecided")) if one.outcome else ("bad", "Failed")
    title = f"{one.model} was retrained" if one.outcome else f"Retraining {one.model} failed"
    url = link("retraining:retraining", one.pk) or link("catalogue:model", one.model.slug)
    return Change(
        shape, word, title, one.sentence, url, f"week of {say.day(one.week)}", one.finished_at or one.created_at
    )


def _asked(row: PromotionRequest) -> Change:
    url = link("approvals:request", row.pk)
    if row.state == State.OPEN or row.decided_at is None:
        return Change("waiting", "Waiting", row.question, _votes(row), url, say.day(row.opened_at), row.opened_at)
    shape, word = ENDS[State(row.state)]
    title = f"{row.version} for {row.environment}: {word.lower()}"
    return Change(shape, word, title, row.question, url, say.day(row.decided_at), row.decided_at)


def _moved(period: AliasPeriod) -> Change:
    url = link("catalogue:version", period.model.slug, period.version.number)
    title = f"{period.model} v{period.version.number} became production"
    return Change("ok", "New", title, "", url, say.day(period.since.astimezone(UTC).date()), period.created_at)
