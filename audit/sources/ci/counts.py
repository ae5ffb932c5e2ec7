"""Tests by tag, as a step of a pipeline sends them to Tollgate itself: no system tells them in its own deliveries.

    {"commit": "<7 to 64 hex digits>", "at": "2026-11-21T10:00:00Z", "suite": "nightly", "run": "4711",
     "repository": "https://…", "url": "https://…", "actor": "…", "automatic": true,
     "tags": {"data": {"passed": 12, "failed": 0, "skipped": 1}, "fairness": {"passed": 3, "failed": 1}}}

``commit``, ``at`` and ``tags`` are needed. The header X-Tollgate-Event is "tests", and X-Tollgate-Signature-256 is
"sha256=" and the HMAC-SHA256 of the body in hex, under the source's secret.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from audit.sources.ci.reading import address, ident, is_bot, moment, needed, sha, text
from audit.sources.ci.words import FAILED, NEITHER, SUCCEEDED, facts_of
from audit.sources.contract import Malformed
from audit.sources.domain.told import Happening

EVENT: Final = "tollgate.tests"
COUNTED: Final = ("passed", "failed", "skipped")
MOST_TAGS: Final = 100
MOST_TESTS: Final = 10_000_000


def happening(body: Any) -> Happening:
    """What the tests came to.

    Raises:
        Malformed: commit, time or counts are missing or are none.
    """
    commit = needed(sha(body.get("commit")) if isinstance(body, Mapping) else "", "commit", "commit")
    at = needed(moment(body.get("at")), "at", "time")
    tags = _tags(body.get("tags"))
    suite, run, actor = text(body.get("suite"), 100), ident(body.get("run")), text(body.get("actor"))
    passed, failed = (sum(counts[name] for counts in tags.values()) for name in ("passed", "failed"))
    automatic = body.get("automatic")
    name = f"tests of {suite}" if suite else "tests"
    return Happening(
        id=f"tests:{commit}:{suite}:{run or hashlib.sha256(repr((at, sorted(tags))).encode()).hexdigest()[:16]}",
        at=at,
        kind="tests",
        sentence=f"{name}: {passed:,} passed, {failed:,} failed",
        actor=actor,
        automatic=automatic if isinstance(automatic, bool) else (is_bot(actor) or None),
        step="validate",
        outcome=FAILED if failed else SUCCEEDED if passed else NEITHER,
        commit=commit,
        repository=address(body.get("repository")),
        facts=facts_of(name=suite, run=run, tests=tags),
        url=address(body.get("url")),
    )


def _tags(value: Any) -> dict[str, dict[str, int]]:
    if not isinstance(value, Mapping) or not value:
        raise Malformed("tags holds no counts. Send {“tag”: {“passed”: 3, “failed”: 0}}.")
    if len(value) > MOST_TAGS:
        raise Malformed(f"tags holds {len(value):,} tags; at most {MOST_TAGS} are taken.")
    found = {}
    for tag, counts in sorted(value.items()):
        if not text(tag, 100) or not isinstance(counts, Mapping):
            raise Malformed(f"The counts of the tag “{text(tag, 100)}” are no object.")
        found[text(tag, 100)] = {name: _number(counts.get(name, 0), tag, name) for name in COUNTED}
    return found


def _number(value: Any, tag: str, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TESTS:
        raise Malformed(f"{name} of the tag “{text(tag, 100)}” is no number of tests.")
    return value
