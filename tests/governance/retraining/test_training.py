"""A retraining learns from weeks before those on which it is compared, and has its effect once."""

import pytest
from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import DatasetVersion, Deployment, ModelVersion, PipelineRun
from audit.jobs import run as runner
from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring.quality_models import FeatureImportance
from governance.approvals.models import PromotionRequest
from governance.retraining import comparing, services, training
from governance.retraining.models import Retraining, Review
from governance.retraining.starting import RUN
from tests.governance.retraining.support import logged, measured, monday, serve
from tests.support.cast import SYSTEM

WORKER = Actor.service("worker", on_behalf_of="owner@example.org")


def fired(rule, version, weeks=6, value=0.5, **logs) -> Retraining:
    """Six weeks of which the last fired the rule; the labels of two more weeks lie in the lake, not yet measured."""
    logged(version, weeks + 2, **logs)
    for index in range(weeks):
        measured(version, index, value, metric=rule.metric)
    [retraining] = services.evaluate(actor=SYSTEM, rule=rule, week=monday(weeks - 1))
    return retraining


def train(retraining: Retraining) -> Retraining:
    training.run(actor=WORKER, retraining_id=str(retraining.pk), report=lambda *_: None, log=lambda _: None)
    retraining.refresh_from_db()
    return retraining


def retrain(retraining: Retraining) -> Retraining:
    """Trains, lets two more weeks be measured, and compares on them."""
    train(retraining)
    for index in (6, 7):
        measured(retraining.champion, index, 0.5, metric=retraining.rule.metric)
    return compare(retraining)


def compare(retraining: Retraining) -> Retraining:
    comparing.run(actor=WORKER, retraining_id=str(retraining.pk), report=lambda *_: None, log=lambda _: None)
    retraining.refresh_from_db()
    return retraining


def test_better_challenger_opens_a_request_on_behalf_of_the_owner(cast, rule, version):
    done = retrain(fired(rule, version))
    assert (done.state, done.outcome) == ("finished", "better")
    request = PromotionRequest.objects.get()
    assert (done.request, request.version, request.on_behalf_of, request.requested_by) == (
        request, done.candidate, cast.owner, None,
    )  # fmt: skip
    assert request.evidence["measures"][0]["metric"] == "roc_auc"
    assert not Review.objects.exists()


def test_comparison_uses_the_weeks_after_those_learned_from(rule, version):
    done = retrain(fired(rule, version))
    assert (done.candidate.data_from.date(), done.candidate.data_until.date()) == (monday(2), monday(6))
    assert done.comparison["since"].startswith(str(monday(6))) and done.comparison["until"].startswith(str(monday(8)))
    assert (done.comparison["rows"], done.comparison["days"]) == (2 * 7 * 80, 14)
    assert done.candidate.training_data.get().rows == 4 * 7 * 80
    assert done.comparison["learned"] == "The challenger did not learn from them; what v1 learned from is unknown."


def test_better_challenger_runs_in_shadow_and_its_run_is_complete(cast, rule, version):
    done = retrain(fired(rule, version))
    live = Deployment.objects.filter(until=None).order_by("version__number")
    assert [(row.version.number, row.environment) for row in live] == [(1, "production"), (2, "shadow")]
    run = PipelineRun.objects.get()
    assert (run.state, run.inputs.get(), run.versions.get()) == (
        "succeeded",
        done.candidate.training_data.get(),
        done.candidate,
    )
    assert run.code_version.startswith("pipelines.py sha256:") and run.compute_seconds > 0
    assert done.candidate.author == cast.owner and done.candidate.metrics == {}


def test_candidate_comes_with_what_its_answers_rest_on(rule, version):
    done = train(fired(rule, version))
    known = FeatureImportance.objects.get(version=done.candidate)
    assert (known.metric, known.repeats, known.n) == ("roc_auc", 5, 4 * 7 * 80 // 5)
    assert set(known.columns) == set(done.model.features)
    assert known.columns["hour"]["mean"] == max(one["mean"] for one in known.columns.values()) > 0.1
    assert Entry.objects.filter(action="monitoring.importance_sent").count() == 1


def test_rule_without_shadow_deploys_nothing(cast, rule, version):
    services.change_rule(actor=cast.actor("owner"), rule=rule, changes={"shadow": False}, reason="No capacity.")
    retrain(fired(rule, version))
    assert not Deployment.objects.filter(environment="shadow").exists()


def test_running_twice_gives_one_version_and_one_request(rule, version):
    first = retrain(fired(rule, version))
    before = (ModelVersion.objects.count(), DatasetVersion.objects.count(), PipelineRun.objects.count())
    assert retrain(first).candidate == first.candidate
    assert (
        (ModelVersion.objects.count(), DatasetVersion.objects.count(), PipelineRun.objects.count())
        == before
        == (2, 2, 1)
    )
    assert PromotionRequest.objects.count() == 1


def test_worker_lost_after_registering_leads_to_one_version(rule, version, monkeypatch):
    retraining = fired(rule, version)

    def lost(**_: object) -> None:
        raise RuntimeError("the worker is gone")

    with monkeypatch.context() as broken:
        broken.setattr(training, "wait", lost)
        with pytest.raises(RuntimeError):
            retrain(retraining)
    assert ModelVersion.objects.count() == 2
    done = retrain(retraining)
    assert (done.state, ModelVersion.objects.count(), PromotionRequest.objects.count()) == ("finished", 2, 1)
    assert Entry.objects.filter(action="catalogue.version_registered", subject_name="late-arrival v2").count() == 1


def test_challenger_that_is_no_better_opens_a_review_and_no_request(rule, version):
    done = retrain(fired(rule, version, skill=1.0))
    assert done.outcome == "not_better"
    review = Review.objects.get()
    assert review.state == "open" and review.reason.startswith(
        "Retraining did not help. late-arrival v2 does not differ"
    )
    assert not PromotionRequest.objects.exists()


def test_too_few_compared_labels_are_undecided_and_never_a_pass(rule, version):
    retraining = train(fired(rule, version))
    done = comparing.conclude(
        actor=WORKER,
        retraining=comparing.begin(actor=WORKER, retraining_id=str(retraining.pk)),
        candidate=retraining.candidate,
        comparison={"rows": 12, "days": 1, "measures": []},
    )
    assert done.outcome == "undecided" and "that is not a pass" in done.sentence
    assert not PromotionRequest.objects.exists() and not Review.objects.exists()


def test_challenger_waits_until_its_weeks_are_labelled(rule, version):
    retraining = train(fired(rule, version))
    assert (retraining.state, comparing.why_wait(retraining)) == ("waiting", "0 of 2 weeks after it are labelled.")
    with pytest.raises(Refused, match="nothing to compare on yet"):
        compare(retraining)
    measured(version, 6, 0.5, n=10)
    assert comparing.why_wait(retraining) == "0 of 2 weeks after it are labelled."
    measured(version, 6, 0.5)
    measured(version, 7, 0.5)
    assert comparing.why_wait(retraining) == ""


def test_rule_does_not_fire_while_a_challenger_waits(rule, version):
    train(fired(rule, version))
    measured(version, 6, 0.5)
    assert services.evaluate(actor=SYSTEM, rule=rule, week=monday(6)) == []
    assert "a retraining is under way" in rule.evaluations.get(week=monday(6)).sentence


def test_challenger_overtaken_by_another_version_is_undecided(rule, version):
    retraining = train(fired(rule, version))
    other = catalogue.register_version(
        actor=SYSTEM, model=rule.model, artefact="three", artefact_digest="3" * 64, author=rule.model.owner
    )
    catalogue.move_alias(actor=SYSTEM, version=other, alias="production")
    done = compare(retraining)
    assert done.outcome == "undecided" and "v3 is in production now, no longer v1" in done.sentence
    assert not PromotionRequest.objects.exists() and not Review.objects.exists()


def test_regression_is_compared_by_its_mean_error(cast, regression):
    version = catalogue.register_version(
        actor=SYSTEM, model=regression, artefact="artefacts/one", artefact_digest="1" * 64, author=cast.owner
    )
    serve(version)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=regression, name="trees", engine="local", parameters={})
    rule = services.create_rule(
        actor=SYSTEM, model=regression, pipeline=pipeline, metric="mae", comparison="above", threshold=10,
        train_weeks=4, compare_weeks=2,
    )  # fmt: skip
    done = retrain(fired(rule, version, value=15.0))
    [mae] = done.comparison["measures"]
    assert (done.outcome, mae["metric"], mae["higher_is_better"]) == ("better", "mae", False)
    assert mae["high"] < 0 and mae["difference"] == pytest.approx(mae["candidate"] - mae["champion"])


@pytest.mark.django_db(transaction=True)
def test_job_of_a_measurement_runs_through_to_the_request(rule, version, monkeypatch):
    logged(version, 8)
    sent = []
    monkeypatch.setattr(jobs, "send", sent.append)
    for last, weeks in ((5, range(6)), (7, (6, 7))):
        for index in weeks:
            measured(version, index, 0.5)
        args = {"model": str(rule.model_id), "week": str(monday(last))}
        with transaction.atomic():
            jobs.start("retraining.evaluate", actor=SYSTEM, trigger="chain", args=args, key=str(last))
        while sent:
            runner.execute(sent.pop(0), worker="test")
    ours = Job.objects.filter(kind__startswith="retraining.").order_by("created_at")
    assert list(ours.values_list("kind", "state")) == [
        ("retraining.evaluate", "succeeded"), (RUN, "succeeded"),
        ("retraining.evaluate", "succeeded"), ("retraining.compare", "succeeded"),
    ]  # fmt: skip
    retraining = Retraining.objects.get()
    assert retraining.job.kind == RUN and retraining.request.state == "open"


@pytest.mark.django_db(transaction=True)
def test_job_that_fails_for_good_fails_its_retraining(rule, version, monkeypatch):
    retraining = fired(rule, version)
    type(rule.pipeline).objects.update(engine="abacus")
    monkeypatch.setattr(jobs, "send", lambda _: None)
    with transaction.atomic():
        job = jobs.start(
            RUN, actor=SYSTEM, trigger="chain", args={"retraining": str(retraining.pk)}, key=retraining.key
        )
    runner.execute(job.pk, worker="test")
    retraining.refresh_from_db()
    assert (retraining.state, retraining.sentence) == (
        "failed",
        "pipeline.engine: There is no engine abacus. Use local.",
    )
    assert Entry.objects.filter(action="retraining.failed").count() == 1
