"""Reads GitLab back (REST API v4): pipelines, deployments and releases that no delivery told of, oldest first."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from audit.base.errors import InvalidInput
from audit.sources.ci import words
from audit.sources.ci.connector import gathered
from audit.sources.ci.reading import address, ident, inside, moment, needed, rows, sha, text
from audit.sources.ci.steps import Rule
from audit.sources.ci.words import Repository
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Unavailable
from audit.sources.domain.told import Happening, Told
from audit.sources.gitlab import mapping
from audit.sources.http import Client, Missing, pages

NAME: Final = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")
FIRST: Final = timedelta(days=90)
"""How far the first pull goes back."""
OVERLAP: Final = timedelta(minutes=10)
PAGE: Final = 100


class GitLab:
    """The calls that are needed; use it as a context manager."""

    def __init__(self, base: str, token: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.web = base.rstrip("/")
        headers = {"PRIVATE-TOKEN": token}
        self.client = Client(f"{self.web}/api/v4", name="GitLab", headers=headers, pause=pause)

    def __enter__(self) -> "GitLab":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.__exit__()

    def listed(self, path: str, **params: Any) -> Iterator[list[Any]]:
        """The pages of a list.

        Raises:
            Unavailable: the answer has another shape.
        """

        def fetch(token: str) -> tuple[list[Any], str]:
            page = int(token or 1)
            found = self.client.get(path, {**params, "per_page": PAGE, "page": page})
            if not isinstance(found, list):
                raise Unavailable(f"GitLab answered {path} with something that is no list.")
            return found, str(page + 1) if len(found) >= PAGE else ""

        for found, _ in pages(fetch, of=f"GitLab, {path}"):
            yield found


def path_of(name: str) -> str:
    """The address of a project below the API's."""
    return f"/projects/{quote(name, safe='')}"


def checks(gitlab: GitLab, names: Sequence[str]) -> list[Check]:
    """Whether pipelines, deployments and releases of each project can be read, and else which right is missing."""
    found = []
    for name in names:
        for what in ("pipelines", "deployments", "releases"):
            try:
                gitlab.client.get(f"{path_of(name)}/{what}", {"per_page": 1})
            except Missing:
                found.append(Check(False, f"The token does not see {name}. Give it the role Reporter there."))
                break
            except (InvalidInput, Unavailable) as error:
                said = f"{error.sentence} The token needs the scope read_api and the role Reporter."
                found.append(Check(False, said))
            else:
                found.append(Check(True, f"{what} of {name} can be read."))
    return found


def read_back(
    gitlab: GitLab, context: PullContext, names: Sequence[str], rules: Sequence[Rule], cursor: Cursor, *, now: datetime
) -> PullResult:
    """Hands in what changed in each project since its cursor."""
    for done, name in enumerate(names):
        context.run.progress(done, len(names), name)
        since = (moment(cursor.get(name)) or now - FIRST) - OVERLAP
        reading = _Reading(gitlab, context, Repository(name, f"{gitlab.web}/{name}"), rules)
        try:
            reading.pipelines(since)
            reading.deployments(since)
            reading.releases(since)
        except Missing as error:
            context.problem(f"{name} cannot be read back: {error}")
            continue
        cursor[name] = now.isoformat()
        context.take(Told(), cursor=dict(cursor))
    return PullResult(cursor)


class _Reading:
    """One project, read page by page."""

    def __init__(self, gitlab: GitLab, context: PullContext, project: Repository, rules: Sequence[Rule]) -> None:
        self.gitlab, self.context, self.project, self.rules = gitlab, context, project, rules
        self.path = path_of(project.name)

    def pipelines(self, since: datetime) -> None:
        """Pipelines that ended and changed since then; each is asked for, for the list does not say when it ended."""
        params = {"updated_after": since.isoformat(), "order_by": "updated_at", "sort": "asc"}
        for found in self.gitlab.listed(f"{self.path}/pipelines", **params):
            told: list[Happening] = []
            for one in rows(found):
                if words.has_ended(text(one.get("status"))):
                    whole = self.gitlab.client.get(f"{self.path}/pipelines/{ident(one.get('id'))}")
                    told += self._read(
                        partial(mapping.pipeline_told, whole, self.project, self.rules, user=inside(whole, "user"))
                    )
            self.context.take(Told(happenings=tuple(told)))

    def deployments(self, since: datetime) -> None:
        """Deployments that changed since then, as they stand."""
        params = {"updated_after": since.isoformat(), "order_by": "updated_at", "sort": "asc"}
        for found in self.gitlab.listed(f"{self.path}/deployments", **params):
            told = [got for one in rows(found) for got in self._read(partial(self._deployment, one))]
            self.context.take(Told(happenings=tuple(told)))

    def _deployment(self, value: Any) -> Happening | None:
        return mapping.deployment_told(
            number=needed(ident(inside(value, "id")), "id", "id"),
            word=text(inside(value, "status")),
            at=needed(moment(inside(value, "updated_at")), "updated_at", "time"),
            commit=needed(sha(inside(value, "sha")), "sha", "commit"),
            environment=text(inside(value, "environment", "name")),
            tier=text(inside(value, "environment", "tier")),
            job=ident(inside(value, "deployable", "id")),
            user=mapping.name_of(inside(value, "user")),
            project=self.project,
            url=address(inside(value, "deployable", "web_url")),
            branch=text(inside(value, "ref")),
        )

    def releases(self, since: datetime) -> None:
        """Releases since then; the list has the newest first."""
        for found in self.gitlab.listed(f"{self.path}/releases", order_by="created_at", sort="desc"):
            young = [one for one in rows(found) if (moment(one.get("created_at")) or since) >= since]
            told = [
                got
                for one in young
                for got in self._read(
                    partial(mapping.release_told, one, self.project, url=address(inside(one, "_links", "self")))
                )
            ]
            self.context.take(Told(happenings=tuple(told)))
            if len(young) < len(found):
                return

    def _read(self, telling: Callable[[], Happening | None]) -> tuple[Happening, ...]:
        return gathered(self.context, self.project.name, [telling])
