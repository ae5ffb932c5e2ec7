"""GitHub and GitLab are read back over HTTP, from a server of this test that answers as their documentation shows."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.base import clock
from audit.sources.contract import Unavailable
from audit.sources.github.client import GitHub
from audit.sources.github.client import read_back as read_github
from audit.sources.github.connector import GitHubConnector, GitHubForm
from audit.sources.github.mapping import told as github_told
from audit.sources.gitlab.client import GitLab
from audit.sources.gitlab.client import read_back as read_gitlab
from audit.sources.gitlab.connector import GitLabConnector, GitLabForm
from audit.sources.gitlab.mapping import told as gitlab_told
from tests.audit.sources.support import Recorded

ROOT = Path(__file__).parent.parent
REPO = "octo-org/octo-repo"
PROJECT = "flights/late-arrival"


class Server:
    """``answers`` maps paths to the rows or object there, or to a status; ``asked`` are the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tokens: set[str] = set()
        self.url = ""

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        """The page that is asked for; GitHub's runs only those of the window."""
        self.asked.append((path, query))
        found = self.answers.get(path, 404)
        if isinstance(found, int):
            return found, {"message": "no"}
        if not isinstance(found, list):
            return 200, found
        if "created" in query:
            since, until = query["created"].split("..")
            found = [one for one in found if since <= one["created_at"] <= until]
        size, page = int(query.get("per_page", 100)), int(query.get("page", 1))
        rows = found[(page - 1) * size : page * size]
        return 200, {"workflow_runs": rows} if path.endswith("/actions/runs") else rows


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on this machine."""
    found = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.tokens |= {self.headers.get("Authorization", ""), self.headers.get("PRIVATE-TOKEN", "")}
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, body = found.answer(parts.path, query)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        found.url = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield found
        listening.shutdown()
        thread.join()


def payload(kind: str, name: str) -> Any:
    """A delivery."""
    return json.loads((ROOT / kind / "payloads" / f"{name}.json").read_text())


def github(server: Server) -> GitHub:
    """A client that does not wait."""
    return GitHub(server.url + "/api/v3", "t0ken", pause=lambda seconds: None)


def told(context: Recorded) -> dict[str, Any]:
    """What was handed in, by id."""
    return {one.id: one for one in context.all("happenings")}


def test_github_read_back_tells_what_deliveries_tell(server: Server) -> None:
    run, status = payload("github", "workflow_run.completed"), payload("github", "deployment_status.success")
    release = payload("github", "release.published")
    for body in (run, status, release):
        body["repository"] = {"full_name": REPO, "html_url": f"{server.url}/{REPO}"}
    run["workflow_run"]["name"] = run["workflow"]["name"]
    base = f"/api/v3/repos/{REPO}"
    unfinished = run["workflow_run"] | {"id": 5, "status": "in_progress", "conclusion": None}
    server.answers = {
        f"{base}/actions/runs": [run["workflow_run"], unfinished],
        f"{base}/deployments": [status["deployment"]],
        f"{base}/deployments/{status['deployment']['id']}/statuses": [status["deployment_status"]],
        f"{base}/releases": [release["release"], release["release"] | {"id": 9, "draft": True}],
    }
    context, now = Recorded(), datetime(2020, 10, 20, tzinfo=UTC)
    cursor = {REPO: "2019-05-01T00:00:00+00:00"}
    result = read_github(github(server), context, [REPO], (), cursor, now=now)
    sent = [*github_told("workflow_run", run, ()), *github_told("deployment_status", status, ()),
            *github_told("release", release, ())]  # fmt: skip
    assert told(context) == {one.id: one for one in sent}
    assert result.cursor == context.cursor == {REPO: now.isoformat()}
    assert context.problems == [] and "Bearer t0ken" in server.tokens


def test_github_is_asked_in_windows_and_goes_on_where_it_broke(server: Server) -> None:
    base, now = f"/api/v3/repos/{REPO}", datetime(2026, 3, 31, tzinfo=UTC)
    server.answers = {f"{base}/actions/runs": [], f"{base}/deployments": 500, f"{base}/releases": []}
    context = Recorded()
    with pytest.raises(Unavailable):
        read_github(github(server), context, [REPO], (), {REPO: (now - timedelta(days=20)).isoformat()}, now=now)
    windows = [query["created"] for path, query in server.asked if path.endswith("runs")]
    assert windows[0].startswith("2026-03-09T00:00:00Z..2026-03-16") and len(windows) == 4
    assert context.cursor == {REPO: "2026-03-30T00:00:00+00:00"}
    server.answers[f"{base}/deployments"] = []
    server.asked.clear()
    read_github(github(server), context, [REPO], (), dict(context.cursor), now=now)
    assert [query["created"][:10] for path, query in server.asked if path.endswith("runs")] == ["2026-03-28"]


def test_github_more_runs_than_it_lists_is_a_problem_and_wrong_rows_are_passed_over(server: Server) -> None:
    base, now = f"/api/v3/repos/{REPO}", datetime(2020, 10, 6, tzinfo=UTC)
    run = payload("github", "workflow_run.completed")["workflow_run"]
    rows = [run | {"id": at} for at in range(999)] + [run | {"id": 1000, "head_sha": None}]
    server.answers = {f"{base}/actions/runs": rows, f"{base}/deployments": [], f"{base}/releases": []}
    context = Recorded()
    read_github(github(server), context, [REPO], (), {REPO: (now - timedelta(days=1)).isoformat()}, now=now)
    assert sum(one.kind == "run" for one in told(context).values()) == 999
    assert [sentence.split(" ")[1] for sentence in context.problems] == ["workflow_run.head_sha", "began"]


def test_github_repository_that_is_gone_does_not_stop_the_others(server: Server) -> None:
    now = datetime(2026, 3, 31, tzinfo=UTC)
    server.answers = {f"/api/v3/repos/{REPO}/{path}": [] for path in ("actions/runs", "deployments", "releases")}
    context = Recorded()
    result = read_github(github(server), context, ["octo-org/gone", REPO], (), {}, now=now)
    assert list(result.cursor) == [REPO] and context.problems[0].startswith("octo-org/gone cannot be read back")


def test_gitlab_read_back_tells_what_deliveries_tell(server: Server) -> None:
    sent = payload("gitlab", "pipeline.success")
    deployed, release = payload("gitlab", "deployment.success"), payload("gitlab", "release.create")
    for body in (sent, deployed, release):
        body["project"]["web_url"] = f"{server.url}/{PROJECT}"
    whole = sent["object_attributes"] | {"user": sent["user"], "web_url": sent["object_attributes"]["url"]}
    base, commit = "/api/v4/projects/flights%2Flate-arrival", sent["object_attributes"]["sha"]
    server.answers = {
        f"{base}/pipelines": [{"id": 31, "status": "success"}, {"id": 32, "status": "running"}],
        f"{base}/pipelines/31": whole,
        f"{base}/deployments": [{
            "id": 15, "status": "success", "updated_at": "2026-03-02T09:34:00Z", "sha": commit,
            "environment": {"name": "production", "tier": "production"}, "user": sent["user"],
            "deployable": {"id": 504, "web_url": deployed["deployable_url"]},
        }],
        f"{base}/releases": [{
            "tag_name": "v2.0", "name": "v2.0", "created_at": "2026-03-02T09:00:00Z", "commit": release["commit"],
            "released_at": "2026-03-02T09:00:00Z", "_links": {"self": release["url"]},
        }],
    }  # fmt: skip
    context, now = Recorded(), datetime(2026, 3, 3, tzinfo=UTC)
    client = GitLab(server.url, "t0ken", pause=lambda seconds: None)
    result = read_gitlab(client, context, [PROJECT], (), {}, now=now)
    hooked = [one for body in (sent, deployed, release) for one in gitlab_told(body, ())]
    assert told(context) == {one.id: one for one in hooked if one.kind not in {"commit", "job"}}
    assert result.cursor == {PROJECT: now.isoformat()} and "t0ken" in server.tokens
    server.asked.clear()
    read_gitlab(client, context, [PROJECT], (), result.cursor, now=now)
    assert {query["updated_after"][:16] for _, query in server.asked if "updated_after" in query} == {
        "2026-03-02T23:50"
    }


@pytest.mark.parametrize("connector", [GitHubConnector(), GitLabConnector()], ids=["github", "gitlab"])
def test_without_a_token_nothing_is_asked_and_nothing_is_told(connector: Any, server: Server) -> None:
    context = Recorded()
    settings = {"secret": "s", "url": server.url, "repositories": REPO, "projects": PROJECT}
    result = connector.pull(context, settings, {"kept": 1})
    assert (result.cursor, result.counts, context.pieces, server.asked) == ({"kept": 1}, {}, [], [])
    assert all(check.ok for check in connector.test(settings))
    assert [check.ok for check in connector.test(settings | {"secret": ""})] == [False, True]


@pytest.mark.parametrize(
    ("connector", "answers", "said"),
    [
        (GitHubConnector(), {}, "does not see octo-org/octo-repo"),
        (GitHubConnector(), {f"/repos/{REPO}/actions/runs": 403}, "Actions: read"),
        (GitLabConnector(), {}, "role Reporter"),
        (GitLabConnector(), {"/api/v4/projects/flights%2Flate-arrival/pipelines": 401}, "read_api"),
    ],
)
def test_settings_are_tested_and_a_missing_right_is_named(
    connector: Any, answers: dict[str, Any], said: str, server: Server
) -> None:
    server.answers = answers
    settings = {"secret": "s", "token": "t", "url": server.url, "repositories": REPO, "projects": PROJECT}
    found = connector.test(settings)
    assert [check.ok for check in found][:2] == [True, False] and said in found[1].sentence


def test_settings_with_every_right_pass(server: Server) -> None:
    server.answers = {f"/repos/{REPO}/{path}": [] for path in ("actions/runs", "deployments", "releases")}
    settings = {"secret": "s", "token": "t", "url": server.url, "repositories": f"{REPO}\n{REPO}\n"}
    assert [check.ok for check in GitHubConnector().test(settings)] == [True] * 4
    context = Recorded()
    result = GitHubConnector().pull(context, settings, {})
    assert abs(datetime.fromisoformat(result.cursor[REPO]) - clock.now()) < timedelta(minutes=1)


def test_forms_take_names_of_repositories_and_keys_alone() -> None:
    good = {"secret": "s", "token": "t", "repositories": f"{REPO}\n", "projects": f"{PROJECT}\na/b/c"}
    assert GitHubForm(good).is_valid() and GitLabForm(good).is_valid()
    assert set(GitHubForm(good | {"repositories": "octo-repo"}).errors) == {"repositories"}
    assert set(GitLabForm(good | {"projects": "../x y"}).errors) == {"projects"}
    assert set(GitLabForm(good | {"secret": "whsec_?"}).errors) == {"secret"}
