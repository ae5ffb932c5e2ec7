"""A model's mapping says what the columns of its files are; files with other names are then read, and no others."""

import pytest

from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.jobs.models import Job
from audit.lake import engine
from audit.ledger.models import Entry
from audit.monitoring import lakehouse
from audit.monitoring.mapping.services import state_mapping
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Kind, Partition, Window
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db
COLUMNS = {"prediction_id": "case", "at": "when", "version": "v", "score": "p", "label": "truth", "hour": "HH"}
JOINED = logs.csv(
    "a,2013-01-01T10:00:00Z,1,0.9,1,10,UA,f,note",
    "b,2013-01-01T11:00:00Z,1,0.2,0,11,AA,m,note",
    header="case,when,v,p,truth,HH,carrier,gender,remark",
)


def state(model, **changes):
    said = {"columns": COLUMNS, "sensitive": ["gender"], "ignored": ["remark"], "reason": "as the airline writes them"}
    return state_mapping(actor=SYSTEM, model=model, **{**said, **changes})


def rows(model, kind=Kind.PREDICTIONS):
    parts = list(Partition.objects.filter(model=model, kind=kind))
    with engine.database() as db:
        return db.sql(f"SELECT * FROM {lakehouse.files(parts)} ORDER BY prediction_id").to_arrow_table().to_pylist()


def test_file_of_other_names_is_read_and_cut_columns_are_kept(model, version):
    state(model)
    upload = logs.send(model, "predictions", JOINED)
    assert (upload.state, upload.error, upload.rows) == ("imported", "", 2)
    found = rows(model)
    assert [row["gender"] for row in found] == ["f", "m"]
    assert [(row["prediction_id"], row["score"], row["hour"]) for row in found] == [("a", 0.9, 10), ("b", 0.2, 11)]
    assert not {"label", "truth", "remark", "HH"} & set(found[0])


def test_file_of_predictions_and_labels_is_sent_as_either(model, version):
    state(model)
    logs.send(model, "predictions", JOINED)
    upload = logs.send(model, "labels", JOINED)
    assert (upload.state, upload.error) == ("imported", "")
    window = Window.objects.get(superseded_at=None)
    assert (window.labelled, window.tp, window.tn) == (2, 1, 1)
    assert [(row["label"], row["at"]) for row in rows(model, Kind.LABELS)] == [(1, None), (0, None)]


def test_files_may_keep_using_the_products_names(model, version):
    state(model)
    upload = logs.send(model, "predictions", logs.csv("a,2013-01-01T10:00:00Z,1,0.9,10,UA"))
    assert (upload.state, upload.error) == ("imported", "")
    assert [row["gender"] for row in rows(model)] == [None]


def test_wrong_row_is_named_by_the_files_own_column(model, version):
    state(model)
    upload = logs.send(model, "predictions", JOINED.replace(b"0.2", b"1.2"))
    assert upload.error.startswith("row 3, column p: '1.2' is outside 0 to 1.")
    upload = logs.send(model, "predictions", JOINED.replace(b"\nb,", b"\na,"))
    assert upload.error.startswith("row 3, column case: The id 'a' stands in row 2 already.")
    logs.send(model, "predictions", JOINED)
    upload = logs.send(model, "predictions", JOINED + b"c,2013-01-01T11:00:00Z,1,0.2,0,11,AA,m,note\n")
    assert upload.error.startswith("row 2, column case: The prediction 'a' of version 1 was imported before")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("case,when,v,p,truth,HH,carrier,gender,other", "row 1, column other: There is no such column in predictions"),
        ("case,when,v,p,truth,hh,carrier,gender,remark", "row 1, column hh: There is no such column in predictions"),
        ("case,when,v,q,truth,HH,carrier,gender,score", "row 1, column q: There is no such column in predictions"),
    ],
)
def test_column_in_no_role_is_refused(model, version, header, sentence):
    state(model)
    upload = logs.send(model, "predictions", JOINED.replace(JOINED.split(b"\n")[0], header.encode()))
    assert upload.error.startswith(sentence)
    assert Partition.objects.count() == 0


def test_missing_column_is_named_as_in_the_files(model, version):
    state(model)
    upload = logs.send(model, "predictions", JOINED.replace(b",HH,", b",remark2,"))
    assert "column remark2" in upload.error
    state(model, ignored=["remark", "remark2"])
    upload = logs.send(model, "predictions", JOINED.replace(b",HH,", b",remark2,"))
    assert upload.error.startswith("row 1, column hour: This column is missing.")


@pytest.mark.parametrize("filename", ["log.ndjson", "log.parquet"])
def test_other_formats_are_read_with_it_too(model, version, filename):
    from datetime import UTC, datetime

    state(model)
    row = {"case": "a", "when": "2013-01-01T10:00:00Z", "v": 1, "p": 0.9, "HH": 10, "carrier": "UA", "gender": "f"}
    content = logs.ndjson([row])
    if filename.endswith("parquet"):
        columns = {name: [value] for name, value in row.items()}
        content = logs.parquet(columns | {"when": [datetime(2013, 1, 1, 10, tzinfo=UTC)]})
    upload = logs.send(model, "predictions", content, filename)
    assert (upload.state, upload.error) == ("imported", "")
    assert [row["gender"] for row in rows(model)] == ["f"]
    wrong = content if filename.endswith("parquet") else logs.ndjson([row | {"case": "b", "p": 7}])
    where = "row 1, column case" if filename.endswith("parquet") else "row 1, column p"
    assert logs.send(model, "predictions", wrong, f"2{filename}", version=1).error.startswith(where)


def test_too_many_groups_are_refused(model, version):
    state(model)
    lines = [f"{at},2013-01-01T10:00:00Z,1,0.9,1,10,UA,name {at},x" for at in range(1001)]
    upload = logs.send(model, "predictions", logs.csv(*lines, header="case,when,v,p,truth,HH,carrier,gender,remark"))
    assert upload.error.startswith("column gender: This column has 1,001 different values; results are cut by 1,000")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": " "}, "reason: Say from what you know it."),
        ({"columns": {"score": "p", "prediction": "p"}}, "columns: The column p is both score and prediction."),
        ({"columns": {"colour": "c"}}, "columns: 'colour' is nothing that a column can be."),
        ({"columns": {"score": " "}}, "columns: The column of score has no name"),
        ({"columns": {"score": "prediction"}}, "columns: The column prediction is stated as score"),
        ({"columns": {"score": "remark"}}, "ignored: The column remark is score, and left out too."),
        ({"sensitive": ["hour"]}, "sensitive: hour is a number, and results are cut by groups."),
        ({"segments": ["score"]}, "segments: Results cannot be cut by 'score'."),
        ({"segments": ["carrier", "carrier"]}, "segments: A column stands twice"),
        ({"classes": ["a", "b"]}, "classes: late-arrival does not choose between classes."),
    ],
)
def test_mapping_that_cannot_be_is_refused(model, changes, sentence):
    with pytest.raises(InvalidInput) as caught:
        state(model, **changes)
    assert caught.value.sentence.startswith(sentence)
    assert not LogMapping.objects.exists()


def test_statement_is_one_entry_and_the_same_again_none(cast, model):
    first = state(model)
    state(model)
    entry = Entry.objects.get(action="monitoring.mapping_stated")
    assert (entry.reason, first.stated_by) == ("as the airline writes them", SYSTEM.name)
    state(model, segments=["carrier"])
    assert Entry.objects.filter(action="monitoring.mapping_stated").count() == 2
    assert LogMapping.of(model).groupings == ["carrier", "gender"]


def test_others_may_not_state_it(cast, model):
    for name in ("manager", "validator", "auditor", "outsider"):
        with pytest.raises(NotPermitted):
            state_mapping(actor=cast.actor(name), model=model, columns={}, reason="x")


def test_features_are_declared_once(model, use_case, cast):
    with pytest.raises(Refused):
        state(model, features={"wind": "number"})
    assert not LogMapping.objects.exists()
    bare = catalogue.register_model(
        actor=SYSTEM, use_case=use_case, slug="bare", name="bare", task="regression", owner=cast.owner, outcome="delay"
    )
    state(bare, columns={"prediction": "guess"}, features={"wind": "number"}, sensitive=[])
    assert Model.objects.get(pk=bare.pk).features == {"wind": "number"}
    assert Entry.objects.filter(action="catalogue.model_changed", subject_id=str(bare.pk)).count() == 1


@pytest.fixture
def kinds(cast, use_case):
    model = catalogue.register_model(
        actor=SYSTEM, use_case=use_case, slug="cause", name="cause of delay", task="multiclass", owner=cast.owner,
        outcome="cause of delay", features={"hour": "number"},
    )  # fmt: skip
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/c", artefact_digest="c" * 64, author=cast.owner
    )
    return model


HEADER = "prediction_id,at,version,hour,score:crew,score:weather"
SCORES = (
    "a,2013-01-01T10:00:00Z,1,1,0.7,0.3",
    "b,2013-01-01T10:00:00Z,1,2,0.1,0.9",
    "c,2013-01-01T10:00:00Z,1,3,0.5,0.5",
)


def test_classes_are_kept_by_name_and_scores_decide_where_nothing_else_does(kinds):
    state(kinds, columns={}, classes=["crew", "weather"], sensitive=[])
    upload = logs.send(kinds, "predictions", logs.csv(*SCORES, header=HEADER))
    assert (upload.state, upload.error) == ("imported", "")
    assert [(row["prediction"], row["score:weather"]) for row in rows(kinds)] == [
        ("crew", 0.3), ("weather", 0.9), ("crew", 0.5)
    ]  # fmt: skip
    upload = logs.send(kinds, "labels", logs.csv("a,crew", "b,crew", header="prediction_id,label"))
    assert (upload.state, upload.error) == ("imported", "")
    assert [row["label"] for row in rows(kinds, Kind.LABELS)] == ["crew", "crew"]
    upload = logs.send(kinds, "labels", logs.csv("c,fog", header="prediction_id,label"))
    assert upload.error.startswith("row 2, column label: 'fog' is none of the model's classes.")


def test_without_stated_classes_any_name_is_one(kinds):
    header = "prediction_id,at,version,hour,prediction"
    upload = logs.send(kinds, "predictions", logs.csv("a,2013-01-01T10:00:00Z,1,1,fog", header=header))
    assert (upload.state, upload.error) == ("imported", "")
    upload = logs.send(kinds, "predictions", logs.csv(*SCORES, header=HEADER))
    assert upload.error.startswith("row 1, column score:crew: There is no such column")
    state(kinds, columns={}, classes=["crew", "weather", "fog"], sensitive=[])
    upload = logs.send(kinds, "predictions", logs.csv(*SCORES, header=HEADER))
    assert "The column prediction is missing, and so is score:fog." in upload.error


def test_pages_of_a_model_of_classes_open(cast, kinds):
    header = "prediction_id,at,version,hour,prediction"
    logs.send(kinds, "predictions", logs.csv("a,2013-01-01T10:00:00Z,1,1,fog", header=header))
    client = cast.client("owner")
    for page in ("", "upload/", "mapping/", "monitoring/", "versions/1/inputs/"):
        assert client.get(f"/models/cause/{page}").status_code == 200, page
    assert client.get("/models/").status_code == client.get("/monitoring/").status_code == 200


def test_programs_state_and_read_it(cast, model, program):
    owner, url = program("owner"), "/models/late-arrival/mapping"
    assert owner.get(url).json()["stated_by"] == ""
    said = {"columns": {"score": "p", "at": "at"}, "segments": ["carrier"], "reason": "as the airline writes them"}
    for _ in range(2):
        answer = owner.call("put", url, said)
        assert answer.status_code == 200, answer.content
    found = program("manager", ("read",)).get(url).json()
    assert (found["columns"], found["segments"], found["stated_by"]) == (
        {"score": "p"},
        ["carrier"],
        "test (Owner)",
    )
    assert found["features"] == {"carrier": "category", "hour": "number"}
    assert Entry.objects.filter(action="monitoring.mapping_stated").count() == 1
    answer = owner.call("put", url, said | {"columns": {"score": "p", "at": "p"}})
    assert (answer.status_code, "The column p is both score and at." in answer.json()["detail"]) == (422, True)
    assert owner.call("put", url, said | {"features": {"wind": "number"}}).status_code == 409
    assert program("outsider").call("put", url, said).status_code == 404


def test_program_registers_a_model_of_classes(cast, use_case, program):
    owner = program("owner")
    body = {
        "use_case": use_case.slug, "slug": "kind", "name": "kind", "task": "multiclass", "outcome": "kind of delay",
        "features": {},
    }  # fmt: skip
    assert owner.post("/models", body).status_code == 201
    found = Model.objects.get(slug="kind")
    assert found.get_task_display() == "Classification into more than two classes"
    assert cast.client("owner").get("/models/kind/").status_code == 200


def test_weeks_of_classes_are_measured(cast, kinds):
    state(kinds, columns={}, classes=["crew", "weather"], sensitive=[])
    logs.send(kinds, "predictions", logs.csv(*SCORES, header=HEADER))
    logs.send(kinds, "labels", logs.csv("a,crew", "b,crew", "c,crew", header="prediction_id,label"))
    assert not Job.objects.filter(state="failed").exists()
    window = Window.objects.get(superseded_at=None)
    assert window.measurements.get(metric="accuracy").value == pytest.approx(2 / 3)
    client = cast.client("owner")
    for page in ("models/cause/", "models/cause/monitoring/", "models/", "monitoring/", "models/cause/mapping/"):
        assert client.get(f"/{page}").status_code == 200, page
