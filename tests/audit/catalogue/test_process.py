"""Every step of the process is told from records and their entries, and a step without a source is unknown."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.catalogue import process
from audit.catalogue import services as catalogue
from audit.catalogue.domain.automation import Degree, Doings, by_trigger, degree, summary
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.catalogue.process import STEPS, Shown, StepState, process_of
from audit.monitoring import services as monitoring
from governance.approvals import services as approvals
from governance.retraining import services as retraining
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast
from tests.support.world import PREDICTIONS, World

TOKEN = Actor("token", "t", "ci", SYSTEM.grants)


def _steps(cast: Cast, model: Model, name: str = "owner") -> dict[str, Shown]:
    return {one.step.key: one for one in process_of(viewer=cast.actor(name), model=model).steps}


def test_steps_are_the_twelve_of_the_standard_process() -> None:
    assert [step.label for step in STEPS] == [
        "Data", "Build", "Train", "Validate", "Register", "Approve", "Release", "Deploy", "Infer", "Monitor",
        "Feed back", "Retrain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("doings", "known", "ran", "expected"),
    [
        (Doings(3, 0), True, True, Degree.ALONE),
        (Doings(1, 2), True, True, Degree.PARTLY),
        (Doings(0, 2), True, True, Degree.HAND),
        (Doings(0, 0), True, False, Degree.IDLE),
        (Doings(0, 0), True, True, Degree.UNKNOWN),
        (Doings(0, 0), False, False, Degree.UNKNOWN),
    ],
)
def test_degree_is_unknown_where_nothing_is_counted(doings: Doings, known: bool, ran: bool, expected: Degree) -> None:
    assert degree(doings, known=known, ran=ran) is expected


def test_share_is_machines_of_all_and_none_without_any() -> None:
    assert Doings(3, 1).share == 0.75
    assert Doings().share is None
    assert by_trigger(["schedule", "person", "", "retraining", "manual"]) == Doings(2, 2)


def test_summary_counts_each_kind_of_step() -> None:
    degrees = [Degree.ALONE] * 7 + [Degree.HAND] * 3 + [Degree.UNKNOWN] * 2
    assert summary(degrees, 90) == (
        "7 of 12 steps ran by themselves in the last 90 days; 3 are done by hand; 2 are unknown."
    )
    assert summary([Degree.ALONE, Degree.PARTLY, Degree.IDLE], 90) == (
        "1 of 3 steps ran by itself in the last 90 days; 1 is done in part by hand; 1 did not run."
    )


def test_model_of_which_nothing_is_known_has_no_step_done(cast: Cast, model: Model) -> None:
    steps = _steps(cast, model)
    states = {key: one.facts.state for key, one in steps.items()}
    assert {key for key, state in states.items() if state is StepState.UNKNOWN} == {
        "build", "validate", "release", "infer", "monitor", "retrain",
    }  # fmt: skip
    assert {key for key, state in states.items() if state is StepState.NEVER} == set(states) - {
        "build", "validate", "release", "infer", "monitor", "retrain",
    }  # fmt: skip
    assert steps["build"].facts.sentence == "No source tells of builds: connect continuous integration."
    assert {one.doings.share for one in steps.values()} == {None}
    assert steps["build"].counts == (None, None)


def test_versions_without_data_and_runs_leave_both_steps_unknown(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    steps = _steps(cast, model)
    assert steps["data"].facts.state is StepState.UNKNOWN
    assert steps["train"].facts.state is StepState.UNKNOWN
    assert steps["register"].facts.state is StepState.DONE


def test_registration_by_a_token_ran_by_itself_and_by_a_person_did_not(cast: Cast, model: Model) -> None:
    for number, actor in enumerate([TOKEN, TOKEN, cast.actor("owner")], 1):
        catalogue.register_version(
            actor=actor, model=model, artefact="a", artefact_digest=f"{number}" * 64, author=cast.owner
        )
    shown = _steps(cast, model)["register"]
    assert (shown.facts.automatic, shown.facts.by_hand, shown.degree) == (2, 1, Degree.PARTLY)
    assert shown.words == "In part by hand, 2 of 3 without a person"
    assert shown.doings.share == pytest.approx(2 / 3)


def test_what_a_pull_found_counts_neither_way(cast: Cast, model: Model, version: ModelVersion) -> None:
    puller = Actor.service("schedule")
    catalogue.register_version(actor=puller, model=model, artefact="a", artefact_digest="8" * 64, author=cast.owner)
    assert _steps(cast, model)["register"].doings == Doings(1, 0), "the first is the test's own service"
    model.versions.exclude(number=2).update(created_at=clock.now() - timedelta(days=100))
    shown = _steps(cast, model)["register"]
    assert (shown.doings, shown.degree) == (Doings(), Degree.UNKNOWN)


def test_deployment_before_the_counted_days_is_told_and_not_counted(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    long_ago = datetime(2013, 3, 4, tzinfo=UTC)
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=long_ago)
    shown = _steps(cast, model)["deploy"]
    assert (shown.facts.last, shown.degree, shown.words) == (long_ago, Degree.IDLE, "Did not run in 90 days")
    Deployment.objects.update(since=clock.now() - timedelta(days=89))
    assert _steps(cast, model)["deploy"].degree is Degree.ALONE


def test_deployment_beside_production_does_not_hide_what_is_in_production(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    assert _steps(cast, model)["deploy"].facts.sentence == "In production now: v1."
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="b", artefact_digest="2" * 64, author=cast.owner
    )
    shadow = catalogue.deploy(actor=SYSTEM, version=second, environment="shadow", mode="batch")
    catalogue.end_deployment(actor=SYSTEM, deployment=shadow)
    assert _steps(cast, model)["deploy"].facts.sentence == (
        "In production now: v1. The newest deployment is v2 in shadow, and has ended."
    )


@pytest.mark.parametrize(
    ("trigger", "state", "expected", "found"),
    [
        ("schedule", "succeeded", Degree.ALONE, StepState.DONE),
        ("person", "failed", Degree.HAND, StepState.FAILED),
        ("retraining", "running", Degree.ALONE, StepState.RUNNING),
    ],
)
def test_training_is_told_by_what_started_its_runs(
    cast: Cast, model: Model, trigger: str, state: str, expected: Degree, found: StepState
) -> None:
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="k", trigger=trigger)
    if state != "running":
        catalogue.finish_run(actor=SYSTEM, run=run, state=state)
    shown = _steps(cast, model)["train"]
    assert (shown.degree, shown.facts.state) == (expected, found)
    assert shown.facts.by == "Owner"


def test_data_are_told_with_who_answers_for_them(cast: Cast, model: Model) -> None:
    dataset = catalogue.register_dataset(
        actor=SYSTEM, team=cast.team, slug="flights", name="Flights", owner=cast.validator
    )
    data = catalogue.register_dataset_version(
        actor=cast.actor("owner"), dataset=dataset, digest="a" * 64, location="l", rows=3
    )
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner, training_data=[data]
    )
    shown = _steps(cast, model)["data"]
    assert (shown.facts.state, shown.facts.by, shown.degree) == (StepState.DONE, "Validator", Degree.HAND)
    assert shown.facts.evidence == (("Flights", "/datasets/flights/"),)


def test_predictions_and_labels_are_two_steps(cast: Cast, model: Model, version: ModelVersion) -> None:
    monitoring.receive_upload(actor=TOKEN, model=model, kind="predictions", filename="w.csv", chunks=[PREDICTIONS])
    steps = _steps(cast, model)
    assert (steps["infer"].facts.state, steps["infer"].degree) == (StepState.RUNNING, Degree.ALONE)
    assert steps["feedback"].facts.state is StepState.NEVER
    assert steps["monitor"].facts.sentence == "No week is measured yet, although files have come."
    monitoring.receive_upload(
        actor=cast.actor("owner"), model=model, kind="labels", filename="l.csv", chunks=[b"prediction_id,label\nf1,1\n"]
    )
    assert _steps(cast, model)["feedback"].degree is Degree.HAND


def test_measured_week_without_labels_waits_for_them(cast: Cast, model: Model, version: ModelVersion) -> None:
    upload = monitoring.receive_upload(
        actor=TOKEN, model=model, kind="predictions", filename="w.csv", chunks=[PREDICTIONS]
    )
    for week in monitoring.import_upload(actor=SYSTEM, upload=upload):
        monitoring.measure_week(actor=SYSTEM, model=model, week=start_of(week))
    shown = _steps(cast, model)["monitor"]
    assert (shown.facts.state, shown.degree) == (StepState.WAITING, Degree.ALONE)
    assert "4 March 2013; its labels have not come." in shown.facts.sentence


def test_approval_waits_for_roles_and_is_by_hand_once_decided(cast: Cast, model: Model, version: ModelVersion) -> None:
    request = approvals.request_promotion(actor=cast.actor("owner"), version=version, reason="The first.", evidence={})
    waiting = _steps(cast, model)["approve"]
    assert (waiting.facts.state, waiting.facts.by) == (StepState.WAITING, "Validator or Approver")
    assert (waiting.facts.last, waiting.degree) == (None, Degree.IDLE)
    for name in ("validator", "approver"):
        approvals.vote(actor=cast.actor(name), request=request, decision="approve", comment="Fine.")
        request.refresh_from_db()
    steps = _steps(cast, model)
    assert (steps["approve"].facts.state, steps["approve"].degree) == (StepState.DONE, Degree.HAND)
    assert steps["approve"].facts.by == "Validator and Approver"
    assert steps["deploy"].degree is Degree.ALONE, "the approval deployed it"


def test_rule_that_has_not_fired_is_not_yet_and_no_rule_is_unknown(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    assert _steps(cast, model)["retrain"].facts.state is StepState.UNKNOWN
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    retraining.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.6
    )
    assert _steps(cast, model)["retrain"].facts.state is StepState.NEVER


def test_retraining_that_a_person_started_is_by_hand_and_a_review_waits(world: World) -> None:
    shown = _steps(world.cast, world.rows["model"])["retrain"]  # type: ignore[arg-type]
    assert (shown.facts.automatic, shown.facts.by_hand) == (0, 1)
    assert (shown.facts.state, shown.facts.by) == (StepState.WAITING, "Validator")


def test_step_has_one_provider_and_must_exist() -> None:
    with pytest.raises(ValueError, match="not a step"):
        process.register("dream", lambda viewer, model: None)
    with pytest.raises(ValueError, match="Two providers"):
        process.register("data", lambda viewer, model: None)


def test_page_says_it_in_words_and_links_the_evidence(world: World) -> None:
    page = world.cast.client("manager").get("/models/late-arrival/process/")
    text = " ".join(page.content.decode().split())
    assert "of 12 steps ran by themselves in the last 90 days" in text
    assert text.count('<tr id="') == 12
    assert f"/decisions/{world.id_of('request')}/" in text
    assert "/models/late-arrival/process/" in world.cast.client("manager").get("/models/late-arrival/").content.decode()


def test_download_and_api_give_every_step_and_leave_unknown_counts_empty(
    world: World, program: Callable[..., Program]
) -> None:
    answer = world.cast.client("owner").get("/models/late-arrival/process/?format=csv")
    lines = {line["step"]: line for line in csv.DictReader(b"".join(answer).decode().splitlines())}
    assert list(lines) == [step.key for step in STEPS]
    assert (lines["build"]["state"], lines["build"]["automatic"], lines["build"]["by_hand"]) == ("unknown", "", "")
    assert (lines["deploy"]["degree"], lines["deploy"]["share_automatic"]) == ("alone", "1.0")
    said = program("owner").get("/models/late-arrival/process").json()
    steps = {step["key"]: step for step in said["steps"]}
    assert (steps["build"]["automatic"], steps["build"]["share_automatic"]) == (None, None)
    assert (steps["deploy"]["automatic"], steps["deploy"]["by_hand"]) == (1, 0)
    assert said["steps_by_themselves"] == sum(step["degree"] == "alone" for step in said["steps"])
