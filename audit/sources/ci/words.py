"""How each thing that continuous integration does is told: with its commit, who, when, by hand or not, and the outcome.

What happened is told once, when it is over: a run that is under way is not told, for another delivery may come first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from audit.sources.ci.reading import is_bot
from audit.sources.ci.steps import Rule, step_of
from audit.sources.domain.told import Happening

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
RUNNING: Final = "running"
NEITHER: Final = ""
OUTCOMES: Final[Mapping[str, tuple[str, str]]] = {
    "success": (SUCCEEDED, "succeeded"),
    "succeeded": (SUCCEEDED, "succeeded"),
    "partiallysucceeded": (FAILED, "succeeded in part"),
    "failure": (FAILED, "failed"),
    "failed": (FAILED, "failed"),
    "error": (FAILED, "failed"),
    "rejected": (FAILED, "was rejected"),
    "timed_out": (FAILED, "took too long and was stopped"),
    "startup_failure": (FAILED, "could not start"),
    "action_required": (FAILED, "stopped, for a person has to act"),
    "cancelled": (NEITHER, "was cancelled"),
    "canceled": (NEITHER, "was cancelled"),
    "stopped": (NEITHER, "was stopped"),
    "neutral": (NEITHER, "ended without an outcome"),
    "stale": (NEITHER, "was given up"),
    "in_progress": (RUNNING, "began"),
    "inprogress": (RUNNING, "began"),
    "running": (RUNNING, "began"),
}
"""The systems' words for how a run or deployment stands: ours, and how the sentence goes on. Others are not told."""


def has_ended(word: str) -> bool:
    """Whether a run of which a system says this is over, and was not passed over."""
    outcome = OUTCOMES.get(word.lower())
    return outcome is not None and outcome[0] != RUNNING


class Repository(NamedTuple):
    """Its name ("octo-org/octo-repo") and its address, empty when unknown."""

    name: str
    url: str


class Doer(NamedTuple):
    """Who did it, and whether that is a machine; None when unknown."""

    name: str = ""
    automatic: bool | None = None


def facts_of(**found: Any) -> dict[str, Any]:
    """The facts that are known."""
    return {name: value for name, value in found.items() if value not in (None, "", {}, [])}


def _run(repository: Repository, facts: Mapping[str, Any]) -> str:
    """The run that it was part of: where no commit is told, it is found by this."""
    return f"run:{repository.name}:{facts['run']}" if facts.get("run") else ""


def commit(*, sha: str, at: datetime, author: str, message: str, repository: Repository, url: str = "") -> Happening:
    """A commit was made. Told by a push or by a run of it, it is the same."""
    return Happening(
        id=f"commit:{repository.name}:{sha}",
        at=at,
        kind="commit",
        sentence=f"committed “{message}”" if message else "committed",
        actor=author,
        automatic=is_bot(author),
        commit=sha,
        repository=repository.url,
        url=url,
    )


def push(
    *, sha: str, ref: str, before: str, at: datetime, count: int, doer: Doer, repository: Repository, url: str = ""
) -> Happening:
    """A branch or a tag was moved to the commit ``sha``; ``before`` says from where."""
    branch = ref.removeprefix("refs/heads/")
    tag = ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else ""
    many = f"{count:,} commit{'' if count == 1 else 's'}"
    return Happening(
        id=f"push:{repository.name}:{ref}:{before[:12]}:{sha}",
        at=at,
        kind="tag" if tag else "push",
        sentence=f"set the tag {tag}" if tag else f"pushed {many} to {branch}",
        actor=doer.name,
        automatic=doer.automatic,
        commit=sha,
        repository=repository.url,
        facts=facts_of(tag=tag, branch="" if tag else branch, commits=count),
        url=url,
    )


def run(
    *,
    kind: str,
    key: str,
    names: Sequence[str],
    rules: Sequence[Rule],
    word: str,
    at: datetime,
    started: datetime | None,
    sha: str,
    doer: Doer,
    repository: Repository,
    url: str = "",
    **facts: Any,
) -> Happening | None:
    """A run, job, stage or check has ended; None when ``word`` says that it has not, or was passed over."""
    if not has_ended(word):
        return None
    outcome = OUTCOMES[word.lower()]
    return Happening(
        id=f"{kind}:{repository.name}:{key}",
        at=at,
        kind=kind,
        sentence=f"“{names[0] or kind}” {outcome[1]}",
        actor=doer.name,
        automatic=doer.automatic,
        step=step_of(names, rules),
        outcome=outcome[0],
        commit=sha,
        repository=repository.url,
        run=_run(repository, facts),
        facts=facts_of(name=names[0], started=started.isoformat() if started else "", word=word, **facts),
        url=url,
    )


def deployment(
    *,
    key: str,
    environment: str,
    word: str,
    at: datetime,
    sha: str,
    doer: Doer,
    repository: Repository,
    url: str = "",
    **facts: Any,
) -> Happening | None:
    """A deployment began or ended; None for states between. ``key`` is that of this state, not of the deployment."""
    outcome = OUTCOMES.get(word.lower())
    if outcome is None:
        return None
    return Happening(
        id=f"deployment:{repository.name}:{key}",
        at=at,
        kind="deployment",
        sentence=f"deployment to {environment or 'an environment without a name'} {outcome[1]}",
        actor=doer.name,
        automatic=doer.automatic,
        step="deploy",
        outcome=outcome[0],
        commit=sha,
        repository=repository.url,
        run=_run(repository, facts),
        facts=facts_of(environment=environment, word=word, **facts),
        url=url,
    )


def release(
    *,
    key: str,
    tag: str,
    name: str,
    at: datetime,
    sha: str,
    doer: Doer,
    repository: Repository,
    url: str = "",
    **facts: Any,
) -> Happening:
    """A release was published. Where only its tag is known, the commit is found by the tag's push."""
    return Happening(
        id=f"release:{repository.name}:{key}",
        at=at,
        kind="release",
        sentence=f"published the release {name or tag}",
        actor=doer.name,
        automatic=doer.automatic,
        step="release",
        outcome=SUCCEEDED,
        commit=sha,
        repository=repository.url,
        run=_run(repository, facts) or f"tag:{repository.name}:{tag}",
        facts=facts_of(tag=tag, name=name, **facts),
        url=url,
    )


def merge(
    *, number: str, title: str, at: datetime, sha: str, doer: Doer, repository: Repository, url: str = "", **facts: Any
) -> Happening:
    """A change that others could look at was merged, as the commit ``sha``."""
    return Happening(
        id=f"merge:{repository.name}:{number}",
        at=at,
        kind="merge",
        sentence=f"merged {number}, “{title}”" if title else f"merged {number}",
        actor=doer.name,
        automatic=doer.automatic,
        commit=sha,
        repository=repository.url,
        facts=facts_of(number=number, **facts),
        url=url,
    )
