"""A rule fires once on weeks that are known and broken, and each judgement is kept with what it saw."""

import pytest

from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.ledger.models import Entry
from governance.approvals import services as approvals
from governance.retraining import domain, selectors, services
from governance.retraining.models import Evaluation, Retraining, Review
from tests.governance.retraining.support import measured, monday
from tests.support.cast import SYSTEM


def low(version, weeks, value=0.6):
    for index in weeks:
        measured(version, index, value)


def judge(rule, index):
    return services.evaluate(actor=SYSTEM, rule=rule, week=monday(index))


def last(rule) -> Evaluation:
    return Evaluation.objects.filter(rule=rule).latest("at")


def test_three_low_weeks_fire_one_retraining(rule, version):
    low(version, range(6))
    [retraining] = judge(rule, 5)
    assert (retraining.key, retraining.state, retraining.champion) == (f"{rule.pk}:2013-04-08", "queued", version)
    assert last(rule).sentence == (
        "ROC AUC was 0.600, 0.600 and 0.600 in the weeks until that of 8 April 2013: below 0.640 in 3 of 3. "
        "Retraining starts."
    )
    assert Entry.objects.filter(action="retraining.fired").count() == 1


def test_same_week_judged_again_gives_the_same_retraining(rule, version):
    low(version, range(6))
    assert judge(rule, 5) == judge(rule, 5)
    assert Retraining.objects.count() == 1 and Evaluation.objects.count() == 1


def test_week_above_the_threshold_does_not_fire_and_is_kept(rule, version):
    low(version, range(5))
    measured(version, 5, 0.65)
    assert judge(rule, 5) == []
    kept = last(rule)
    assert (kept.fired, kept.code, kept.inputs["weeks"][-1]["value"]) == (False, "not_broken", 0.65)
    assert "below 0.640 in 2 of 3." in kept.sentence


@pytest.mark.parametrize(("n", "predictions"), [(300, 520), (150, 160), (1, 520)])
def test_week_with_too_few_labels_is_unknown_and_fires_nothing(rule, version, n, predictions):
    low(version, range(5))
    measured(version, 5, 0.1, n=n, predictions=predictions)
    assert judge(rule, 5) == []
    assert last(rule).code == "too_few_labels" and "unknown is not a pass" in last(rule).sentence


def test_week_whose_labels_are_still_to_come_is_not_judged(rule, version):
    low(version, range(5))
    measured(version, 5, None, n=0)
    assert judge(rule, 5) == [] and not rule.evaluations.filter(week=monday(5)).exists()


def test_week_without_a_value_is_unknown(rule, version):
    low(version, range(5))
    measured(version, 5, None)
    assert judge(rule, 5) == [] and last(rule).code == "too_few_labels"


def test_gap_in_the_weeks_is_unknown(rule, version):
    low(version, [0, 1, 2, 3, 5])
    assert judge(rule, 5) == [] and last(rule).sentence.startswith("Not judged: 2 of 3 weeks in a row")


def test_labels_that_come_late_complete_later_weeks_too(rule, version):
    low(version, [0, 1, 2, 3, 5])
    judge(rule, 5)
    measured(version, 4, 0.6)
    [fired] = judge(rule, 4)
    assert fired.week in {monday(4), monday(5)}
    assert Retraining.objects.count() == 1


def test_weeks_before_the_last_judged_one_are_left_alone(rule, version):
    low(version, range(6), 0.7)
    judge(rule, 5)
    low(version, range(5), 0.5)
    assert judge(rule, 3) == []
    assert Evaluation.objects.filter(week=monday(3)).count() == 0


def test_no_version_in_production_is_unknown(model, rule, version):
    from audit.catalogue.models import AliasPeriod

    AliasPeriod.objects.all().delete()
    assert judge(rule, 5) == [] and last(rule).code == "no_version"


def test_too_little_history_does_not_start(rule, version):
    low(version, range(3))
    assert judge(rule, 2) == []
    assert last(rule).sentence.endswith("Not started: 3 labelled weeks are there; 4 are needed to train.")


def test_open_request_blocks_the_rule(cast, model, rule, version):
    candidate = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )
    approvals.request_promotion(actor=cast.actor("owner"), version=candidate, reason="By hand.")
    low(version, range(6))
    assert judge(rule, 5) == []
    assert "a request to promote late-arrival v2 waits for its decision" in last(rule).sentence


def review_of(rule, version) -> Review:
    done = Retraining.objects.create(
        rule=rule, model=rule.model, key="before", week=monday(0), started_by="rule", reason="", state="finished",
        champion=version, outcome="not_better",
    )  # fmt: skip
    return Review.objects.create(
        model=rule.model, retraining=done, reason="It did not help.", opened_at=done.created_at
    )


def test_open_review_blocks_the_rule_until_a_validator_closes_it(cast, rule, version):
    review = review_of(rule, version)
    low(version, range(7))
    assert judge(rule, 5) == [] and last(rule).code == "review_open"
    services.close_review(actor=cast.actor("validator"), review=review, comment="The weather; train again.")
    assert len(judge(rule, 6)) == 1


@pytest.mark.parametrize("name", ["manager", "owner", "approver", "auditor", "administrator", "outsider"])
def test_only_a_validator_closes_a_review(cast, rule, version, name):
    with pytest.raises(NotPermitted):
        services.close_review(actor=cast.actor(name), review=review_of(rule, version), comment="Fine.")


def test_review_closes_once_and_with_a_comment(cast, rule, version):
    review = review_of(rule, version)
    with pytest.raises(InvalidInput, match="Write a comment"):
        services.close_review(actor=cast.actor("validator"), review=review, comment=" ")
    services.close_review(actor=cast.actor("validator"), review=review, comment="Fine.")
    with pytest.raises(Refused, match="has been closed"):
        services.close_review(actor=cast.actor("validator"), review=review, comment="Fine.")


def test_cooldown_and_running_block_the_rule(rule, version):
    low(version, range(6))
    judge(rule, 5)
    measured(version, 6, 0.6)
    judge(rule, 6)
    assert last(rule).code == "running"
    Retraining.objects.update(state="finished")
    measured(version, 7, 0.6)
    judge(rule, 7)
    assert last(rule).sentence.endswith("the last retraining was 2 weeks ago, and the rule waits 4.")
    low(version, [8, 9])
    judge(rule, 8)
    [again] = judge(rule, 9)
    assert again.week == monday(9)


def test_disabled_rule_judges_nothing(cast, rule, version):
    low(version, range(6))
    services.change_rule(actor=cast.actor("owner"), rule=rule, changes={"enabled": False}, reason="Holiday.")
    assert judge(rule, 5) == [] and not Evaluation.objects.exists()
    assert Entry.objects.get(action="retraining.rule_changed").changes == {"enabled": [True, False]}


@pytest.mark.parametrize("name", ["manager", "validator", "approver", "auditor", "outsider"])
def test_who_may_not_manage_retraining_changes_no_rule(cast, rule, name):
    with pytest.raises(NotPermitted):
        services.change_rule(actor=cast.actor(name), rule=rule, changes={"windows": 2}, reason="Because.")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"windows": 0}, "greater than or equal to 1"),
        ({"comparison": "beside"}, "not a valid choice"),
        ({"colour": 1}, "has no colour"),
    ],
)
def test_rule_out_of_range_is_refused(cast, rule, changes, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        services.change_rule(actor=cast.actor("owner"), rule=rule, changes=changes, reason="Because.")


def test_same_rule_again_changes_nothing_and_another_for_the_metric_is_refused(rule):
    same = {"model": rule.model, "pipeline": rule.pipeline, "metric": "roc_auc", "comparison": "below", "windows": 3}
    again = services.create_rule(actor=SYSTEM, threshold=0.64, train_weeks=4, compare_weeks=2, **same)
    assert again == rule and Entry.objects.filter(action="retraining.rule_created").count() == 1
    with pytest.raises(InvalidInput, match="has a rule for roc_auc"):
        services.create_rule(actor=SYSTEM, threshold=0.7, **same)


def test_start_on_demand_uses_the_newest_labelled_weeks_once(cast, rule, version):
    low(version, range(6), 0.9)
    measured(version, 6, 0.9, n=10)
    started = services.start_retraining(actor=cast.actor("owner"), rule=rule, reason="New carrier.")
    assert (started.week, started.started_by, started.reason) == (monday(5), "Owner", "New carrier.")
    with pytest.raises(Refused, match="is under way"):
        services.start_retraining(actor=cast.actor("owner"), rule=rule, reason="Again.")
    Retraining.objects.update(state="finished")
    with pytest.raises(Refused, match="were retrained on before"):
        services.start_retraining(actor=cast.actor("owner"), rule=rule, reason="Again.")


def test_threshold_of_the_main_metric_is_told_to_the_catalogue(cast, rule, regression):
    found = selectors.thresholds(cast.actor("owner"), [rule.model, regression])
    assert {key: (row.metric, row.value, row.below, row.windows) for key, row in found.items()} == {
        rule.model.pk: ("roc_auc", 0.64, True, 3)
    }


@pytest.mark.parametrize("event", ["start", "finish", "fail"])
def test_finished_retraining_allows_nothing(event):
    with pytest.raises(Refused, match="its result stands"):
        domain.RETRAINING.after("finished", event)


def test_rule_for_more_than_two_classes_is_refused(cast, use_case):
    model = catalogue.register_model(
        actor=SYSTEM,
        use_case=use_case,
        slug="cause",
        name="cause",
        task="multiclass",
        owner=cast.owner,
        outcome="cause",
    )
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="trees", engine="local", parameters={})
    with pytest.raises(InvalidInput, match="more than two classes, and versions of such a model cannot be compared"):
        services.create_rule(
            actor=SYSTEM, model=model, pipeline=pipeline, metric="accuracy", comparison="below", threshold=0.6
        )
