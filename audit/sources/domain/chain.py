"""How a version came to run: commit, build, tests, training, registration, release, deployment, endpoint.

What continuous integration told is found by the commit that the version's run had; one commit may have made several
versions, and each has the builds of its commit. A release of which only the tag is known has the commit of the tag; a
stage or deployment of which only the build is known has the commit of the build.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

SHORTEST: Final = 7
"""Hex digits from which on a part of a commit stands for it (git's default for short names)."""
SHOWN: Final = 12
_HEX: Final = re.compile(r"[0-9a-f]+")
_ADDRESS: Final = re.compile(r"^(?:[a-z+]+://)?(?:[^/@]*@)?(?P<rest>.*?)(?:\.git)?/*$")


class Stage(StrEnum):
    """A stage of the way, in its order."""

    COMMIT = "commit"
    BUILD = "build"
    TESTS = "tests"
    TRAINING = "training"
    REGISTRATION = "registration"
    RELEASE = "release"
    DEPLOYMENT = "deployment"
    ENDPOINT = "endpoint"


LABELS: Final[Mapping[Stage, str]] = {
    Stage.COMMIT: "Commit",
    Stage.BUILD: "Build",
    Stage.TESTS: "Tests",
    Stage.TRAINING: "Training run",
    Stage.REGISTRATION: "Registration",
    Stage.RELEASE: "Release",
    Stage.DEPLOYMENT: "Deployment",
    Stage.ENDPOINT: "Endpoint",
}
GAPS: Final[Mapping[Stage, str]] = {
    Stage.COMMIT: "No push of this commit is known.",
    Stage.BUILD: "No build is known for this commit.",
    Stage.TESTS: "No tests are known for this commit.",
    Stage.TRAINING: "No training run is on record for this version.",
    Stage.REGISTRATION: "Its registration is not on record.",
    Stage.RELEASE: "No release is known for this commit.",
    Stage.DEPLOYMENT: "No deployment by continuous integration is known for this commit.",
    Stage.ENDPOINT: "It runs nowhere, as far as records say.",
}
UNNAMED: Final = "The version names no commit, so what led to it cannot be found. Send the commit with its run."
BY_COMMIT: Final = frozenset({Stage.COMMIT, Stage.BUILD, Stage.TESTS, Stage.RELEASE, Stage.DEPLOYMENT})
_KINDS: Final[Mapping[str, Stage]] = {"commit": Stage.COMMIT, "push": Stage.COMMIT, "merge": Stage.COMMIT}
_STEPS: Final[Mapping[str, Stage]] = {
    "build": Stage.BUILD,
    "validate": Stage.TESTS,
    "train": Stage.TRAINING,
    "retrain": Stage.TRAINING,
    "register": Stage.REGISTRATION,
    "approve": Stage.REGISTRATION,
    "release": Stage.RELEASE,
    "deploy": Stage.DEPLOYMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that happened, as a source told it; see ``told.Happening``. ``source`` tells sources apart."""

    at: datetime
    kind: str
    sentence: str
    source: str = ""
    actor: str = ""
    automatic: bool | None = None
    step: str = ""
    outcome: str = ""
    commit: str = ""
    repository: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""

    def named(self, name: str) -> str:
        """The run, job or tag that its facts name; empty for none."""
        found = self.facts.get(name)
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing on the way. ``automatic`` is None when nobody tells; ``tests``: tag -> (passed, failed, skipped)."""

    stage: Stage
    at: datetime
    sentence: str
    actor: str = ""
    automatic: bool | None = None
    outcome: str = ""
    url: str = ""
    tests: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def how(self) -> str:
        """By hand or by itself, in words."""
        return {True: "by itself", False: "by hand", None: "unknown"}[self.automatic]


@dataclass(frozen=True, slots=True)
class Section:
    """A stage with what is known of it, oldest first, or, when that is nothing, with the gap in a sentence."""

    stage: Stage
    links: tuple[Link, ...]
    gap: str

    @property
    def label(self) -> str:
        """The stage in words."""
        return LABELS[self.stage]

    @property
    def shown(self) -> tuple[Link, ...]:
        """The newest, as many as a page shows."""
        return self.links[-SHOWN:]

    @property
    def more(self) -> int:
        """How many are older than those."""
        return len(self.links) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Chain:
    """The way of one version: each stage once, in order."""

    commit: str
    sections: tuple[Section, ...]

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known, each sentence once."""
        return tuple(dict.fromkeys(section.gap for section in self.sections if section.gap))

    def of(self, stage: Stage) -> tuple[Link, ...]:
        """What is known of the stage."""
        return next(section.links for section in self.sections if section.stage is stage)

    @property
    def lead_time(self) -> timedelta | None:
        """From the commit to the first time that it ran anywhere after it; None unless both are known."""
        made = [link.at for link in self.of(Stage.COMMIT)]
        ran = [link.at for link in (*self.of(Stage.ENDPOINT), *self.of(Stage.DEPLOYMENT)) if link.outcome in _RAN]
        after = [at for at in ran if made and at >= min(made)]
        return min(after) - min(made) if after else None


_RAN: Final = frozenset({"succeeded", "running here"})
HERE: Final = "running here"
"""The outcome of an endpoint that is on record: the version ran, or runs, there."""


def same_commit(one: str, other: str) -> bool:
    """Whether both name one commit, in full or by at least ``SHORTEST`` of its first digits."""
    short, full = sorted((one.lower(), other.lower()), key=len)
    return len(short) >= SHORTEST and full.startswith(short) and _HEX.fullmatch(full) is not None


def same_repository(one: str, other: str) -> bool:
    """Whether both may be one repository: where one is unknown, they may."""
    return not one or not other or _plain(one) == _plain(other)


def _plain(address: str) -> str:
    found = _ADDRESS.match(address.strip().lower())
    return (found["rest"] if found else address).replace(":", "/").strip("/")


def belonging(happened: Iterable[Happened], *, commit: str, repository: str) -> list[Happened]:
    """What happened to the commit, oldest first, each with whether it was by hand as far as its run tells."""
    every = [one for one in happened if same_repository(one.repository, repository)]
    own = [one for one in every if one.commit and same_commit(one.commit, commit)]
    own += of_runs(every, own)
    return sorted((resolved(one, own) for one in own), key=lambda one: (one.at, one.kind, one.sentence))


def of_runs(every: Iterable[Happened], own: Iterable[Happened]) -> list[Happened]:
    """Those of ``every`` that name no commit, but a run or a tag that is among ``own``, of the same source."""
    known = {
        (one.source, name, one.named(name))
        for one in own
        for name in ("run", "tag")
        if one.kind == name and one.named(name)
    }
    return [
        one
        for one in every
        if not one.commit and any((one.source, name, one.named(name)) in known for name in ("run", "tag"))
    ]


def resolved(one: Happened, others: Sequence[Happened]) -> Happened:
    """With whether it was by hand, where the job or the run that it was part of tells."""
    for name in ("job", "run"):
        if one.automatic is None and one.named(name):
            for other in others:
                same = (other.source, other.kind, other.named(name)) == (one.source, name, one.named(name))
                if same and other.automatic is not None:
                    return replace(one, automatic=other.automatic)
    return one


def chain(*, commit: str, repository: str, happened: Iterable[Happened], records: Iterable[Link]) -> Chain:
    """The way of a version whose run had the commit; ``records`` are what the catalogue knows itself."""
    links = list(records)
    if commit:
        for one in belonging(happened, commit=commit, repository=repository):
            stage = _KINDS.get(one.kind) or _STEPS.get(one.step)
            if stage is not None:
                links.append(_link(stage, one))
    sections = []
    for stage in Stage:
        own = tuple(sorted((link for link in links if link.stage is stage), key=lambda link: link.at))
        gap = "" if own else UNNAMED if not commit and stage in BY_COMMIT else GAPS[stage]
        sections.append(Section(stage, own, gap))
    return Chain(commit, tuple(sections))


def _link(stage: Stage, one: Happened) -> Link:
    told = one.facts.get("tests")
    tests = {
        str(tag): (counts.get("passed", 0), counts.get("failed", 0), counts.get("skipped", 0))
        for tag, counts in (told.items() if isinstance(told, Mapping) else ())
        if isinstance(counts, Mapping)
    }
    return Link(
        stage=stage,
        at=one.at,
        sentence=one.sentence,
        actor=one.actor,
        automatic=one.automatic,
        outcome=one.outcome,
        url=one.url,
        tests=tests,
    )


def units(happened: Iterable[Happened], step: str) -> list[Happened]:
    """What happened in a step, one for each run: a run and its jobs are one doing, told by its newest part."""
    found: dict[Any, Happened] = {}
    for number, one in enumerate(sorted(happened, key=lambda one: one.at)):
        if one.step == step:
            found[(one.source, one.named("run") or number)] = one
    return list(found.values())
