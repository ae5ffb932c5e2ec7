"""Facts are those of one moment: later ends are still open, figures superseded later still stand."""

from dataclasses import replace
from datetime import date, timedelta

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.exports.facts import models_at, standing_at, versions_at, weeks_at
from tests.audit.exports.conftest import MONDAY, WEEK, Traced, measure
from tests.support.cast import SYSTEM, Cast


def test_version_is_followed_to_data_code_and_run(traced: Traced):
    first, second = versions_at(scope=traced.one, viewer=SYSTEM, as_of=clock.now())
    assert (first.title, first.digest, first.parameters) == (
        "late-arrival v1",
        "1" * 64,
        {"learning_rate": 0.1, "seed": 0},
    )
    assert first.run is not None and second.run is None
    assert (first.run.code, first.run.seconds, first.run.trigger) == ("git 9f3c41d8", 4.0, "schedule")
    assert [one.title for one in first.data] == [one.title for one in first.run.inputs] == ["Flights v1"]
    assert (first.data[0].rows, first.data[0].digest) == (51_801, "a" * 64)


def test_nothing_is_known_before_it_was_recorded(traced: Traced):
    long_ago = MONDAY
    for scope in (traced.one, traced.everything):
        assert models_at(scope=scope, viewer=SYSTEM, as_of=long_ago) == ()
        assert versions_at(scope=scope, viewer=SYSTEM, as_of=long_ago) == ()
        assert standing_at(scope=scope, viewer=SYSTEM, as_of=long_ago) == ()
        assert weeks_at(scope=scope, viewer=SYSTEM, as_of=long_ago) == ()


def test_run_that_ended_later_still_runs(traced: Traced):
    pipeline = traced.first.run.pipeline  # type: ignore[union-attr]
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="run-2", trigger="person")
    version = catalogue.register_version(
        actor=SYSTEM, model=traced.model, artefact="a", artefact_digest="5" * 64, author=traced.first.author, run=run
    )
    then = clock.now()
    catalogue.finish_run(actor=SYSTEM, run=run, state="failed", code_version="git 1", compute_seconds=9.0)
    (before,) = [one.run for one in versions_at(scope=traced.one, viewer=SYSTEM, as_of=then) if one.id == version.pk]
    (now,) = [
        one.run for one in versions_at(scope=traced.one, viewer=SYSTEM, as_of=clock.now()) if one.id == version.pk
    ]
    assert before is not None and now is not None
    assert (before.state, before.finished, before.seconds, before.code) == ("running", None, None, "")
    assert (now.state, now.seconds, now.code) == ("failed", 9.0, "git 1")


def test_period_that_ended_is_open_until_its_end_was_recorded(traced: Traced):
    then = clock.now()
    catalogue.move_alias(actor=SYSTEM, version=traced.second, alias="production", since=MONDAY + WEEK)
    before = standing_at(scope=traced.one, viewer=SYSTEM, as_of=then)
    now = standing_at(scope=traced.one, viewer=SYSTEM, as_of=clock.now())
    assert [(one.what, one.number, one.until) for one in before] == [("alias", 1, None), ("deployment", 1, None)]
    assert [(one.number, one.until, one.end_learned is not None) for one in now if one.what == "alias"] == [
        (1, MONDAY + WEEK, True),
        (2, None, False),
    ]


def test_week_that_was_measured_again_stands_as_it_was_believed(traced: Traced):
    then = clock.now()
    measure(traced.first, MONDAY, 0.5)
    values = {
        as_of: [week.metrics["roc_auc"].value for week in weeks_at(scope=traced.one, viewer=SYSTEM, as_of=as_of)]
        for as_of in (then, clock.now())
    }
    assert list(values.values()) == [[0.71, 0.74, 0.66], [0.5, 0.74, 0.66]]


def test_period_takes_the_weeks_that_begin_in_it_and_what_ran_in_it(traced: Traced):
    second_week = replace(traced.one, since=date(2013, 3, 11), until=date(2013, 3, 17))
    weeks = weeks_at(scope=second_week, viewer=SYSTEM, as_of=clock.now())
    assert [(week.start, week.labelled, week.sent) for week in weeks] == [(MONDAY + WEEK, 900, False)]
    before = replace(traced.one, until=(MONDAY - timedelta(days=1)).date())
    assert standing_at(scope=before, viewer=SYSTEM, as_of=clock.now()) == ()
    assert len(standing_at(scope=second_week, viewer=SYSTEM, as_of=clock.now())) == 2


def test_outsider_is_told_nothing(traced: Traced, cast: Cast):
    viewer, as_of = cast.actor("outsider"), clock.now()
    assert models_at(scope=traced.one, viewer=viewer, as_of=as_of) == ()
    assert versions_at(scope=traced.one, viewer=viewer, as_of=as_of) == ()
    assert standing_at(scope=traced.one, viewer=viewer, as_of=as_of) == ()
    assert weeks_at(scope=traced.one, viewer=viewer, as_of=as_of) == ()
