"""What a source tells becomes records of the catalogue, once; every rule by which two things are one is tried here."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.base.errors import NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import (
    AliasPeriod,
    Dataset,
    DatasetVersion,
    Deployment,
    Model,
    ModelVersion,
    PipelineRun,
    UseCase,
)
from audit.ledger.models import Entry
from audit.sources import guarding, identities
from audit.sources import services as sources
from audit.sources.domain.told import (
    DataTold,
    EndpointTold,
    Happening,
    Kind,
    ModelTold,
    RunTold,
    Told,
    Variant,
    VersionTold,
    cleaned,
)
from audit.sources.models import Happening as Kept
from audit.sources.models import Identity, Incident, Source
from audit.sources.taking.piece import mark_gone, take_in
from tests.support import told as entries
from tests.support.cast import SYSTEM, Cast

AT = datetime(2026, 3, 3, 12, tzinfo=UTC)
COMMIT = "6db8a1c0d7e5f0a9b3c2d1e0f9a8b7c6d5e4f3a2"
MODEL = ModelTold(id="fraud", name="Fraud", aliases={"champion": "fraud/1"}, url="https://mlflow.example/fraud")
DATA = DataTold(
    id="d1", dataset="cards@s3", name="cards", digest="3fa9c1d2", location="s3://bank/cards", rows=100,
    columns={"amount": "double"},
)  # fmt: skip
RUN = RunTold(
    id="r1", key="mlflow:r1", pipeline="nightly", engine="mlflow", state="succeeded", started=AT,
    finished=AT + timedelta(minutes=5), parameters={"depth": 3}, commit=COMMIT,
    repository="https://github.com/bank/fraud", inputs=("d1",),
)  # fmt: skip
VERSION = VersionTold(
    id="fraud/1", model="fraud", number=1, created=AT + timedelta(minutes=6), run="r1", artefact="models:/m-1",
    author="owner@example.org", data=("d1",), metrics={"auc": 0.91},
)  # fmt: skip
ENDPOINT = EndpointTold(
    id="e1", name="fraud-live", environment="production", mode="online", at=AT + timedelta(hours=1),
    variants=(Variant(name="blue", version="fraud/1", share=1.0),),
)  # fmt: skip
WHOLE = Told(models=(MODEL,), data=(DATA,), runs=(RUN,), versions=(VERSION,), endpoints=(ENDPOINT,))


@pytest.fixture
def source(cast: Cast) -> Source:
    """A source of the team; what it tells is handed in directly."""
    return _source(cast, "Registry")


def _source(cast: Cast, name: str) -> Source:
    return sources.add_source(actor=SYSTEM, kind="folder", name=name, team=cast.team, settings={"path": ""})


def facts() -> list[Any]:
    """What the catalogue holds, without ids and times of ours."""
    return [
        list(Model.objects.values_list("slug", "name", "use_case__unassigned", "owner__email").order_by("slug")),
        list(
            ModelVersion.objects.order_by("model__slug", "number")
            .values_list("model__slug", "number", "run__key", "artefact", "author__email", "metrics")
        ),
        list(ModelVersion.training_data.through.objects.values_list("modelversion__number", "datasetversion__digest")),
        list(PipelineRun.objects.values_list("key", "state", "pipeline__name", "code_version", "parameters")),
        list(DatasetVersion.objects.values_list("dataset__slug", "number", "digest", "rows", "columns")),
        list(AliasPeriod.objects.filter(until=None).values_list("model__slug", "alias", "version__number")),
        list(Deployment.objects.filter(until=None).values_list("endpoint", "share", "version__number", "environment")),
    ]  # fmt: skip


def test_whole_origin_is_on_record_and_told_again_changes_nothing(source: Source) -> None:
    done = take_in(source=source, told=WHOLE)
    assert done.problems == [] and done.counts["new"] == 5
    version = ModelVersion.objects.get()
    assert (str(version), version.author.email if version.author else "") == ("Fraud v1", "owner@example.org")
    assert version.run is not None and version.run.code_version == COMMIT and version.created_at == VERSION.created
    assert [str(one) for one in version.training_data.all()] == ["cards v1"]
    assert version.model.use_case.unassigned and version.model.use_case.name == "No use case yet"
    before, written = facts(), Entry.objects.count()
    again = take_in(source=source, told=WHOLE)
    assert (again.counts["new"], again.counts["changed"], again.counts["same"]) == (0, 0, 5)
    assert facts() == before and Entry.objects.count() == written
    assert entries.entries(action="catalogue.version_registered")[-1].actor_name == "Registry"


PIECES = (
    Told(models=(MODEL,)),
    Told(data=(DATA,)),
    Told(models=(MODEL,), data=(DATA,), runs=(RUN,), versions=(VERSION,)),
    Told(endpoints=(ENDPOINT,)),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=lambda order: "".join(map(str, order)))
def test_any_order_of_pieces_gives_the_same_catalogue(cast: Cast, order: tuple[int, ...]) -> None:
    source = _source(cast, "Registry")
    for at in (*order, 3):  # an endpoint that came before its version is settled when it is seen again
        take_in(source=source, told=PIECES[at])
    found = facts()
    assert found[5] == [("fraud", "champion", 1)] and found[6] == [("fraud-live", 1.0, 1, "production")]
    assert not Incident.objects.filter(closed_at=None).exists()
    assert [len(part) for part in found] == [1, 1, 1, 1, 1, 1, 1]


def test_alias_that_moves_ends_its_period_and_one_that_goes_is_taken_away(source: Source) -> None:
    second = VersionTold(id="fraud/2", model="fraud", number=2, created=AT + timedelta(days=1))
    take_in(source=source, told=WHOLE)
    moved = ModelTold(id="fraud", name="Fraud", aliases={"champion": "fraud/2", "shadow": "fraud/1"})
    take_in(source=source, told=Told(models=(moved,), versions=(second,)))
    rows = AliasPeriod.objects.order_by("since", "alias").values_list("alias", "version__number", "until")
    assert [(alias, number, until is None) for alias, number, until in rows] == [
        ("champion", 1, False), ("champion", 2, True), ("shadow", 1, True),
    ]  # fmt: skip
    bare = ModelTold(id="fraud", name="Fraud", aliases={"champion": "fraud/2"})
    take_in(source=source, told=Told(models=(bare,)))
    assert list(AliasPeriod.objects.filter(until=None).values_list("alias", flat=True)) == ["champion"]
    assert entries.entries(action="catalogue.alias_ended")[-1].subject_name == "shadow of Fraud: v1"


def test_alias_that_tollgate_gave_is_not_taken_away_by_a_source(source: Source) -> None:
    take_in(source=source, told=WHOLE)
    catalogue.move_alias(actor=SYSTEM, version=ModelVersion.objects.get(), alias="production")
    take_in(source=source, told=Told(models=(ModelTold(id="fraud", name="Fraud", aliases={}),)))
    assert list(AliasPeriod.objects.filter(until=None).values_list("alias", flat=True)) == ["production"]


def test_guarded_alias_moved_elsewhere_is_one_incident_that_names_it_all(source: Source, cast: Cast) -> None:
    take_in(source=source, told=WHOLE)
    model = Model.objects.get()
    guarding.guard_aliases(actor=cast.actor("owner"), model=model, aliases=["champion"], reason="live")
    second = VersionTold(id="fraud/2", model="fraud", number=2, created=AT + timedelta(days=1))
    moved = ModelTold(id="fraud", name="Fraud", aliases={"champion": "fraud/2"})
    for _ in range(2):
        take_in(source=source, told=Told(models=(moved,), versions=(second,)))
    (incident,) = Incident.objects.all()
    assert incident.sentence == (
        "“champion” of Fraud was moved from version 1 to version 2 at Registry, outside of Tollgate."
        " Folder does not tell who did it."
    )
    assert (incident.model, incident.kind) == (model, "moved")
    with pytest.raises(NotPermitted):
        guarding.close_incident(actor=cast.actor("outsider"), incident=incident, reason="mine")
    guarding.close_incident(actor=cast.actor("owner"), incident=incident, reason="It was agreed on the phone.")
    with pytest.raises(Refused):
        guarding.close_incident(actor=cast.actor("owner"), incident=incident, reason="again")


def test_alias_that_tollgate_moved_first_is_no_incident(source: Source, cast: Cast) -> None:
    second = VersionTold(id="fraud/2", model="fraud", number=2, created=AT + timedelta(days=1))
    take_in(source=source, told=WHOLE)
    take_in(source=source, told=Told(versions=(second,)))
    guarding.guard_aliases(actor=cast.actor("owner"), model=Model.objects.get(), aliases=["champion"])
    catalogue.move_alias(actor=SYSTEM, version=ModelVersion.objects.get(number=2), alias="champion")
    take_in(source=source, told=Told(models=(ModelTold(id="fraud", name="Fraud", aliases={"champion": "fraud/2"}),)))
    assert not Incident.objects.exists()


def test_guarded_approval_status_that_changes_elsewhere_is_an_incident(source: Source, cast: Cast) -> None:
    take_in(source=source, told=WHOLE)
    guarding.guard_aliases(actor=cast.actor("owner"), model=Model.objects.get(), aliases=["approval status"])
    for status in ("PendingManualApproval", "Approved"):
        changed = VersionTold(
            id="fraud/1", model="fraud", number=1, created=VERSION.created, run="r1", artefact="models:/m-1",
            author="owner@example.org", data=("d1",), metrics={"auc": 0.91}, status=status,
        )  # fmt: skip
        take_in(source=source, told=Told(versions=(changed,)))
    assert [one.sentence.partition(" at ")[0] for one in Incident.objects.order_by("at")] == [
        "The approval status of version 1 of Fraud went from none to PendingManualApproval",
        "The approval status of version 1 of Fraud went from PendingManualApproval to Approved",
    ]


def test_endpoint_shifts_traffic_and_each_share_has_its_time(source: Source) -> None:
    second = VersionTold(id="fraud/2", model="fraud", number=2, created=AT + timedelta(days=1))
    take_in(source=source, told=WHOLE)
    canary = EndpointTold(
        id="e1", name="fraud-live", environment="production", mode="online", at=AT + timedelta(days=2),
        variants=(
            Variant(name="blue", version="fraud/1", share=0.9), Variant(name="green", version="fraud/2", share=0.1),
        ),
    )  # fmt: skip
    take_in(source=source, told=Told(versions=(second,), endpoints=(canary,)))
    rows = Deployment.objects.order_by("since", "version__number").values_list(
        "version__number", "share", "since", "until"
    )
    assert list(rows) == [
        (1, 1.0, ENDPOINT.at, canary.at), (1, 0.9, canary.at, None), (2, 0.1, canary.at, None),
    ]  # fmt: skip
    assert mark_gone(source=source, kind=Kind.ENDPOINT, present=set()) == 1
    assert not Deployment.objects.filter(until=None).exists()
    assert mark_gone(source=source, kind=Kind.ENDPOINT, present=set()) == 0


def test_endpoint_of_unknown_version_is_an_orphan_until_the_version_is_known(source: Source) -> None:
    take_in(source=source, told=Told(endpoints=(ENDPOINT,)))
    (incident,) = Incident.objects.all()
    assert incident.sentence == (
        "The endpoint fraud-live at Registry serves fraud/1, of which no version is on record."
    )
    take_in(source=source, told=WHOLE)
    incident.refresh_from_db()
    assert incident.reason == "It serves a version that is on record now."
    assert Deployment.objects.get(until=None).version.number == 1


def test_same_name_is_the_same_model_and_can_be_separated_for_ever(source: Source, cast: Cast) -> None:
    other = _source(cast, "Cloud")
    take_in(source=source, told=WHOLE)
    cloud = Told(
        models=(ModelTold(id="arn:fraud", name="fraud"),),
        versions=(VersionTold(id="arn:fraud/1", model="arn:fraud", number=1, created=AT, artefact="s3://x"),),
    )
    take_in(source=other, told=cloud)
    assert [one.number for one in Model.objects.get().versions.order_by("number")] == [1, 2]
    identity = Identity.objects.get(source=other, kind=Kind.MODEL)
    assert identity.merged_by == "the same name"
    own = identities.separate(actor=cast.actor("owner"), identity=identity, reason="They only share a name.")
    assert (own.slug, [one.artefact for one in own.versions.all()]) == ("fraud-2", ["s3://x"])
    assert [one.number for one in Model.objects.get(slug="fraud").versions.all()] == [1]
    changed = ModelTold(id="arn:fraud", name="fraud", description="told again")
    third = VersionTold(id="arn:fraud/2", model="arn:fraud", number=2, created=AT)
    take_in(source=other, told=Told(models=(changed,), versions=(third,)))
    assert Model.objects.count() == 2 and own.versions.count() == 2
    back = identities.join(
        actor=cast.actor("owner"), identity=Identity.objects.get(pk=identity.pk), model=Model.objects.get(slug="fraud"),
        reason="They are one.",
    )  # fmt: skip
    assert back.versions.count() == 3 and not Model.objects.filter(slug="fraud-2").exists()


def test_version_with_something_of_ours_on_it_stays(
    source: Source, cast: Cast, model: Model, version: ModelVersion
) -> None:
    take_in(source=source, told=Told(models=(ModelTold(id="late", name="Late", same_as=model.slug),)))
    identity = Identity.objects.get(kind=Kind.MODEL)
    assert (identity.record, identity.merged_by) == (model.pk, "the short name that the source gives")
    with pytest.raises(NotPermitted):
        identities.separate(actor=cast.actor("outsider"), identity=identity, reason="mine")
    own = identities.separate(actor=cast.actor("owner"), identity=identity, reason="another one")
    assert own.versions.count() == 0 and model.versions.get() == version


def test_same_run_or_digest_is_the_same_version(source: Source, cast: Cast) -> None:
    other, digest = _source(cast, "Cloud"), "ab" * 32
    take_in(source=source, told=WHOLE)
    with_digest = VersionTold(id="fraud/2", model="fraud", number=2, created=AT, digest=digest)
    take_in(source=source, told=Told(versions=(with_digest,)))
    by_run = VersionTold(id="arn/9", model="arn", number=9, created=AT, run="job", metrics={"f1": 0.5})
    by_digest = VersionTold(id="arn/8", model="arn", number=8, created=AT, digest=digest.upper(), status="Approved")
    run = RunTold(id="job", key="mlflow:r1", pipeline="p", engine="sagemaker", state="succeeded", started=AT)
    told = Told(models=(ModelTold(id="arn", name="Fraud"),), runs=(run,), versions=(by_run, by_digest))
    assert take_in(source=other, told=told).problems == []
    assert ModelVersion.objects.count() == 2 and PipelineRun.objects.count() == 1
    found = dict(Identity.objects.filter(source=other, kind=Kind.VERSION).values_list("external", "merged_by"))
    assert found == {"arn/9": "the same run", "arn/8": "the same digest"}
    assert ModelVersion.objects.get(number=1).metrics == {"f1": 0.5}


def test_two_sets_called_dataset_stay_two_and_one_digest_with_two_contents_is_an_incident(source: Source) -> None:
    one = DataTold(id="a", dataset="dataset@s3://a", name="dataset", digest="11", location="s3://a", rows=5)
    two = DataTold(id="b", dataset="dataset@s3://b", name="dataset", digest="11", location="s3://b", rows=9)
    collides = DataTold(id="c", dataset="dataset@s3://a", name="dataset", digest="11", location="s3://a", rows=7)
    take_in(source=source, told=Told(data=(one, two, collides)))
    assert sorted(Dataset.objects.values_list("slug", flat=True)) == ["dataset", "dataset-2"]
    (incident,) = Incident.objects.all()
    assert incident.kind == "conflict" and "another number of rows" in incident.sentence


def test_source_that_changes_its_mind_leaves_both_in_the_ledger(source: Source) -> None:
    take_in(source=source, told=WHOLE)
    changed = VersionTold(
        id="fraud/1", model="fraud", number=1, created=VERSION.created, run="r1", artefact="models:/m-1",
        author="owner@example.org", data=("d1",), metrics={"auc": 0.77},
    )  # fmt: skip
    take_in(source=source, told=Told(versions=(changed,)))
    entry = Entry.objects.filter(action="catalogue.version_changed").latest("pk")
    assert entry.changes["metrics"] == [{"auc": "0.91"}, {"auc": "0.77"}]
    assert ModelVersion.objects.get().metrics == {"auc": 0.77}


def test_two_teams_that_read_one_registry_share_nothing(source: Source, cast: Cast) -> None:
    other = sources.add_source(
        actor=SYSTEM, kind="folder", name="Registry", team=cast.other_team, settings={"path": ""}
    )
    for one in (source, other, other):
        take_in(source=one, told=WHOLE)
    assert Model.objects.count() == Dataset.objects.count() == PipelineRun.objects.count() == 2
    for version in ModelVersion.objects.all():
        team, run = version.model.use_case.team, version.run
        assert run is not None and run.pipeline.model.use_case.team == team
        assert [one.dataset.team for one in (*version.training_data.all(), *run.inputs.all())] == [team, team]


def test_running_run_ends_and_what_cannot_be_placed_is_a_problem(source: Source) -> None:
    running = RunTold(id="r1", key="mlflow:r1", pipeline="nightly", engine="mlflow", state="running", started=AT)
    take_in(source=source, told=Told(models=(MODEL,), runs=(running,), versions=(VERSION,)))
    take_in(source=source, told=Told(data=(DATA,), runs=(RUN,)))
    run = PipelineRun.objects.get()
    assert (run.state, run.finished_at, run.inputs.count()) == ("succeeded", RUN.finished, 1)
    stray = RunTold(id="r9", key="mlflow:r9", pipeline="p", engine="mlflow", state="failed", started=AT)
    lost = VersionTold(id="x/1", model="x", number=1, created=AT)
    done = take_in(source=source, told=Told(runs=(stray,), versions=(lost,)))
    assert done.problems == [
        "The run r9 of p has made no version that is known; it is left out.",
        "The version x/1 is of the model x, which the source never told of.",
    ]


def test_happening_stands_on_the_models_timeline_in_the_name_of_who_did_it(source: Source, cast: Cast) -> None:
    cloud = _source(cast, "Trail")
    take_in(source=source, told=WHOLE)
    call = Happening(
        id="event-1", at=AT, kind="UpdateModelPackage", sentence="approved version 1", actor="arn:aws:iam::1:user/eve",
        automatic=False, facts={"arns": ["nothing", "fraud/1"]},
    )  # fmt: skip
    stray = Happening(id="event-2", at=AT, kind="RunInstances", sentence="started a machine", actor="eve")
    for _ in range(2):
        take_in(source=cloud, told=Told(happenings=(call, stray)))
    (kept,) = Kept.objects.all()
    assert (str(kept.model), str(kept.version)) == ("Fraud", "Fraud v1")
    entry = entries.entry(action="sources.happened")
    assert (entry.actor_id, entry.subject_name) == ("arn:aws:iam::1:user/eve", "approved version 1")
    assert Entry.objects.get(action="sources.happened").model == kept.model_id
    assert "user/eve" not in str(Entry.objects.get(action="sources.happened").__dict__)


def test_happening_of_the_same_piece_finds_its_version_and_an_alarm_is_an_incident(source: Source) -> None:
    approved = Happening(id="a", at=AT, kind="approval", sentence="approved it", version="fraud/1", actor="eve")
    lost = Happening(id="b", at=AT, kind="integrity", sentence="the log file x is missing", alarm=True)
    told = Told(models=(MODEL,), data=(DATA,), runs=(RUN,), versions=(VERSION,), happenings=(approved, lost))
    for _ in range(2):
        take_in(source=source, told=told)
    assert Kept.objects.get(external="a").version == ModelVersion.objects.get()
    assert [one.sentence for one in Incident.objects.all()] == ["The log file x is missing."]


def test_ten_thousand_tags_are_kept_as_a_hundred_and_their_number(source: Source) -> None:
    tagged = ModelTold(id="fraud", name="Fraud", tags={f"tag-{at:05}": "x" for at in range(10_000)})
    take_in(source=source, told=Told(models=(tagged,)))
    tags = Identity.objects.get(kind=Kind.MODEL).said["tags"]
    assert len(tags) == 101 and tags["…"] == "10,000 tags in all"


def test_models_without_use_case_stand_in_one_of_the_team(source: Source, cast: Cast) -> None:
    take_in(source=source, told=Told(models=(MODEL,)))
    take_in(source=source, told=Told(models=(ModelTold(id="other", name="Other"),)))
    assert UseCase.objects.filter(unassigned=True).count() == 1
    page = cast.client("manager").get("/models/fraud/")
    assert page.status_code == 200 and "unknown" in page.content.decode()


TEXTS = st.text(st.characters(), max_size=30)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=TEXTS,
    tags=st.dictionaries(TEXTS, TEXTS, max_size=4),
    value=st.floats(),
    parameters=st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(), st.floats(), st.none()), max_size=4),
)
def test_any_text_and_number_is_taken_or_left_out_and_never_an_error(
    source: Source, name: str, tags: dict[str, str], value: float, parameters: dict[str, Any]
) -> None:
    model = ModelTold(id=f"m{name}", name=name, tags=tags, owner=name)
    version = VersionTold(
        id=f"v{name}", model=model.id, number=1, created=AT, metrics={"m": value}, parameters=parameters, author=name
    )
    take_in(source=source, told=Told(models=(model,), versions=(version,)))
    identity = Identity.objects.get(kind=Kind.VERSION, external=cleaned(version.id))
    found = ModelVersion.objects.get(pk=str(identity.record))
    assert found.metrics in ({}, {"m": value})
