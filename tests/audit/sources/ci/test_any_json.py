"""Whatever is sent, with whatever at any place, is told or malformed: nothing else ever comes of it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.sources.azure_devops.connector import AzureDevOpsConnector
from audit.sources.ci.connector import CiConnector
from audit.sources.ci.reading import parsed
from audit.sources.contract import Malformed, Opened, Parcel
from audit.sources.github import mapping as github
from audit.sources.github.connector import GitHubConnector
from audit.sources.gitlab.connector import GitLabConnector
from tests.audit.sources.support import Recorded

ROOT = Path(__file__).parent.parent
CONNECTORS: dict[str, CiConnector] = {
    "github": GitHubConnector(), "gitlab": GitLabConnector(), "azure_devops": AzureDevOpsConnector(),
}  # fmt: skip
EVENTS = {
    "github": sorted(github.READERS),
    "gitlab": [""],
    "azure_devops": ["git.push", "build.complete", "x.release-created-event", "deployment-completed-event"],
}
LEAF = (
    st.none() | st.booleans() | st.integers() | st.integers(10**30, 10**42) | st.floats(allow_nan=False) | st.text()
    | st.sampled_from([
        "0" * 40, "a" * 40, "0001-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00Z", "https://[",
        "\x00",
        "\ud800", "https://user:pw@example.com/a.git", "success", "completed", "merge",
    ])
)  # fmt: skip
ANY = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
DELIVERIES = [
    (kind, path.name.removesuffix(".json"), json.loads(path.read_text()))
    for kind in CONNECTORS
    for path in sorted((ROOT / kind / "payloads").glob("*.json"))
]


def event_of(kind: str, name: str, body: Any) -> str:
    """As the system would name it."""
    return {"github": name.partition(".")[0], "gitlab": "", "azure_devops": body.get("eventType")}[kind]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Each place in a JSON value."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, one in items for place in places(one, (*path, key))]


def check(kind: str, event: str, body: Any) -> None:
    """Takes it in; what is told can be kept."""
    context = Recorded()
    try:
        CONNECTORS[kind].take(context, {"secret": "s", "steps": "night* = train"}, Opened("1", event, body))
    except Malformed as error:
        assert error.sentence
        return
    for one in context.all("happenings"):
        assert one.id and one.sentence and one.at.tzinfo is not None
        assert len(one.id) <= 600 and len(one.commit) <= 80 and len(one.url) <= 1000 and len(one.repository) <= 500
        assert one.automatic in {True, False, None} and one.outcome in {"", "succeeded", "failed", "running"}
        assert not one.url or one.url.startswith(("http://", "https://"))
        assert "\x00" not in json.dumps(one.facts) and one.sentence.encode()


@pytest.mark.parametrize(("kind", "name", "body"), DELIVERIES, ids=[f"{kind}-{name}" for kind, name, _ in DELIVERIES])
def test_anything_at_any_place_is_told_or_malformed(kind: str, name: str, body: Any) -> None:
    every = places(body)

    @given(st.sampled_from(every), ANY)
    @settings(max_examples=80, deadline=None)
    def try_it(place: tuple[Any, ...], value: Any) -> None:
        changed = copy.deepcopy(body)
        inner = changed
        for part in place[:-1]:
            inner = inner[part]
        inner[place[-1]] = value
        check(kind, event_of(kind, name, body), changed)

    try_it()


@given(st.sampled_from(sorted(CONNECTORS)), st.data(), ANY)
@settings(max_examples=200, deadline=None)
def test_any_json_is_told_or_malformed(kind: str, data: st.DataObject, body: Any) -> None:
    check(kind, data.draw(st.sampled_from([*EVENTS[kind], "tollgate.tests"])), body)


@given(st.binary() | ANY.map(lambda value: json.dumps(value).encode()), st.sampled_from(sorted(CONNECTORS)))
@settings(max_examples=200, deadline=None)
def test_any_body_is_read_or_malformed(body: bytes, kind: str) -> None:
    try:
        opened = CONNECTORS[kind].open(Parcel({}, body))
    except Malformed as error:
        assert error.sentence
    else:
        assert 0 < len(opened.key) <= 200
        json.dumps(opened.body, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 700 + b"1" + b"}" * 700, b"NaN", b"1" * 5000, b"\xff", b""]
)
def test_what_is_no_readable_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(body)
