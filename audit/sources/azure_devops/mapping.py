"""What the service hooks of Azure DevOps tell (documentation, "Service hooks events"; resource version 1.0 on)."""

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
BY_HAND: Final = frozenset({"manual", "usercreated"})
BY_ITSELF: Final = frozenset(
    {
        "individualci", "batchedci", "schedule", "scheduleforced", "pullrequest", "buildcompletion", "resourcetrigger",
        "continuousintegration", "validateshelveset", "checkinshelveset", "triggered", "automated", "scheduled",
    }
)  # fmt: skip
"""Reasons of builds, releases and deployments, in lower case."""
_GOT: Final = re.compile(r"^L?G:(?P<ref>[^:]*):(?P<sha>[0-9a-fA-F]{40,64})$")
"""How builds of the old kind write branch and commit: "LG:refs/heads/master:600c52d2…"."""


def told(event: str, body: Any, rules: Rules) -> Iterable[Happening]:
    """What a delivery tells. Names of events are taken by their end: their beginnings were renamed.

    Raises:
        Malformed: what it needs is not in it.
    """
    if not isinstance(body, Mapping):
        raise Malformed("The body is no object.")
    for ending, reader in READERS.items():
        if event.endswith(ending):
            if not isinstance(body.get("resource"), Mapping):
                raise Malformed("resource is no object. Send all details of the resource.")
            return [one for one in reader(body, body["resource"], rules) if one is not None]
    return []


def _project(body: Mapping[str, Any], resource: Any) -> str:
    return (
        text(inside(resource, "project", "name"))
        or text(inside(resource, "repository", "project", "name"))
        or text(inside(body, "resourceContainers", "project", "id"))
    )


def _repository(body: Mapping[str, Any], resource: Any) -> Repository:
    project, name = _project(body, resource), text(inside(resource, "repository", "name"))
    url = address(inside(resource, "repository", "remoteUrl")) or address(inside(resource, "repository", "url"))
    return Repository("/".join(filter(None, (project, name))), "" if "/_apis/" in url else url)


def _who(identity: Any) -> str:
    """A person or service: its name for people, for its unique name may hold a domain and a sign-in."""
    return text(inside(identity, "displayName"))


def _doer(identity: Any, reason: Any) -> Doer:
    """Who is named, and by the reason whether by hand."""
    name, why = _who(identity), text(reason).lower()
    if is_bot(name) or why in BY_ITSELF:
        return Doer(name, True)
    return Doer(name, False if why in BY_HAND else None)


def _push(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening]:
    repository = _repository(body, resource)
    at = needed(moment(resource.get("date")), "resource.date", "time")
    user, commits = _who(resource.get("pushedBy")), rows(resource.get("commits"))
    found = [
        words.push(
            sha=sha(update.get("newObjectId")),
            ref=needed(text(update.get("name")), "resource.refUpdates.name", "branch or tag"),
            before=sha(update.get("oldObjectId")),
            at=at,
            count=len(commits),
            doer=Doer(user, is_bot(user) if user else None),
            repository=repository,
        )
        for update in rows(resource.get("refUpdates"))
        if sha(update.get("newObjectId"))
    ]
    return [*(_commit(one, repository) for one in commits), *found]


def _commit(value: Mapping[str, Any], repository: Repository) -> Happening:
    found = needed(sha(value.get("commitId")), "resource.commits.commitId", "commit")
    return words.commit(
        sha=found,
        at=needed(moment(inside(value, "author", "date")), "resource.commits.author.date", "time"),
        author=text(inside(value, "author", "name")),
        message=first_line(value.get("comment")),
        repository=repository,
        url=f"{repository.url}/commit/{found}" if repository.url else "",
    )


def _build(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    got = _GOT.match(text(resource.get("sourceGetVersion"), 500))
    commit = sha(resource.get("sourceVersion")) or sha(got["sha"] if got else "")
    asked = next(iter(rows(resource.get("requests"))), {})
    number = needed(ident(resource.get("id")), "resource.id", "id")
    return [
        words.run(
            kind="run",
            key=number,
            names=[text(inside(resource, "definition", "name")) or text(resource.get("buildNumber"))],
            rules=rules,
            word=text(resource.get("result")) or text(resource.get("status")),
            at=needed(moment(resource.get("finishTime")), "resource.finishTime", "time"),
            started=moment(resource.get("startTime")),
            sha=needed(commit, "resource.sourceVersion", "commit"),
            doer=_doer(resource.get("requestedFor") or asked.get("requestedFor"), resource.get("reason")),
            repository=_repository(body, resource),
            url=address(inside(resource, "_links", "web", "href")),
            run=number,
            trigger=text(resource.get("reason")),
            branch=(text(resource.get("sourceBranch")) or (got["ref"] if got else "")).removeprefix("refs/heads/"),
        )
    ]


def _stage(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    """A stage has ended. It names its build; the commit is the build's where the stage does not name it."""
    stage, run = resource.get("stage"), resource.get("run")
    number = needed(ident(inside(run, "id")), "resource.run.id", "id")
    name = needed(text(inside(stage, "name")), "resource.stage.name", "name")
    source = inside(run, "resources", "repositories", "self", "version")
    return [
        words.run(
            kind="stage",
            key=f"{number}:{ident(inside(stage, 'id')) or name}",
            names=[text(inside(stage, "displayName")) or name, text(inside(resource, "pipeline", "name"))],
            rules=rules,
            word=text(inside(stage, "result")) if text(inside(stage, "state")) == "completed" else "",
            at=needed(moment(inside(stage, "finishTime")) or moment(body.get("createdDate")), "createdDate", "time"),
            started=moment(inside(stage, "startTime")),
            sha=sha(source),
            doer=Doer(),
            repository=_repository(body, resource),
            url=address(inside(stage, "_links", "web", "href")),
            run=number,
        )
    ]


def _artifact(release: Any) -> tuple[str, str]:
    """The commit and the build of what a release is made of, by its primary artefact."""
    artifacts = rows(inside(release, "artifacts"))
    primary = next((one for one in artifacts if one.get("isPrimary") is True), next(iter(artifacts), {}))
    commit = sha(inside(primary, "definitionReference", "sourceVersion", "id"))
    build = ident(inside(primary, "definitionReference", "version", "id"))
    return commit, build if text(primary.get("type")) == "Build" else ""


def _release(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    release = resource.get("release")
    commit, build = _artifact(release)
    name = needed(text(inside(release, "name")), "resource.release.name", "name")
    return [
        words.release(
            key=needed(ident(inside(release, "id")), "resource.release.id", "id"),
            tag="",
            name=name,
            at=needed(moment(inside(release, "createdOn")), "resource.release.createdOn", "time"),
            sha=commit,
            doer=_doer(inside(release, "createdBy"), inside(release, "reason")),
            repository=_repository(body, resource),
            url=address(inside(release, "_links", "web", "href")),
            run=build,
            pipeline=text(inside(release, "releaseDefinition", "name")),
        )
    ]


def _deployed(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    environment, deployment = resource.get("environment"), resource.get("deployment")
    release = inside(deployment, "release") or resource.get("release")
    commit, build = _artifact(release)
    ended = moment(inside(deployment, "completedOn"))
    number = needed(ident(inside(environment, "id")), "resource.environment.id", "id")
    word = text(inside(environment, "status"))
    attempt = ident(inside(deployment, "id")) or ident(body.get("id"))
    return [
        words.deployment(
            key=f"{number}:{attempt}:{word}",
            environment=needed(text(inside(environment, "name")), "resource.environment.name", "name"),
            word=word,
            at=needed(ended or moment(body.get("createdDate")), "createdDate", "time"),
            sha=commit,
            doer=_doer(inside(deployment, "requestedFor"), inside(deployment, "reason")),
            repository=_repository(body, resource),
            deployment=attempt,
            run=build,
            release=text(inside(environment, "release", "name")) or text(inside(release, "name")),
        )
    ]


def _merge(body: Mapping[str, Any], resource: Mapping[str, Any], rules: Rules) -> Iterable[Happening | None]:
    if text(resource.get("status")) != "completed":
        return []
    user, commit = _who(resource.get("closedBy")), sha(inside(resource, "lastMergeCommit", "commitId"))
    return [
        words.merge(
            number=f"!{needed(ident(resource.get('pullRequestId')), 'resource.pullRequestId', 'number')}",
            title=first_line(resource.get("title")),
            at=needed(moment(resource.get("closedDate")), "resource.closedDate", "time"),
            sha=needed(commit, "resource.lastMergeCommit.commitId", "commit"),
            doer=Doer(user, is_bot(user) if user else None),
            repository=_repository(body, resource),
            author=_who(resource.get("createdBy")),
            head=sha(inside(resource, "lastMergeSourceCommit", "commitId")),
        )
    ]


READERS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any], Rules], Iterable[Happening | None]]]] = {
    "git.push": _push,
    "build.complete": _build,
    "stage-state-changed-event": _stage,
    "release-created-event": _release,
    "deployment-completed-event": _deployed,
    "deployment-started-event": _deployed,
    "git.pullrequest.updated": _merge,
    "git.pullrequest.merged": _merge,
}
