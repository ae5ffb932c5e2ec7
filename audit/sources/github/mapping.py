"""What GitHub's deliveries and answers tell (REST API 2022-11-28; the objects are the same in both)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from audit.sources.ci import words
from audit.sources.ci.reading import (
    address,
    first_line,
    ident,
    inside,
    is_bot,
    moment,
    needed,
    rows,
    sha,
    text,
)
from audit.sources.ci.steps import Rule
from audit.sources.ci.words import Doer, Repository
from audit.sources.contract import Malformed
from audit.sources.domain.told import Happening

Rules = Sequence[Rule]
BY_HAND: Final = frozenset({"workflow_dispatch"})
UNTOLD: Final = frozenset({"", "repository_dispatch"})
"""What starts a run from outside: a person or a program, GitHub does not say."""
OWN_CHECKS: Final = "github-actions"
"""The app whose checks are the jobs of workflows, which are told as such."""


def told(event: str, body: Any, rules: Rules) -> Iterable[Happening]:
    """What a delivery tells.

    Raises:
        Malformed: what it needs is not in it.
    """
    if not isinstance(body, Mapping):
        raise Malformed("The body is no object.")
    reader = READERS.get(event)
    return [one for one in reader(body, rules) if one is not None] if reader else []


def repository_of(value: Any) -> Repository:
    """The repository that an object or delivery is about."""
    name = needed(text(inside(value, "full_name")), "repository.full_name", "name of a repository")
    return Repository(name, address(inside(value, "html_url")))


def doer_of(user: Any, *, program: bool = False) -> Doer:
    """A user as doer; ``program`` says that it acted through an app. Unknown users did it unknown how."""
    name = text(inside(user, "login"))
    if not name:
        return Doer("", True if program else None)
    return Doer(name, program or inside(user, "type") == "Bot" or is_bot(name))


def _push(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening]:
    repository = repository_of(body.get("repository"))
    after = sha(body.get("after"))
    if body.get("deleted") is True or not after:
        return []
    made = {sha(one.get("id")): one for one in rows(body.get("commits"))}
    head = body.get("head_commit")
    if isinstance(head, Mapping):
        made[sha(head.get("id"))] = head
    at = moment(inside(body, "repository", "pushed_at")) or moment(inside(head, "timestamp"))
    commits = body.get("commits")
    pushed = words.push(
        sha=after,
        ref=needed(text(body.get("ref")), "ref", "branch or tag"),
        before=sha(body.get("before")),
        at=needed(at, "head_commit.timestamp", "time"),
        count=len(commits) if isinstance(commits, list) else 0,
        doer=doer_of(body.get("sender")),
        repository=repository,
        url=address(body.get("compare")),
    )
    return [*(_commit(one, repository) for one in made.values()), pushed]


def _commit(value: Mapping[str, Any], repository: Repository) -> Happening:
    found = needed(sha(value.get("id")), "commits.id", "commit")
    return words.commit(
        sha=found,
        at=needed(moment(value.get("timestamp")), "commits.timestamp", "time"),
        author=text(inside(value, "author", "name")),
        message=first_line(value.get("message")),
        repository=repository,
        url=f"{repository.url}/commit/{found}" if repository.url else "",
    )


def _workflow_run(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    if body.get("action") != "completed":
        return []
    name = text(inside(body, "workflow", "name"))
    return run_told(body.get("workflow_run"), repository_of(body.get("repository")), rules, name)


def run_told(value: Any, repository: Repository, rules: Rules, name: str = "") -> list[Happening | None]:
    """A workflow run that has ended, and the commit that it ran for."""
    event, attempt = text(inside(value, "event")), ident(inside(value, "run_attempt")) or "1"
    actor = doer_of(inside(value, "triggering_actor") or inside(value, "actor"))
    if actor.automatic is not True:
        by_hand = event in BY_HAND or attempt != "1"
        actor = Doer(actor.name, False if by_hand else None if event in UNTOLD else True)
    head = inside(value, "head_commit")
    number = needed(ident(inside(value, "id")), "workflow_run.id", "id")
    told = words.run(
        kind="run",
        key=f"{number}:{attempt}",
        names=[name or text(inside(value, "name"))],
        rules=rules,
        word=text(inside(value, "conclusion")),
        at=needed(moment(inside(value, "updated_at")), "workflow_run.updated_at", "time"),
        started=moment(inside(value, "run_started_at")) or moment(inside(value, "created_at")),
        sha=needed(sha(inside(value, "head_sha")), "workflow_run.head_sha", "commit"),
        doer=actor,
        repository=repository,
        url=address(inside(value, "html_url")),
        run=number,
        trigger=event,
        branch=text(inside(value, "head_branch")),
    )
    return [_commit(head, repository) if isinstance(head, Mapping) else None, told]


def _workflow_job(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    if body.get("action") != "completed":
        return []
    job = body.get("workflow_job")
    return [
        words.run(
            kind="job",
            key=needed(ident(inside(job, "id")), "workflow_job.id", "id"),
            names=[text(inside(job, "name")), text(inside(job, "workflow_name"))],
            rules=rules,
            word=text(inside(job, "conclusion")),
            at=needed(moment(inside(job, "completed_at")), "workflow_job.completed_at", "time"),
            started=moment(inside(job, "started_at")),
            sha=needed(sha(inside(job, "head_sha")), "workflow_job.head_sha", "commit"),
            doer=Doer(text(inside(body, "sender", "login"))),
            repository=repository_of(body.get("repository")),
            url=address(inside(job, "html_url")),
            run=ident(inside(job, "run_id")),
            branch=text(inside(job, "head_branch")),
        )
    ]


def _check_run(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    check = body.get("check_run")
    if body.get("action") != "completed" or inside(check, "app", "slug") == OWN_CHECKS:
        return []
    return [
        words.run(
            kind="check",
            key=needed(ident(inside(check, "id")), "check_run.id", "id"),
            names=[text(inside(check, "name"))],
            rules=rules,
            word=text(inside(check, "conclusion")),
            at=needed(moment(inside(check, "completed_at")), "check_run.completed_at", "time"),
            started=moment(inside(check, "started_at")),
            sha=needed(sha(inside(check, "head_sha")), "check_run.head_sha", "commit"),
            doer=Doer(text(inside(check, "app", "name")), True),
            repository=repository_of(body.get("repository")),
            url=address(inside(check, "html_url")),
            summary=first_line(inside(check, "output", "title")),
        )
    ]


def _status(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    return [
        words.run(
            kind="check",
            key=f"status:{needed(ident(body.get('id')), 'id', 'id')}",
            names=[text(body.get("context"))],
            rules=rules,
            word=text(body.get("state")),
            at=needed(moment(body.get("created_at")), "created_at", "time"),
            started=None,
            sha=needed(sha(body.get("sha")), "sha", "commit"),
            doer=doer_of(body.get("sender")),
            repository=repository_of(body.get("repository")),
            url=address(body.get("target_url")),
            summary=first_line(body.get("description")),
        )
    ]


def _deployment_status(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    status, deployment = body.get("deployment_status"), body.get("deployment")
    return [deployment_told(status, deployment, repository_of(body.get("repository")))]


def deployment_told(status: Any, deployment: Any, repository: Repository) -> Happening | None:
    """A deployment began or ended. Who asked for it did it, not the program that reports its state."""
    return words.deployment(
        key=f"{needed(ident(inside(status, 'id')), 'deployment_status.id', 'id')}:{text(inside(status, 'state'), 40)}",
        environment=text(inside(status, "environment")) or text(inside(deployment, "environment")),
        word=text(inside(status, "state")),
        at=needed(moment(inside(status, "created_at")), "deployment_status.created_at", "time"),
        sha=needed(sha(inside(deployment, "sha")), "deployment.sha", "commit"),
        doer=doer_of(
            inside(deployment, "creator"),
            program=isinstance(inside(deployment, "performed_via_github_app"), Mapping),
        ),
        repository=repository,
        url=address(inside(status, "log_url")) or address(inside(status, "target_url")),
        deployment=ident(inside(deployment, "id")),
        branch=text(inside(deployment, "ref")),
        asked=text(inside(deployment, "created_at"), 40),
    )


def _release(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    if body.get("action") != "published":
        return []
    return [release_told(body.get("release"), repository_of(body.get("repository")))]


def release_told(value: Any, repository: Repository) -> Happening | None:
    """A release that is published; None for a draft."""
    if inside(value, "draft") is True:
        return None
    target = text(inside(value, "target_commitish"))
    return words.release(
        key=needed(ident(inside(value, "id")), "release.id", "id"),
        tag=needed(text(inside(value, "tag_name")), "release.tag_name", "tag"),
        name=text(inside(value, "name")),
        at=needed(moment(inside(value, "published_at")), "release.published_at", "time"),
        sha=sha(target) if len(target) in {40, 64} else "",
        doer=doer_of(inside(value, "author")),
        repository=repository,
        url=address(inside(value, "html_url")),
        prerelease=inside(value, "prerelease") is True or None,
    )


def _pull_request(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    change = body.get("pull_request")
    if body.get("action") != "closed" or inside(change, "merged") is not True:
        return []
    return [
        words.merge(
            number=f"#{needed(ident(inside(change, 'number')), 'pull_request.number', 'number')}",
            title=first_line(inside(change, "title")),
            at=needed(moment(inside(change, "merged_at")), "pull_request.merged_at", "time"),
            sha=needed(sha(inside(change, "merge_commit_sha")), "pull_request.merge_commit_sha", "commit"),
            doer=doer_of(inside(change, "merged_by")),
            repository=repository_of(body.get("repository")),
            url=address(inside(change, "html_url")),
            author=text(inside(change, "user", "login")),
            head=sha(inside(change, "head", "sha")),
        )
    ]


READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Rules], Iterable[Happening | None]]]] = {
    "push": _push,
    "workflow_run": _workflow_run,
    "workflow_job": _workflow_job,
    "check_run": _check_run,
    "status": _status,
    "deployment_status": _deployment_status,
    "release": _release,
    "pull_request": _pull_request,
}
