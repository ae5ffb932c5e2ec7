"""A folder's files come in once, whole, from inside the inbox; what cannot be used is told."""

import json
import os
import time
from pathlib import Path

import pytest

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue.models import Model, ModelVersion
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.ledger.models import Entry
from audit.monitoring.models import Upload
from audit.sources import domain, services
from audit.sources.folder.connector import FolderConnector, place
from audit.sources.models import Source
from tests.support import told
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

ROWS = "prediction_id,at,version,prediction,score,hour,carrier\nf1,2013-03-04T10:00:00Z,1,1,0.8,10,UA\n"


@pytest.fixture
def source(cast: Cast, inbox: Path) -> Source:
    """The inbox as a source of the team."""
    return services.add_source(
        actor=cast.actor("owner"), kind="folder", name="Arrivals", team=cast.team, settings={"path": ""}
    )


def put(folder: Path, name: str, text: str = ROWS, *, age: float = 10) -> Path:
    """A file that was written ``age`` seconds ago."""
    path = folder / name
    path.write_text(text)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def pull(worker: Worker, source: Source) -> Job:
    """One pull."""
    job = jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    worker.run(job)
    source.refresh_from_db()
    return job


def test_file_is_received_once_however_often_it_is_pulled(
    worker: Worker, source: Source, inbox: Path, model: Model, version: ModelVersion
) -> None:
    put(inbox, "late-arrival.predictions.2013-w10.csv")
    job = pull(worker, source)
    assert (job.state, job.counts) == (State.SUCCEEDED, {"new": 1, "known": 0, "waiting": 0, "unknown": 0})
    upload = Upload.objects.get()
    assert (upload.model, upload.kind, upload.filename) == (
        model,
        "predictions",
        "late-arrival.predictions.2013-w10.csv",
    )
    assert Job.objects.filter(kind="monitoring.import", parent=job).count() == 1
    put(inbox, "late-arrival.predictions.again.csv")
    assert pull(worker, source).counts["new"] == 0
    assert Upload.objects.count() == 1
    assert Job.objects.filter(kind="monitoring.import").count() == 1
    assert source.totals["new"] == 1
    assert source.last_success_at is not None


def test_file_being_written_waits(worker: Worker, source: Source, inbox: Path, model: Model) -> None:
    path = put(inbox, "late-arrival.predictions.csv", age=0)
    assert pull(worker, source).counts["waiting"] == 1
    assert not Upload.objects.exists()
    os.utime(path, (time.time() - 5, time.time() - 5))
    assert pull(worker, source).counts["new"] == 1


def test_unknown_names_are_told_and_left(worker: Worker, source: Source, inbox: Path, model: Model) -> None:
    put(inbox, "notes.txt")
    put(inbox, "no-such-model.labels.csv")
    job = pull(worker, source)
    assert job.counts["unknown"] == 2
    assert source.problems == [
        "no-such-model.labels.csv: Flight operations has no model no-such-model; register it first.",
        f"notes.txt: the name says no model and kind. Call it {domain.PATTERN}.",
    ]
    assert {path.name for path in inbox.iterdir()} == {"notes.txt", "no-such-model.labels.csv"}


def test_model_of_another_team_is_not_fed(worker: Worker, cast: Cast, inbox: Path, model: Model) -> None:
    foreign = services.add_source(
        actor=cast.actor("outsider"), kind="folder", name="Meals", team=cast.other_team, settings={"path": ""}
    )
    put(inbox, "late-arrival.predictions.csv")
    assert pull(worker, foreign).counts == {"new": 0, "known": 0, "waiting": 0, "unknown": 1}
    assert not Upload.objects.exists()


def test_links_out_of_the_inbox_are_not_followed(
    worker: Worker, source: Source, inbox: Path, tmp_path: Path, model: Model
) -> None:
    secret = put(tmp_path, "secret.csv")
    (inbox / "late-arrival.predictions.csv").symlink_to(secret)
    assert pull(worker, source).counts == {"new": 0, "known": 0, "waiting": 0, "unknown": 0}
    with pytest.raises(InvalidInput, match="outside the inbox"):
        place("../elsewhere")


def test_folder_that_is_gone_fails_with_its_path(worker: Worker, source: Source, inbox: Path) -> None:
    services.change_source(actor=SYSTEM, source=source, name="Arrivals", settings={"path": "nightly"}, every_seconds=60)
    job = pull(worker, source)
    assert job.state == State.FAILED
    assert f"There is no folder {inbox / 'nightly'}" in job.error
    assert source.last_error == job.error
    assert source.standing == domain.Standing.FAILING
    (inbox / "nightly").mkdir()
    assert pull(worker, source).state == State.SUCCEEDED
    assert source.last_error == ""


def test_due_sources_are_pulled_once_a_slot(worker: Worker, source: Source) -> None:
    services.start_due()
    services.start_due()
    job = Job.objects.get(kind="sources.pull")
    assert (job.trigger, job.actor_name, job.team) == ("schedule", "schedule", source.team)
    worker.run(job)
    services.start_due()
    assert Job.objects.filter(kind="sources.pull").count() == 1
    services.switch_source(actor=SYSTEM, source=source, enabled=False, reason="moving")
    Source.objects.update(last_started_at=None)
    services.start_due()
    assert Job.objects.filter(kind="sources.pull").count() == 1


def test_scheduled_pulls_that_found_nothing_leave_one_row(worker: Worker, source: Source) -> None:
    for slot in range(3):
        args = {"source": str(source.pk)}
        job = jobs.start(
            "sources.pull", actor=SYSTEM, trigger="schedule", args=args, key=f"{source.pk}:{slot}", subject=source
        )
        worker.run(job)
    assert list(Job.objects.filter(kind="sources.pull").values_list("pk", flat=True)) == [job.pk]


def test_source_added_without_the_role_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match="connect sources"):
        services.add_source(
            actor=cast.actor("validator"), kind="folder", name="x", team=cast.team, settings={"path": ""}
        )
    assert not Source.objects.exists()


def test_pages_show_test_and_pull(cast: Cast, source: Source, inbox: Path, worker: Worker, model: Model) -> None:
    put(inbox, "late-arrival.predictions.csv")
    owner, manager = cast.client("owner"), cast.client("manager")
    assert "First pull waits" in owner.get("/sources/").content.decode()
    tested = owner.post(f"/sources/{source.pk}/test/").content.decode()
    assert "it holds 1 files" in tested
    assert owner.post(f"/sources/{source.pk}/pull/").status_code == 302
    assert told.entry(action="sources.asked").actor_id == "owner@example.org"
    assert "aria-disabled" in manager.get(f"/sources/{source.pk}/").content.decode()
    assert manager.post(f"/sources/{source.pk}/pull/").status_code == 403
    assert cast.client("outsider").get(f"/sources/{source.pk}/").status_code == 404


def test_add_form_keeps_what_was_typed_and_says_what_is_wrong(cast: Cast, inbox: Path) -> None:
    owner = cast.client("owner")
    sent = {"name": "Nightly", "team": str(cast.team.pk), "path": "../../etc", "every_seconds": "60"}
    answer = owner.post("/sources/add/folder/", sent)
    assert answer.status_code == 422
    assert "lies outside the inbox" in answer.content.decode()
    assert 'value="Nightly"' in answer.content.decode()
    assert owner.post("/sources/add/folder/", {**sent, "path": "nightly"}).status_code == 302
    assert Source.objects.get().settings == {"path": "nightly"}
    assert owner.post("/sources/add/folder/", {**sent, "team": str(cast.other_team.pk)}).status_code == 422


def test_connector_test_names_what_does_not_work(inbox: Path, model: Model) -> None:
    put(inbox, "notes.txt")
    put(inbox, "other.labels.csv")
    checks = FolderConnector().test({"path": ""})
    assert [check.ok for check in checks] == [True, False, False]
    assert "notes.txt" in checks[1].sentence
    assert "There is no model other" in checks[2].sentence


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("late-arrival.predictions.csv", ("late-arrival", "predictions")),
        ("late-arrival.labels.2013-w28.csv.gz", ("late-arrival", "labels")),
        ("a.labels.x.y.ndjson", ("a", "labels")),
        ("late-arrival.csv", None),
        ("Late.labels.csv", None),
        ("late-arrival.labels.xlsx", None),
        (".labels.csv", None),
        ("late-arrival/labels/2013/w28.ndjson.gz", ("late-arrival", "labels")),
        ("late-arrival/predictions/x.jsonl", ("late-arrival", "predictions")),
        ("late-arrival/predictions/x.xlsx", None),
        ("late-arrival/scores/x.csv", None),
        ("2013/late-arrival/labels/x.csv", None),
    ],
)
def test_name_says_model_and_kind(name: str, expected: tuple[str, str] | None) -> None:
    found = domain.named(name)
    assert (None if found is None else (found.model, found.kind)) == expected


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("a/predictions/version=3/x.csv", 3),
        ("a/predictions/day=2013-03-04/version=12/x.csv", 12),
        ("a/predictions/version=0/x.csv", None),
        ("a/predictions/x.csv", None),
        ("a/labels/version=3/x.csv", None),
    ],
)
def test_folder_says_the_version_of_predictions(path: str, version: int | None) -> None:
    found = domain.named(path)
    assert found is not None and found.version == version


def test_folders_say_model_kind_and_version(
    worker: Worker, source: Source, inbox: Path, model: Model, version: ModelVersion
) -> None:
    row = {"prediction_id": "f1", "at": "2013-03-04T10:00:00Z", "score": 0.8, "hour": 10, "carrier": "UA"}
    for path in ("predictions/version=1/day=2013-03-04", "labels/_temporary", "scores", "predictions/.hidden"):
        (inbox / "late-arrival" / path).mkdir(parents=True)
    predictions = inbox / "late-arrival/predictions/version=1/day=2013-03-04"
    put(predictions, "part.ndjson", json.dumps(row) + "\n")
    put(inbox / "late-arrival/labels", "w10.csv", "prediction_id,label\nf1,1\n")
    for aside in ("labels/_temporary", "scores", "predictions/.hidden"):
        put(inbox / "late-arrival" / aside, "x.csv")
    put(inbox / "late-arrival/labels", "_SUCCESS", "")
    assert pull(worker, source).counts == {"new": 2, "known": 0, "waiting": 0, "unknown": 0}
    found = {upload.kind: upload for upload in Upload.objects.all()}
    assert (found["predictions"].version, found["predictions"].filename) == (1, "part.ndjson")
    assert found["labels"].version is None
    worker.run_all()
    assert {upload.state for upload in Upload.objects.all()} == {"imported"}
    assert pull(worker, source).counts["known"] == 2
    assert source.problems == []


def test_linked_folder_is_not_followed(
    worker: Worker, source: Source, inbox: Path, tmp_path: Path, model: Model
) -> None:
    (tmp_path / "predictions").mkdir()
    put(tmp_path / "predictions", "x.csv")
    (inbox / "late-arrival").symlink_to(tmp_path)
    assert pull(worker, source).counts["new"] == 0
    (inbox / "late-arrival").unlink()
    (inbox / "late-arrival").mkdir()
    (inbox / "late-arrival/predictions").symlink_to(tmp_path / "predictions")
    assert pull(worker, source).counts["new"] == 0


def test_bad_file_is_told_by_name_until_another_lies_there_and_stops_no_other(
    worker: Worker, source: Source, inbox: Path, model: Model, version: ModelVersion
) -> None:
    put(inbox, "late-arrival.predictions.a.csv", ROWS.replace("0.8", "1.8"))
    put(inbox, "late-arrival.predictions.b.csv")
    job = pull(worker, source)
    assert job.counts["new"] == 2
    worker.run_all()
    assert pull(worker, source).counts["known"] == 2
    [told_] = source.problems
    assert told_.startswith("late-arrival.predictions.a.csv: ") and "row 2" in told_ and "score" in told_
    put(inbox, "late-arrival.predictions.a.csv", ROWS.replace("f1", "f2"))
    pull(worker, source)
    worker.run_all()
    pull(worker, source)
    assert source.problems == []
    assert Upload.objects.filter(state="imported").count() == 2


def test_labels_that_came_before_their_predictions_are_tried_again(
    worker: Worker, source: Source, inbox: Path, model: Model, version: ModelVersion
) -> None:
    put(inbox, "late-arrival.labels.csv", "prediction_id,label\nf1,1\n")
    pull(worker, source)
    worker.run_all()
    assert pull(worker, source).counts["known"] == 1
    assert "There is no prediction 'f1'" in source.problems[0]
    worker.run_all()
    assert Job.objects.filter(kind="monitoring.import").count() == 1, "nothing came that would help"
    put(inbox, "late-arrival.predictions.csv")
    pull(worker, source)
    worker.run_all()
    assert pull(worker, source).counts["new"] == 1
    worker.run_all()
    assert pull(worker, source).counts == {"new": 0, "known": 2, "waiting": 0, "unknown": 0}
    assert source.problems == []
    assert set(Upload.objects.values_list("kind", "state")) == {("labels", "imported"), ("predictions", "imported")}


def test_file_that_cannot_be_taken_stops_no_other(
    worker: Worker, source: Source, inbox: Path, model: Model, version: ModelVersion
) -> None:
    (inbox / "late-arrival/predictions/version=7").mkdir(parents=True)
    put(inbox / "late-arrival/predictions/version=7", "x.csv")
    put(inbox, "late-arrival.predictions.csv")
    assert pull(worker, source).counts == {"new": 1, "known": 0, "waiting": 0, "unknown": 1}
    assert source.problems == [
        "late-arrival/predictions/version=7/x.csv: version: late-arrival has no version 7. Register it first."
    ]


def test_actor_of_pull_is_the_job(worker: Worker, source: Source, inbox: Path, model: Model) -> None:
    put(inbox, "late-arrival.predictions.csv")
    job = pull(worker, source)
    entry = Entry.objects.get(action="monitoring.received")
    assert (entry.origin, entry.actor_kind) == (f"job {job.pk}", "service")
    assert clock.now() >= entry.at
    assert Actor.service("x").may("sources.manage")
