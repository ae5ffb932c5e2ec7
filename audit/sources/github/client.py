"""Reads GitHub back (REST API 2022-11-28): runs, deployments and releases that no delivery told of.

Runs are listed newest first and at most a thousand in a search, so they are asked for in windows of a week, oldest
first; the cursor of a repository is the end of its last window.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.ci.connector import gathered
from audit.sources.ci.reading import ident, inside, moment, rows
from audit.sources.ci.steps import Rule
from audit.sources.ci.words import Repository
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Unavailable
from audit.sources.domain.told import Happening, Told
from audit.sources.github import mapping
from audit.sources.http import Client, Missing, pages

NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
FIRST: Final = timedelta(days=90)
"""How far the first pull goes back."""
OVERLAP: Final = timedelta(days=2)
"""What is read again each time: runs are found by when they began, and told when they end."""
WINDOW: Final = timedelta(days=7)
PAGE: Final = 100
MOST_FOUND: Final = 1000


class GitHub:
    """The calls that are needed; use it as a context manager."""

    def __init__(self, base: str, token: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self.client = Client(base, name="GitHub", headers=headers, pause=pause)

    def __enter__(self) -> "GitHub":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.__exit__()

    def listed(self, path: str, member: str = "", **params: Any) -> Iterator[list[Any]]:
        """The pages of a list; ``member`` names it where the answer is an object.

        Raises:
            Unavailable: the answer has another shape.
        """

        def fetch(token: str) -> tuple[list[Any], str]:
            page = int(token or 1)
            answer = self.client.get(path, {**params, "per_page": PAGE, "page": page})
            found = inside(answer, member) if member else answer
            if not isinstance(found, list):
                raise Unavailable(f"GitHub answered {path} with something that is no list.")
            return found, str(page + 1) if len(found) >= PAGE else ""

        for found, _ in pages(fetch, of=f"GitHub, {path}"):
            yield found


def checks(github: GitHub, names: Sequence[str]) -> list[Check]:
    """Whether runs, deployments and releases of each repository can be read, and else which right is missing."""
    found = []
    for name in names:
        for path, right in (("actions/runs", "Actions"), ("deployments", "Deployments"), ("releases", "Contents")):
            try:
                github.client.get(f"/repos/{name}/{path}", {"per_page": 1})
            except Missing:
                found.append(Check(False, f"The token does not see {name}. Add it to the token’s repositories."))
                break
            except (InvalidInput, Unavailable) as error:
                found.append(Check(False, f"{error.sentence} The token needs the permission “{right}: read”."))
            else:
                found.append(Check(True, f"{path} of {name} can be read."))
    return found


def read_back(
    github: GitHub, context: PullContext, names: Sequence[str], rules: Sequence[Rule], cursor: Cursor, *, now: datetime
) -> PullResult:
    """Hands in what each repository has since its cursor."""
    for done, name in enumerate(names):
        context.run.progress(done, len(names), name)
        reading = _Reading(github, context, Repository(name, f"{_web(github)}/{name}"), rules)
        since = moment(cursor.get(name)) or now - FIRST
        begins = since - OVERLAP
        try:
            while begins < now:
                ends = min(begins + WINDOW, now)
                reading.runs(begins, ends)
                begins = ends
                if begins < now:
                    cursor[name] = begins.isoformat()
                    context.take(Told(), cursor=dict(cursor))
            reading.deployments(since - OVERLAP)
            reading.releases(since - OVERLAP)
        except Missing as error:
            context.problem(f"{name} cannot be read back: {error}")
            continue
        cursor[name] = now.isoformat()
        context.take(Told(), cursor=dict(cursor))
    return PullResult(cursor)


def _web(github: GitHub) -> str:
    base = github.client.base
    return "https://github.com" if base == "https://api.github.com" else base.removesuffix("/api/v3")


class _Reading:
    """One repository, read page by page."""

    def __init__(self, github: GitHub, context: PullContext, repository: Repository, rules: Sequence[Rule]) -> None:
        self.github, self.context, self.repository, self.rules = github, context, repository, rules
        self.path = f"/repos/{repository.name}"

    def runs(self, since: datetime, until: datetime) -> None:
        """Runs that began in the window and have ended."""
        seen = 0
        created = f"{since:%Y-%m-%dT%H:%M:%SZ}..{until:%Y-%m-%dT%H:%M:%SZ}"
        for found in self.github.listed(f"{self.path}/actions/runs", "workflow_runs", created=created):
            seen += len(found)
            self._hand_in([partial(mapping.run_told, one, self.repository, self.rules) for one in rows(found)])
        if seen >= MOST_FOUND:
            self.context.problem(
                f"{self.repository.name} began {seen:,} or more runs between {since:%-d %B %Y} and {until:%-d %B %Y};"
                " GitHub lists no more than that."
            )

    def deployments(self, since: datetime) -> None:
        """States of deployments that were asked for since then."""
        for found in self.github.listed(f"{self.path}/deployments"):
            young = [one for one in rows(found) if (moment(one.get("updated_at")) or since) >= since]
            for one in young:
                path = f"{self.path}/deployments/{ident(one.get('id'))}/statuses"
                for states in self.github.listed(path):
                    self._hand_in(
                        [partial(mapping.deployment_told, state, one, self.repository) for state in rows(states)]
                    )
            if len(young) < len(found):
                return

    def releases(self, since: datetime) -> None:
        """Releases that were published since then."""
        for found in self.github.listed(f"{self.path}/releases"):
            young = [one for one in rows(found) if (moment(one.get("published_at")) or since) >= since]
            self._hand_in(
                [partial(mapping.release_told, one, self.repository) for one in young if one.get("draft") is not True]
            )
            if len(young) < len(found):
                return

    def _hand_in(self, tellings: Sequence[Callable[[], Happening | Sequence[Happening | None] | None]]) -> None:
        told = gathered(self.context, self.repository.name, tellings)
        if told:
            self.context.take(Told(happenings=told))
