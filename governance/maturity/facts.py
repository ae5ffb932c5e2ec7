"""A fact is a function of records alone; a fact that no function gives has no source, and stays unknown."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final
from uuid import UUID

from governance.maturity.domain import Fact, Framework
from governance.maturity.rows import Records, Run, Version

FACTS: dict[str, Callable[[Records], Fact]] = {}
PRODUCTION: Final = "production"
DECIDED: Final = frozenset({"approved"})
HAND: Final = frozenset({"person", "manual", "on_demand", ""})


def fact(name: str) -> Callable[[Callable[[Records], Fact]], Callable[[Records], Fact]]:
    """Registers the function that computes the fact ``name``.

    Raises:
        ValueError: the name is taken.
    """

    def wrap(function: Callable[[Records], Fact]) -> Callable[[Records], Fact]:
        if name in FACTS:
            raise ValueError(f"Two functions compute the fact {name}.")
        FACTS[name] = function
        return function

    return wrap


def all_facts(records: Records, framework: Framework) -> dict[str, Fact]:
    """Every fact that a function gives or that the framework asks for; without a function it is unknown."""
    found = {name: function(records) for name, function in FACTS.items()}
    for criterion in framework.criteria:
        for proof in criterion.proofs:
            if proof.fact not in found:
                source = framework.source_of(proof.fact)
                missing = source.missing if source else "No source of this fact is connected."
                found[proof.fact] = Fact(
                    proof.fact, None, "share", 0, None, missing, source=source.id if source else ""
                )
    return found


def share(
    name: str, parts: Iterable[bool], sentence: str, *, empty: str, as_of: datetime | None, evidence: str
) -> Fact:
    """The share of true ``parts``, unknown without any. ``sentence`` has {yes} and {n}, ``empty`` what is missing."""
    results = list(parts)
    if not results:
        return Fact(name, None, "share", 0, None, empty, evidence)
    yes = sum(results)
    return Fact(
        name, yes / len(results), "share", len(results), as_of, sentence.format(yes=yes, n=len(results)), evidence
    )


def _newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _automatic(run: Run) -> bool:
    return run.trigger not in HAND


def _finished(records: Records) -> list[Run]:
    return [run for run in records.runs if run.state != "running"]


@fact("auto_runs")
def auto_runs(records: Records) -> Fact:
    """Training runs that a schedule, rule or service started, of all."""
    runs = records.runs
    return share(
        "auto_runs", map(_automatic, runs), "{yes} of {n} training runs were started by a machine.",
        empty="No training run is on record.", as_of=_newest(run.started_at for run in runs), evidence="models",
    )  # fmt: skip


@fact("fresh_runs")
def fresh_runs(records: Records) -> Fact:
    """Automatic runs that learned from newer data than the run before."""
    fresh = []
    for model in records.models:
        runs = sorted((run for run in records.runs if run.model == model), key=lambda run: run.started_at)
        for before, after in pairwise(runs):
            if _automatic(after) and before.inputs_until and after.inputs_until:
                fresh.append(after.inputs_until > before.inputs_until)
    return share(
        "fresh_runs", fresh, "{yes} of {n} automatic runs learned from newer data than the run before.",
        empty="No model has two runs whose data can be compared.",
        as_of=_newest(run.started_at for run in records.runs), evidence="models",
    )  # fmt: skip


@fact("recurring_runs")
def recurring_runs(records: Records) -> Fact:
    """The most automatic runs of one pipeline in 90 days."""
    since = records.anchor - timedelta(days=90)
    runs = [run for run in records.runs if _automatic(run) and run.started_at >= since]
    if not records.runs:
        return Fact("recurring_runs", None, "count", 0, None, "No training run is on record.", "models")
    most = max(Counter(run.pipeline for run in runs).values(), default=0)
    sentence = f"The busiest pipeline had {most} automatic runs in 90 days."
    return Fact(
        "recurring_runs", most, "count", len(runs), _newest(run.started_at for run in records.runs), sentence, "models"
    )


@fact("run_meta")
def run_meta(records: Records) -> Fact:
    """The share of the seven fields of run metadata that are filled, over all finished runs."""
    runs = _finished(records)
    filled = [field for run in runs for field in run.metadata]
    return share(
        "run_meta", filled, f"{{yes}} of {{n}} fields of run metadata are filled, over {len(runs)} runs.",
        empty="No finished training run is on record.", as_of=_newest(run.started_at for run in runs),
        evidence="models",
    )  # fmt: skip


@fact("history")
def history(records: Records) -> Fact:
    """Days from the oldest run on record to now."""
    if not records.runs:
        return Fact("history", None, "days", 0, None, "No training run is on record.", "models")
    oldest = min(run.started_at for run in records.runs)
    days = max(0, (records.now - oldest).days)
    return Fact(
        "history", days, "days", len(records.runs), records.now, f"Runs are on record for {days} days.", "models"
    )


@fact("commits")
def commits(records: Records) -> Fact:
    """Training runs that name the version of their code."""
    runs = _finished(records)
    return share(
        "commits", (bool(run.code) and not run.code.endswith(("+", "-dirty")) for run in runs),
        "{yes} of {n} training runs name a clean version of their code.",
        empty="No finished training run is on record.", as_of=_newest(run.started_at for run in runs),
        evidence="models",
    )  # fmt: skip


def _served(records: Records) -> list[Version]:
    wanted = {one.version for one in records.deployments if one.environment in {PRODUCTION, "staging"}}
    return [version for version in records.versions if version.id in wanted]


@fact("lineage")
def lineage(records: Records) -> Fact:
    """Versions in production or staging whose data, code, parameters, environment, run and deployment all resolve."""
    served = _served(records)
    return share(
        "lineage", (version.resolves for version in served),
        "Of {n} versions that ran, {yes} resolve to data, code, parameters, libraries, run and deployment.",
        empty="No version has run yet.", as_of=_newest(version.created_at for version in served), evidence="models",
    )  # fmt: skip


@fact("schema")
def schema(records: Records) -> Fact:
    """Versions that ran and whose training data name their columns."""
    served = _served(records)
    return share(
        "schema", (version.has_columns for version in served),
        "The training data of {yes} of {n} versions that ran name their columns.",
        empty="No version has run yet.", as_of=_newest(version.created_at for version in served), evidence="models",
    )  # fmt: skip


@fact("test_metrics")
def test_metrics(records: Records) -> Fact:
    """Registered versions that came with metrics of a test."""
    return share(
        "test_metrics", (version.has_metrics for version in records.versions),
        "{yes} of {n} registered versions came with test metrics.",
        empty="No version is registered.", as_of=_newest(one.created_at for one in records.versions), evidence="models",
    )  # fmt: skip


@fact("release_rate")
def release_rate(records: Records) -> Fact:
    """Promotions to production in a year, for each model."""
    if not records.promotions:
        return Fact("release_rate", None, "per_year", 0, None, "Nothing was promoted to production yet.", "models")
    since = records.anchor - timedelta(days=365)
    recent = [one for one in records.promotions if one.at >= since]
    rate = len(recent) / len(records.models)
    sentence = f"{len(recent)} promotions to production in a year, {rate:.1f} for each model."
    return Fact("release_rate", rate, "per_year", len(recent), _newest(one.at for one in recent), sentence, "models")


@fact("auto_deploys")
def auto_deploys(records: Records) -> Fact:
    """Deployments to production by a service, of a version that a recorded run made."""
    rows = [one for one in records.deployments if one.environment == PRODUCTION]
    return share(
        "auto_deploys", (one.by_service and one.has_run for one in rows),
        "{yes} of {n} deployments to production were made by a service, from a recorded run.",
        empty="Nothing was deployed to production yet.", as_of=_newest(one.since for one in rows), evidence="models",
    )  # fmt: skip


@fact("hand_over")
def hand_over(records: Records) -> Fact:
    """1 when nobody who registers versions deploys any, and no recorded run links the two."""
    rows = [one for one in records.deployments if one.environment == PRODUCTION]
    if not rows or not records.versions:
        return Fact("hand_over", None, "count", 0, None, "Nobody has deployed a version yet.", "models")
    builders, deployers = {one.registered_by for one in records.versions}, {one.actor for one in rows}
    apart = not builders & deployers and not any(one.has_run for one in rows)
    words = "Those who register versions and those who deploy them are " + (
        "apart." if apart else "linked by runs or people."
    )
    return Fact("hand_over", float(apart), "count", len(rows), _newest(one.since for one in rows), words, "models")


@fact("windows.performance")
def windows_performance(records: Records) -> Fact:
    """Measured weeks, of those due in the last four whole weeks, for models in production."""
    end = records.anchor
    weeks = [end - timedelta(weeks=count) for count in range(1, 5)]
    running = {one.model for one in records.deployments if one.environment == PRODUCTION and one.until is None}
    measured = {(one.model, one.start) for one in records.windows if one.measured}
    return share(
        "windows.performance", ((model, week) in measured for model in running for week in weeks),
        "{yes} of {n} weeks due in the last four were measured.",
        empty="No model is in production.", as_of=_newest(one.start for one in records.windows), evidence="models",
    )  # fmt: skip


@fact("answered")
def answered(records: Records) -> Fact:
    """Firings of rules that led to a retraining or a documented decision."""
    return share(
        "answered", (bool(one.outcome or one.started) for one in records.firings),
        "{yes} of {n} firings of rules led to a retraining or a decision.",
        empty="No rule has fired yet.", as_of=_newest(one.at for one in records.firings), evidence="models",
    )  # fmt: skip


@fact("outcomes")
def outcomes(records: Records) -> Fact:
    """Firings of rules with a recorded outcome."""
    return share(
        "outcomes", (bool(one.outcome) for one in records.firings),
        "{yes} of {n} firings of rules have a recorded outcome.",
        empty="No rule has fired yet.", as_of=_newest(one.at for one in records.firings), evidence="models",
    )  # fmt: skip


@fact("rules.performance")
def rules_performance(records: Records) -> Fact:
    """Models in production with an enabled rule on performance that has looked at a week."""
    running = {one.model for one in records.deployments if one.environment == PRODUCTION and one.until is None}
    watched = {one.model for one in records.rules if one.enabled and one.evaluations}
    return share(
        "rules.performance", (model in watched for model in running),
        "{yes} of {n} models in production are watched by a performance rule.",
        empty="No model is in production.", as_of=records.anchor, evidence="models",
    )  # fmt: skip


@fact("rules.on_demand")
def rules_on_demand(records: Records) -> Fact:
    """Training runs that a person asked for, and the log says so."""
    if not records.runs:
        return Fact("rules.on_demand", None, "count", 0, None, "No training run is on record.", "models")
    asked = [run for run in records.runs if not _automatic(run)]
    words = f"{len(asked)} of {len(records.runs)} training runs were asked for by a person."
    return Fact(
        "rules.on_demand", len(asked), "count", len(records.runs), _newest(r.started_at for r in asked), words, "models"
    )


def _triggered(records: Records, name: str, triggers: set[str], words: str) -> Fact:
    if not records.runs:
        return Fact(name, None, "share", 0, None, "No training run is on record.", "models")
    hits = [run for run in records.runs if run.trigger in triggers]
    as_of = _newest(run.started_at for run in records.runs)
    sentence = f"{len(hits) or 'None'} of {len(records.runs)} training runs was started by {words}."
    return Fact(name, float(bool(hits)), "share", len(records.runs), as_of, sentence, "models")


@fact("rules.schedule")
def rules_schedule(records: Records) -> Fact:
    """Whether a schedule starts runs."""
    return _triggered(records, "rules.schedule", {"schedule"}, "a schedule")


@fact("rules.new_data")
def rules_new_data(records: Records) -> Fact:
    """Whether new data start runs."""
    return _triggered(records, "rules.new_data", {"new_data"}, "the arrival of data")


@fact("rules.drift")
def rules_drift(records: Records) -> Fact:
    """Whether a change of inputs starts runs."""
    return _triggered(records, "rules.drift", {"drift"}, "a change of inputs")


@fact("gate.comparison")
def gate_comparison(records: Records) -> Fact:
    """Promotions that were preceded by a comparison with the version in production."""
    rows = [one for one in records.requests if one.state in DECIDED]
    return share(
        "gate.comparison", (one.compared for one in rows),
        "{yes} of {n} approved promotions were compared with the version in production.",
        empty="No promotion was decided yet.", as_of=_newest(one.decided_at for one in rows), evidence="requests",
    )  # fmt: skip


@fact("gate.quality")
def gate_quality(records: Records) -> Fact:
    """Promotions whose comparison came out for the candidate."""
    rows = [one for one in records.requests if one.state in DECIDED]
    return share(
        "gate.quality", (one.passed for one in rows),
        "{yes} of {n} approved promotions did better in their comparison than the version in production.",
        empty="No promotion was decided yet.", as_of=_newest(one.decided_at for one in rows), evidence="requests",
    )  # fmt: skip


@fact("approvals")
def approvals(records: Records) -> Fact:
    """Promotions that someone else than requester and author allowed beforehand."""
    rows = [one for one in records.requests if one.state in DECIDED]
    return share(
        "approvals", (bool(one.author and set(one.approvers) - {one.requester, one.author}) for one in rows),
        "{yes} of {n} promotions were allowed by someone who neither asked for nor built them.",
        empty="No promotion was decided yet.", as_of=_newest(one.decided_at for one in rows), evidence="requests",
    )  # fmt: skip


@fact("promotion_lag")
def promotion_lag(records: Records) -> Fact:
    """The median of the days from the decision to the deployment."""
    first: dict[UUID, datetime] = {}
    for one in sorted(records.deployments, key=lambda one: one.since):
        if one.environment == PRODUCTION:
            first.setdefault(one.version, one.since)
    lags = [
        max(0.0, (first[one.version] - one.decided_at).total_seconds() / 86400)
        for one in records.requests
        if one.state in DECIDED and one.decided_at and one.version in first
    ]
    if not lags:
        return Fact("promotion_lag", None, "days", 0, None, "No approved version was deployed yet.", "requests")
    words = f"Half of {len(lags)} approved versions ran within {median(lags):.1f} days of the decision."
    return Fact("promotion_lag", median(lags), "days", len(lags), _newest(first.values()), words, "requests")


@fact("audit")
def audit(records: Records) -> Fact:
    """Versions and deployments with a ledger entry; 0 when the chain of entries is broken."""
    if records.chain_holds is None:
        return Fact("audit", None, "share", 0, None, "The ledger’s chain was never verified.", "ledger")
    if not records.changes:
        return Fact(
            "audit", None, "share", 0, None, "Nothing that the ledger should tell of has happened yet.", "ledger"
        )
    if not records.chain_holds:
        return Fact("audit", 0.0, "share", records.changes, records.now, "The ledger’s chain is broken.", "ledger")
    value = records.changes_told / records.changes
    words = (
        f"{records.changes_told} of {records.changes} versions and deployments stand in the ledger, whose chain holds."
    )
    return Fact("audit", value, "share", records.changes, records.now, words, "ledger")


@fact("age")
def age(records: Records) -> Fact:
    """Days from the end of the training data to the newest data, of the oldest model in production."""
    until = {version.id: version.data_until for version in records.versions}
    running = {one.version for one in records.deployments if one.environment == PRODUCTION and one.until is None}
    ages = [(records.anchor - moment).days for version in running if (moment := until.get(version)) is not None]
    if not ages:
        return Fact("age", None, "days", 0, None, "No model in production names the data it learned from.", "models")
    words = f"The oldest training data in production ended {max(ages)} days before the newest data."
    return Fact("age", max(ages), "days", len(ages), records.anchor, words, "models")


@fact("rollback")
def rollback(records: Records) -> Fact:
    """Models in production with an earlier version whose artefact is still there."""
    running = {one.model for one in records.deployments if one.environment == PRODUCTION and one.until is None}
    kept = Counter(version.model for version in records.versions if version.kept)
    return share(
        "rollback", (kept[model] > 1 for model in running),
        "For {yes} of {n} models in production another version’s artefact is kept, to go back to.",
        empty="No model is in production.", as_of=records.anchor, evidence="models",
    )  # fmt: skip


@fact("cost")
def cost(records: Records) -> Fact:
    """The share of the bill that is tied to a model and stage."""
    if not records.whole:
        words = "What the bill ties to no model belongs to no team: see the organisation."
        return Fact("cost", None, "share", 0, None, words, "costs")
    if records.billed is None or not records.billed:
        return Fact("cost", None, "share", 0, None, "No bill was received.", "costs")
    tied = (records.billed_to_models or 0.0) / records.billed
    words = f"{tied:.0%} of the bill is tied to a model and a stage."
    return Fact("cost", tied, "share", records.bill_rows, records.anchor, words, "costs")
