"""The catalogue's records are nodes and edges of the graph, by whatever order they are told, and meet events there."""

import random
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base import clock
from audit.base.models import Record
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion, Pipeline, PipelineRun, RunState
from audit.lineage import projecting, selectors
from audit.lineage.domain.fold import Kind, Link, Node
from audit.lineage.domain.naming import dataset_node
from audit.lineage.models import Edge, Placed, Sighting
from audit.lineage.models import Node as Row
from audit.lineage.places import address_of
from audit.lineage.storing import moment_of
from tests.audit.lineage.test_selectors import names, said, send
from tests.support.cast import SYSTEM, Cast, _cast

RUN = "0190f0aa-0000-7000-8000-000000000001"


class Chain:
    """One dataset with a version in a bucket, a run that read it, a version that it made, and a deployment."""

    def __init__(self, cast: Cast, model: Model) -> None:
        dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="flights", name="Flights")
        self.data = catalogue.register_dataset_version(
            actor=SYSTEM, dataset=dataset, digest="a" * 64, location="s3a://lake/raw/flights/", rows=3
        )
        self.pipeline = catalogue.register_pipeline(
            actor=SYSTEM, model=model, name="train", engine="local", parameters={}
        )
        self.run = catalogue.start_run(actor=SYSTEM, pipeline=self.pipeline, key=RUN.replace("-", ""), trigger="api")
        catalogue.finish_run(
            actor=SYSTEM,
            run=self.run,
            state="succeeded",
            inputs=[self.data],
            code_version="9f3c41d8",
            repository="https://git.example.org/models",
        )
        self.version = catalogue.register_version(
            actor=SYSTEM,
            model=model,
            artefact="a/1",
            artefact_digest="1" * 64,
            author=cast.owner,
            run=self.run,
            training_data=[self.data],
        )
        self.derived = catalogue.register_version(
            actor=SYSTEM,
            model=model,
            artefact="a/2",
            artefact_digest="2" * 64,
            author=cast.owner,
            derived_from=self.version,
            training_data=[self.data],
        )
        self.deployment = catalogue.deploy(actor=SYSTEM, version=self.version, environment="production", mode="online")

    @property
    def records(self) -> list[Record]:
        return [self.data, self.run, self.version, self.derived, self.deployment]


@pytest.fixture
def chain(cast: Cast, model: Model) -> Chain:
    return Chain(cast, model)


def node_of(record: Record) -> Row:
    return Placed.objects.exclude(place="dataset").get(record=record.pk).node


def edges() -> set[tuple[str, str, str]]:
    rows = Edge.objects.select_related("source", "target")
    return {(row.source.name, Link(row.link).name, row.target.name) for row in rows}


def test_chain_stands_in_the_graph_from_data_and_commit_to_deployment(chain: Chain) -> None:
    data, live = f"raw/flights@{'a' * 64}", f"late-arrival@1/production/online/{chain.deployment.pk}"
    assert edges() == {
        (data, "VERSION_OF", "raw/flights"),
        (data, "READ", RUN),
        ("9f3c41d8", "CODE", RUN),
        (RUN, "WRITE", "late-arrival@1"),
        ("late-arrival@1", "DERIVED", "late-arrival@2"),
        (data, "READ", "late-arrival@2"),
        ("late-arrival@1", "DEPLOYED", live),
    }
    assert Row.objects.get(name="raw/flights").namespace == "s3://lake"
    assert Row.objects.get(name="9f3c41d8").namespace == "https://git.example.org/models"
    assert Row.objects.get(name=RUN).namespace == ""


def test_events_and_the_catalogue_meet_in_one_node(cast: Cast, chain: Chain) -> None:
    event = said("load", ["source"], [], day=1)
    event["outputs"] = [{"namespace": "s3://lake", "name": "raw/flights"}]
    own = said("serve", [], ["page"], day=2, run=RUN)
    send(cast, event, own)
    found = names(selectors.upstream(viewer=cast.actor("owner"), start=node_of(chain.deployment), depth=20))
    assert {"source", "load-1", "raw/flights", RUN, "serve"} <= set(found)


def test_each_edge_is_true_since_its_fact_was(chain: Chain) -> None:
    def since(link: Link, target: Row) -> datetime:
        return moment_of(Edge.objects.get(link=link, target=target).since)

    run = PipelineRun.objects.get(pk=chain.run.pk)
    assert since(Link.READ, node_of(chain.run)) == run.started_at
    assert since(Link.CODE, node_of(chain.run)) == run.started_at
    assert since(Link.WRITE, node_of(chain.version)) == run.finished_at
    assert since(Link.DEPLOYED, node_of(chain.deployment)) == chain.deployment.since
    assert since(Link.DERIVED, node_of(chain.derived)) == chain.derived.created_at


@pytest.mark.django_db
@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_rows(shuffle: random.Random) -> None:
    with transaction.atomic():
        cast = _cast()
        chain = Chain(cast, _model(cast))
        first = _rows()
        Edge.objects.all().delete()
        Sighting.objects.all().delete()
        Placed.objects.all().delete()
        told = [*chain.records, *shuffle.sample(chain.records, 2)]
        shuffle.shuffle(told)
        while told:
            count = shuffle.randint(1, len(told))
            projecting.project(told[:count])
            told = told[count:]
        assert _rows() == first
        transaction.set_rollback(True)


def _model(cast: Cast) -> Model:
    use_case = catalogue.register_use_case(actor=SYSTEM, team=cast.team, slug="u", name="U", problem="P")
    return catalogue.register_model(
        actor=SYSTEM,
        use_case=use_case,
        slug="late-arrival",
        name="late-arrival",
        task="classification",
        owner=cast.owner,
        outcome="late",
        threshold=0.5,
    )


def _rows() -> tuple[Any, ...]:
    return (
        sorted(Edge.objects.values_list("source__key", "link", "target__key", "team_id", "since")),
        sorted(Sighting.objects.values_list("node__key", "team_id", "since")),
        sorted(Placed.objects.values_list("node__key", "place", "record")),
    )


def test_run_that_ends_after_its_version_was_registered_gives_the_same_rows(cast: Cast, model: Model) -> None:
    """The version is told while its run still has neither data nor end; told once more, both ways agree."""
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="flights", name="Flights")
    data = catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest="d", location="lake/a", rows=1)
    run = catalogue.start_run(actor=SYSTEM, pipeline=pipeline, key="mine", trigger="api")
    version = catalogue.register_version(
        actor=SYSTEM,
        model=model,
        artefact="a",
        artefact_digest="1" * 64,
        author=cast.owner,
        run=run,
        training_data=[data],
    )
    catalogue.finish_run(actor=SYSTEM, run=run, state="succeeded", inputs=[data])
    first = _rows()
    Edge.objects.all().delete()
    Sighting.objects.all().delete()
    projecting.project([version, run, data])
    assert _rows() == first
    assert (Row.objects.get(kind=Kind.RUN).namespace, Row.objects.get(kind=Kind.RUN).name) == ("tollgate", "mine")


def test_thousand_versions_take_a_few_statements(cast: Cast, model: Model) -> None:
    pipeline = Pipeline.objects.create(model=model, name="p", engine="local")
    at = clock.now()
    runs = PipelineRun.objects.bulk_create(
        [
            PipelineRun(pipeline=pipeline, key=f"k{one}", state=RunState.SUCCEEDED, trigger="t", started_at=at)
            for one in range(1000)
        ]
    )
    versions = ModelVersion.objects.bulk_create(
        [
            ModelVersion(
                model=model, number=one + 1, artefact="a", artefact_digest="1" * 64, author=cast.owner, run=run
            )
            for one, run in enumerate(runs)
        ]
    )
    with CaptureQueriesContext(connection) as seen:
        projecting.project([*runs, *versions])
    assert len([one for one in seen.captured_queries if "SAVEPOINT" not in one["sql"]]) < 120
    assert Edge.objects.filter(link=Link.WRITE).count() == 1000


def test_pages_of_records_are_those_that_the_viewer_may_see(cast: Cast, chain: Chain) -> None:
    nodes = [node_of(one) for one in (chain.run, chain.version, chain.deployment)]
    found = address_of(nodes, viewer=cast.actor("owner"))
    assert [found[one.pk] for one in nodes] == [
        "/models/late-arrival/versions/1/",
        "/models/late-arrival/versions/1/",
        "/models/late-arrival/history/",
    ]
    assert address_of(nodes, viewer=cast.actor("outsider")) == {}


def test_what_only_another_team_registered_is_not_seen(cast: Cast, chain: Chain) -> None:
    assert not selectors.nodes(viewer=cast.actor("outsider")).exists()
    assert selectors.nodes(viewer=cast.actor("owner")).count() == Row.objects.count()


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("s3://bucket/a/b.parquet", ("s3://bucket", "a/b.parquet")),
        ("s3n://bucket/a", ("s3://bucket", "a")),
        ("gcs://bucket/a", ("gs://bucket", "a")),
        ("file:///data/flights%20of%20march.csv", ("file", "/data/flights of march.csv")),
        ("file://host/data/a", ("file://host", "/data/a")),
        ("abfss://box@account.dfs.core.windows.net/a/b", ("abfss://box@account.dfs.core.windows.net", "a/b")),
        ("hdfs://name:8020/a/b", ("hdfs://name:8020", "/a/b")),
        ("https://user:secret@example.org/a?token=b", ("https://example.org", "/a")),
        ("s3://bucket", ("s3://bucket", "/")),
        ("artefacts/a.parquet", ("tollgate", "flights")),
        ("C:\\data\\a", ("tollgate", "flights")),
        ("http://[broken", ("tollgate", "flights")),
        ("://nothing", ("tollgate", "flights")),
        ("", ("tollgate", "flights")),
    ],
)
def test_data_at_an_address_is_named_as_events_name_it(location: str, expected: tuple[str, str]) -> None:
    assert dataset_node(location, "flights") == Node(Kind.DATASET, *expected)
