"""The chain of a version, from the catalogue and from what continuous integration told, and the steps that it tells."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from django.db.models import Q
from django.urls import reverse

from audit.base.actors import Actor
from audit.base.scoping import seen
from audit.catalogue import selectors as catalogue
from audit.catalogue.doers import SOURCE, doings_of
from audit.catalogue.domain.automation import BY_HAND
from audit.catalogue.ledger_actions import VERSION_REGISTERED
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.panels import Context, VersionPanel, register_for_version
from audit.catalogue.process import NOBODY, StepFacts, StepState, counted_since, register_together
from audit.people.models import Team
from audit.sources.domain.chain import (
    HERE,
    SHORTEST,
    Chain,
    Happened,
    Link,
    Stage,
    chain,
    of_runs,
    resolved,
    same_commit,
    units,
)
from audit.sources.models import Happening

MOST: Final = 1000
"""Happenings of a commit, or of the commits of a model, that are looked at: the newest."""
MOST_COMMITS: Final = 100
"""Commits of a model's newest versions whose builds, tests and releases count in its process."""
HEADINGS: Final = ("stage", "at", "what", "actor", "how", "outcome", "tests", "url")
STATES: Final = {"succeeded": StepState.DONE, "failed": StepState.FAILED, "running": StepState.RUNNING}
WORDS: Final = {"build": "build", "validate": "validation", "release": "release"}


def register_own() -> None:
    """Adds the section of the version's page, and three steps of the process."""
    register_for_version(VersionPanel(10, "chain", "sources/panels/chain.html", _panel, HEADINGS, cells))
    register_together(WORDS, _steps)


def chain_of(*, viewer: Actor, version: ModelVersion) -> Chain:
    """How ``version``, which the viewer may see, came to run. Who sees a version sees what its team's sources told."""
    run = version.run
    commit, repository = (run.code_version, run.repository) if run else ("", "")
    told = happened(viewer=viewer, team=version.model.use_case.team, commits=[commit])
    return chain(commit=commit, repository=repository, happened=told, records=_records(viewer, version))


def happened(*, viewer: Actor, team: Team, commits: Iterable[str]) -> list[Happened]:
    """What sources of the team, and others that the viewer may read, told of these commits, newest first."""
    rows = Happening.objects.filter(Q(source__team=team) | seen(viewer, team="source__team"))
    of = Q()
    for commit in commits:
        part = commit.lower()[:SHORTEST]
        if len(part) == SHORTEST:
            of |= Q(commit__gte=part, commit__lt=part + "g")
    if not of:
        return []
    own = [_plain(one) for one in rows.filter(of).order_by("-at", "-pk")[:MOST]]
    runs, tags = (
        sorted({one.named(name) for one in own if one.kind == name and one.named(name)}) for name in ("run", "tag")
    )
    if runs or tags:
        named = rows.filter(
            Q(facts__run__in=runs) | Q(facts__tag__in=tags), source__in={one.source for one in own}, commit=""
        )
        own += of_runs([_plain(one) for one in named.order_by("-at", "-pk")[:MOST]], own)
    return own


def _plain(one: Happening) -> Happened:
    return Happened(
        at=one.at,
        kind=one.kind,
        sentence=one.sentence,
        source=str(one.source_id),
        actor=one.actor,
        automatic=one.automatic,
        step=one.step,
        outcome=one.outcome,
        commit=one.commit,
        repository=one.repository,
        facts=one.facts if isinstance(one.facts, dict) else {},
        url=one.url,
    )


def _records(viewer: Actor, version: ModelVersion) -> Iterator[Link]:
    """What the catalogue knows itself: the run, the registration, where it ran."""
    run = version.run
    if run is not None:
        by = run.trigger
        yield Link(
            stage=Stage.TRAINING,
            at=run.finished_at or run.started_at,
            sentence=f"{run.pipeline.name}: {run.get_state_display().lower()}",
            actor=by,
            automatic=by not in BY_HAND if by else None,
            outcome=run.state,
        )
    done = doings_of(VERSION_REGISTERED, [version])
    yield Link(
        stage=Stage.REGISTRATION,
        at=version.created_at,
        sentence=f"registered as version {version.number}",
        actor=version.registered_by,
        automatic=True if done.automatic else False if done.by_hand else None,
        outcome="succeeded",
        url=reverse("catalogue:version", args=[version.model.slug, version.number]),
    )
    for one in catalogue.deployments(viewer=viewer).filter(version=version).order_by("since"):
        where = f"{one.get_environment_display().lower()}, {one.get_mode_display().lower()}"
        yield Link(
            stage=Stage.ENDPOINT,
            at=one.since,
            sentence=f"{one.endpoint or 'without a name'} in {where}" + ("" if one.until is None else "; ended"),
            actor="" if one.actor_id.startswith(SOURCE) else one.actor_id,
            outcome=HERE,
        )


def _panel(version: ModelVersion, viewer: Actor) -> Context:
    return {"chain": chain_of(viewer=viewer, version=version)}


def cells(version: ModelVersion, viewer: Actor) -> Iterator[list[object]]:
    """The rows of the downloaded table, under ``HEADINGS``; a stage of which nothing is known is a row with the gap."""
    for section in chain_of(viewer=viewer, version=version).sections:
        if section.gap:
            yield [section.stage, None, section.gap, "", "unknown", "unknown", "", ""]
        for link in section.links:
            tests = "; ".join(f"{tag}: {one} passed, {two} failed" for tag, (one, two, _) in link.tests.items())
            yield [section.stage, link.at, link.sentence, link.actor, link.how, link.outcome, tests, link.url]


def _commits(viewer: Actor, model: Model) -> set[str]:
    """The commits that the model's newest versions were made from."""
    versions = catalogue.versions(viewer=viewer).filter(model=model).exclude(run=None).order_by("-number")
    return {commit for commit in versions.values_list("run__code_version", flat=True)[:MOST_COMMITS] if commit}


def _steps(viewer: Actor, model: Model) -> dict[str, StepFacts | None]:
    """What was told of building, validating and releasing the commits of the model's newest versions."""
    commits = _commits(viewer, model)
    told = happened(viewer=viewer, team=model.use_case.team, commits=sorted(commits))
    own = [one for one in told if any(same_commit(one.commit, commit) for commit in commits)]
    own += of_runs(told, own)
    every = [resolved(one, own) for one in own]
    return {step: _step(step, units(every, step), model) for step in WORDS}


def _step(step: str, every: Sequence[Happened], model: Model) -> StepFacts | None:
    if not every:
        return None
    newest = max(every, key=lambda one: one.at)
    recent = [one.automatic for one in every if one.at >= counted_since()]
    return StepFacts(
        STATES.get(newest.outcome, StepState.DONE),
        f"The newest {WORDS[step]}: {newest.sentence}.",
        by=newest.actor or model.owner_name or NOBODY,
        last=newest.at,
        automatic=recent.count(True),
        by_hand=recent.count(False),
        evidence=((newest.sentence, newest.url),) if newest.url else (),
    )
