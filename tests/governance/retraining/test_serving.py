"""The rollup that pages read of weeks is, after any change to what it follows from, what all of it gives afresh."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.base.actors import Actor
from audit.base.errors import Refused
from audit.catalogue import services as catalogue
from audit.catalogue.describing_models import describe_model
from audit.catalogue.models import Model, ModelVersion, Pipeline
from audit.monitoring import selectors
from audit.monitoring.models import ServedWeek
from audit.monitoring.serving import roll_up
from governance.retraining import services
from tests.governance.retraining.support import FIRST, WEEK, measured
from tests.support.cast import SYSTEM, Cast

SHOWN = (
    "start", "end", "version", "version_number", "metric", "value", "low", "high", "n", "predictions", "labelled",
    "state",
)  # fmt: skip
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("measure"), st.integers(0, 1), st.integers(0, 15), st.none() | st.floats(0.4, 1.0)),
        st.tuples(st.just("move"), st.integers(0, 1), st.integers(0, 15)),
        st.tuples(st.just("bound"), st.floats(0.4, 1.0), st.integers(1, 4)),
        st.tuples(st.just("switch"), st.booleans()),
    ),
    max_size=12,
)


def stored(model: Model) -> list[tuple[Any, ...]]:
    """What pages read of the model."""
    return list(ServedWeek.objects.filter(model=model).order_by("start").values_list(*SHOWN))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_rollup_is_what_everything_gives_afresh(
    changes: list[tuple[Any, ...]], cast: Cast, model: Model, version: ModelVersion
) -> None:
    versions = [version, _another(cast, model)]
    pipeline, _ = Pipeline.objects.get_or_create(model=model, name="p", engine="sklearn")
    rule = services.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.7
    ) if not model.rules.exists() else model.rules.get()  # fmt: skip
    moved = -1
    for kind, *rest in changes:
        if kind == "measure":
            measured(versions[rest[0]], rest[1], rest[2], predictions=500 + rest[0])
        elif kind == "move" and rest[1] > moved:
            moved = rest[1]
            since = FIRST + moved * WEEK + timedelta(days=2)
            try:
                catalogue.move_alias(actor=SYSTEM, version=versions[rest[0]], alias="production", since=since)
            except Refused:
                continue
        elif kind == "bound":
            changed = {"threshold": rest[0], "windows": rest[1]}
            rule = services.change_rule(actor=SYSTEM, rule=rule, changes=changed, reason="Tried.")
        elif kind == "switch":
            rule = services.change_rule(actor=SYSTEM, rule=rule, changes={"enabled": rest[0]}, reason="Tried.")
    found = stored(model)
    ServedWeek.objects.all().delete()
    roll_up({model.pk: None})
    assert found == stored(model)


def _another(cast: Cast, model: Model) -> ModelVersion:
    known = model.versions.filter(number=2).first()
    return known or catalogue.register_version(
        actor=SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )


def test_saying_what_a_model_predicts_gives_its_weeks_their_measure(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    Model.objects.filter(pk=model.pk).update(task="")
    model.refresh_from_db()
    measured(version, 0, 0.8)
    assert [row[4] for row in stored(model)] == [""]
    describe_model(
        actor=SYSTEM, model=model, use_case=model.use_case, name=model.name, task="classification",
        outcome="late", threshold=0.5,
    )  # fmt: skip
    assert [row[4:6] for row in stored(model)] == [("roc_auc", 0.8)]


def test_who_is_of_another_team_sees_no_week(cast: Cast, version: ModelVersion) -> None:
    measured(version, 0, 0.8)
    assert not selectors.served_weeks(viewer=cast.actor("outsider")).exists()
    assert selectors.served_weeks(viewer=cast.actor("owner")).count() == 1


def test_another_model_is_left_alone(version: ModelVersion, regression: Model) -> None:
    measured(version, 0, 0.8)
    roll_up({regression.pk: None})
    assert len(stored(version.model)) == 1
    assert stored(regression) == []


def test_any_service_reads_it(version: ModelVersion) -> None:
    measured(version, 3, 0.8)
    assert selectors.last_data(Actor.service("any"), version.model) == FIRST + 4 * WEEK
