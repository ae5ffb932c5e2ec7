"""What GitLab's deliveries (documentation, "Webhook events") and answers (REST API v4) tell."""

import re
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
BY_HAND: Final = frozenset({"web", "chat", "webide"})
UNTOLD: Final = frozenset({"", "api", "trigger", "external", "unknown"})
"""What starts a pipeline from outside: a person or a program, GitLab does not say."""
MOST_JOBS: Final = 500
_COMMIT: Final = re.compile(r"/commits?/([0-9a-f]{40}|[0-9a-f]{64})$")


def told(body: Any, rules: Rules) -> Iterable[Happening]:
    """What a delivery tells.

    Raises:
        Malformed: what it needs is not in it.
    """
    if not isinstance(body, Mapping):
        raise Malformed("The body is no object.")
    reader = READERS.get(text(body.get("object_kind")))
    return [one for one in reader(body, rules) if one is not None] if reader else []


def project_of(value: Any) -> Repository:
    """The project that a delivery is about."""
    name = needed(text(inside(value, "path_with_namespace")), "project.path_with_namespace", "name of a project")
    return Repository(name, address(inside(value, "web_url")))


def name_of(user: Any) -> str:
    """A user's name in GitLab."""
    return text(inside(user, "username")) or text(inside(user, "name"))


def _push(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening]:
    project = project_of(body.get("project"))
    after = sha(body.get("checkout_sha")) or sha(body.get("after"))
    if not after or not sha(body.get("after")):
        return []
    made = [_commit(one, project) for one in rows(body.get("commits"))]
    if not made:
        return []
    total, user = body.get("total_commits_count"), text(body.get("user_username")) or text(body.get("user_name"))
    pushed = words.push(
        sha=after,
        ref=needed(text(body.get("ref")), "ref", "branch or tag"),
        before=sha(body.get("before")),
        at=max(one.at for one in made),
        count=total if isinstance(total, int) and not isinstance(total, bool) else len(made),
        doer=Doer(user, is_bot(user) if user else None),
        repository=project,
        url=f"{project.url}/-/commit/{after}" if project.url else "",
    )
    return [*made, pushed]


def _commit(value: Mapping[str, Any], project: Repository) -> Happening:
    found = needed(sha(value.get("id")), "commits.id", "commit")
    return words.commit(
        sha=found,
        at=needed(moment(value.get("timestamp")), "commits.timestamp", "time"),
        author=text(inside(value, "author", "name")),
        message=first_line(value.get("message")),
        repository=project,
        url=f"{project.url}/-/commit/{found}" if project.url else "",
    )


def _pipeline(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    project, pipeline = project_of(body.get("project")), body.get("object_attributes")
    ended = pipeline_told(pipeline, project, rules, user=body.get("user"))
    if ended is None:
        return []
    commit = body.get("commit")
    jobs = [_job(one, project, pipeline, ended, rules) for one in rows(body.get("builds"), MOST_JOBS)]
    return [_commit(commit, project) if isinstance(commit, Mapping) else None, ended, *jobs]


def pipeline_told(value: Any, project: Repository, rules: Rules, *, user: Any) -> Happening | None:
    """A pipeline that has ended; None for one that has not."""
    word, source = text(inside(value, "status")), text(inside(value, "source"))
    if not words.has_ended(word):
        return None
    at = moment(inside(value, "finished_at")) or moment(inside(value, "updated_at"))
    number = needed(ident(inside(value, "id")), "object_attributes.id", "id")
    return words.run(
        kind="run",
        key=number,
        names=[text(inside(value, "name")) or "pipeline"],
        rules=rules,
        word=word,
        at=needed(at or moment(inside(value, "created_at")), "object_attributes.finished_at", "time"),
        started=moment(inside(value, "created_at")),
        sha=needed(sha(inside(value, "sha")), "object_attributes.sha", "commit"),
        doer=Doer(name_of(user), _automatic(source, name_of(user))),
        repository=project,
        url=address(inside(value, "url")) or address(inside(value, "web_url")),
        run=number,
        trigger=source,
        branch=text(inside(value, "ref")),
    )


def _automatic(source: str, user: str) -> bool | None:
    if is_bot(user):
        return True
    return False if source in BY_HAND else None if source in UNTOLD else True


def _job(
    value: Mapping[str, Any], project: Repository, pipeline: Any, ended: Happening, rules: Rules
) -> Happening | None:
    ends = moment(value.get("finished_at"))
    if ends is None:
        return None
    by_hand = value.get("manual") is True
    return words.run(
        kind="job",
        key=needed(ident(value.get("id")), "builds.id", "id"),
        names=[text(value.get("name")), text(value.get("stage"))],
        rules=rules,
        word=text(value.get("status")),
        at=ends,
        started=moment(value.get("started_at")),
        sha=ended.commit,
        doer=Doer(name_of(value.get("user")), False if by_hand else ended.automatic),
        repository=project,
        run=ident(inside(pipeline, "id")),
        job=ident(value.get("id")),
        environment=text(inside(value, "environment", "name")),
        branch=text(inside(pipeline, "ref")),
    )


def _build(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    ends = moment(body.get("build_finished_at"))
    if ends is None:
        return []
    return [
        words.run(
            kind="job",
            key=needed(ident(body.get("build_id")), "build_id", "id"),
            names=[text(body.get("build_name")), text(body.get("build_stage"))],
            rules=rules,
            word=text(body.get("build_status")),
            at=ends,
            started=moment(body.get("build_started_at")),
            sha=needed(sha(body.get("sha")), "sha", "commit"),
            doer=Doer(name_of(body.get("user")), is_bot(name_of(body.get("user"))) or None),
            repository=project_of(body.get("project")),
            run=ident(body.get("pipeline_id")),
            job=ident(body.get("build_id")),
            environment=text(inside(body, "environment", "name")),
            branch=text(body.get("ref")),
        )
    ]


def _deployment(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    word, user = text(body.get("status")), name_of(body.get("user"))
    whole = _COMMIT.search(text(body.get("commit_url"), 1000))
    return [
        deployment_told(
            number=needed(ident(body.get("deployment_id")), "deployment_id", "id"),
            word=word,
            at=needed(moment(body.get("status_changed_at")), "status_changed_at", "time"),
            commit=needed(whole[1] if whole else sha(body.get("short_sha")), "commit_url", "commit"),
            environment=text(body.get("environment")),
            tier=text(body.get("environment_tier")),
            job=ident(body.get("deployable_id")),
            user=user,
            project=project_of(body.get("project")),
            url=address(body.get("deployable_url")),
            branch=text(body.get("ref")),
        )
    ]


def deployment_told(
    *,
    number: str,
    word: str,
    at: Any,
    commit: str,
    environment: str,
    tier: str,
    job: str,
    user: str,
    project: Repository,
    url: str,
    branch: str,
) -> Happening | None:
    """A deployment began or ended. Whether by hand is known of its job."""
    return words.deployment(
        key=f"{number}:{word}",
        environment=environment,
        word=word,
        at=at,
        sha=commit,
        doer=Doer(user, is_bot(user) or None),
        repository=project,
        url=url,
        deployment=number,
        tier=tier,
        job=job,
        branch=branch,
    )


def _release(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    if body.get("action") != "create":
        return []
    return [release_told(body, project_of(body.get("project")), url=address(body.get("url")))]


def release_told(value: Any, project: Repository, *, url: str) -> Happening:
    """A release. A delivery does not tell who made it, so nobody is told in either way."""
    tag = text(inside(value, "tag")) or text(inside(value, "tag_name"))
    return words.release(
        key=needed(tag, "tag", "tag"),
        tag=tag,
        name=text(inside(value, "name")),
        at=needed(moment(inside(value, "released_at")) or moment(inside(value, "created_at")), "released_at", "time"),
        sha=sha(inside(value, "commit", "id")),
        doer=Doer(),
        repository=project,
        url=url,
    )


def _merge(body: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    change = body.get("object_attributes")
    if inside(change, "action") != "merge":
        return []
    user = name_of(body.get("user"))
    made = sha(inside(change, "merge_commit_sha")) or sha(inside(change, "squash_commit_sha"))
    at = moment(inside(change, "merged_at")) or moment(inside(change, "updated_at"))
    return [
        words.merge(
            number=f"!{needed(ident(inside(change, 'iid')), 'object_attributes.iid', 'number')}",
            title=first_line(inside(change, "title")),
            at=needed(at, "object_attributes.updated_at", "time"),
            sha=needed(made or sha(inside(change, "last_commit", "id")), "object_attributes.last_commit.id", "commit"),
            doer=Doer(user, is_bot(user) if user else None),
            repository=project_of(body.get("project")),
            url=address(inside(change, "url")),
            head=sha(inside(change, "last_commit", "id")),
        )
    ]


READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Rules], Iterable[Happening | None]]]] = {
    "push": _push,
    "tag_push": _push,
    "pipeline": _pipeline,
    "build": _build,
    "deployment": _deployment,
    "release": _release,
    "merge_request": _merge,
}
