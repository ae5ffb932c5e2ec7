"""Evidence of retraining: the rule as it was, when it fired and why, what was compared, and who closed the review."""

import pytest

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.exports.domain.scope import Scope
from audit.exports.report import Mark
from governance.retraining import evidence, services
from governance.retraining.models import Retraining, Review
from tests.governance.conftest import COMPARISON
from tests.governance.retraining.support import measured, monday
from tests.support.cast import SYSTEM


@pytest.fixture
def ruled(cast, candidate):
    """A rule that fired in its third week, and the retraining that followed."""
    model, version = candidate.model, candidate.model.versions.get(number=1)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="trees", engine="local", parameters={})
    rule = services.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.64
    )
    for index in range(10):
        measured(version, index, 0.6 if index > 6 else 0.7)
        services.evaluate(actor=SYSTEM, rule=rule, week=monday(index))
    run = Retraining.objects.create(
        rule=rule, model=model, key="done", week=monday(9), started_by="Rule", reason="ROC AUC fell.",
        champion=version, candidate=candidate,
    )  # fmt: skip
    return rule, run


def told(rule, as_of):
    scope = Scope("model", rule.model_id, rule.model.name, models=(rule.model_id,))
    found = evidence.section(scope, SYSTEM, as_of)
    return found, {table.title: table.rows for table in found.tables}, {one.name: one for one in found.claims}


def finish(run, as_of):
    run.state, run.outcome, run.sentence = "finished", "not_better", "No difference."
    run.comparison, run.finished_at = COMPARISON, as_of
    run.save()


def test_rule_is_told_as_it_was_before_it_was_changed(ruled):
    rule, _ = ruled
    then = clock.now()
    services.change_rule(
        actor=SYSTEM, rule=rule, changes={"threshold": 0.7, "windows": 2, "enabled": False}, reason="Stricter."
    )
    before, now = told(rule, then)[1]["Rules"][0], told(rule, clock.now())[1]["Rules"][0]
    assert (before[1], before[2]) == ("ROC AUC below 0.640 in 3 weeks in a row", Mark("ok", "on"))
    assert (now[1], now[2]) == ("ROC AUC below 0.700 in 2 weeks in a row", Mark("off", "off"))


def test_judgements_are_counted_and_the_one_that_fired_says_why(ruled):
    rule, _ = ruled
    found, tables, claims = told(rule, clock.now())
    (fired,) = tables["When a rule fired"]
    assert "below 0.640 in 3 of 3" in str(fired[3])
    assert found.sentences[0] == "1 rule was judged 10 times; 1 judgement started a retraining."
    assert claims["triggers"].holds


def test_retraining_is_under_way_until_it_was_finished(ruled):
    rule, run = ruled
    then = clock.now()
    finish(run, clock.now())
    before, now = told(rule, then), told(rule, clock.now())
    assert before[1]["Retrainings"][0][5] == Mark("waiting", "under way")
    assert "What was compared, on the same cases" not in before[1]
    assert now[1]["Retrainings"][0][5:] == (Mark("watch", "No difference"), "No difference.")
    compared = now[1]["What was compared, on the same cases"]
    assert compared[0] == (
        "late-arrival v2 against v1", "ROC AUC", "0.610", "0.660", "+0.050 (+0.030 to +0.070)", "12,345",
        "DeLong, paired",
    )  # fmt: skip
    assert compared[2][3:5] == (Mark("unknown", "unknown"), Mark("unknown", "unknown"))
    assert now[2]["comparisons"].holds and not before[2]["comparisons"].holds


def test_review_is_open_until_a_person_closed_it(ruled, cast):
    rule, run = ruled
    review = Review.objects.create(model=rule.model, retraining=run, reason="It did not help.", opened_at=clock.now())
    then = clock.now()
    services.close_review(actor=cast.actor("validator"), review=review, comment="New features are needed.")
    before, now = told(rule, then)[1], told(rule, clock.now())
    assert before["Reviews by people"][0][3] == Mark("waiting", "open")
    assert now[1]["Reviews by people"][0][3] == Mark("ok", "closed")
    assert now[1]["Reviews by people"][0][5:] == ("Validator", "New features are needed.")
    assert now[2]["review-comments"].said and now[2]["review-comments"].holds


def test_without_rules_it_says_that_nothing_says_when_to_retrain(candidate):
    scope = Scope("model", candidate.model_id, "late-arrival", models=(candidate.model_id,))
    found = evidence.section(scope, SYSTEM, clock.now())
    assert (found.sentences, found.tables) == (("No rule says when to retrain.",), ())
