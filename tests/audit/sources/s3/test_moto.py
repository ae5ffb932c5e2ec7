"""Against a real S3 endpoint: each object once, a rewritten one as another file, and a bad one stops no other."""

import gzip
import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from audit.catalogue.models import Model, ModelVersion
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.lake import store as lake
from audit.monitoring.models import Upload
from audit.sources import services
from audit.sources.logs import taking
from audit.sources.models import Source
from audit.sources.s3 import connector
from audit.sources.s3.connector import S3Connector, S3Form
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker
from tests.support.servers import S3

pytestmark = pytest.mark.processes
REGION = "eu-central-1"
HEADER = "prediction_id,at,version,score,hour,carrier\n"


class Bucket:
    """A bucket of this test alone, and the settings of a source that reads it."""

    def __init__(self, s3: S3, name: str) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        self.client: Any = boto3.client("s3", endpoint_url=s3.endpoint, **keys)  # type: ignore[call-overload]
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.name = name
        self.settings = {
            "region": REGION, "access_key_id": "test", "secret_access_key": "test", "endpoint_url": s3.endpoint,
            "bucket": name, "key_prefix": "ml/logs",
        }  # fmt: skip

    def put(self, path: str, content: bytes) -> None:
        """An object below the prefix."""
        self.client.put_object(Bucket=self.name, Key=f"ml/logs/{path}", Body=content)

    def rows(self, path: str, *names: str, score: float = 0.8) -> None:
        """A log of these predictions."""
        lines = [f"{name},2013-03-04T10:00:00Z,1,{score},10,UA\n" for name in names]
        self.put(path, (HEADER + "".join(lines)).encode())


@pytest.fixture
def bucket(s3: S3, request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """An empty bucket."""
    yield Bucket(s3, f"logs-{abs(hash(request.node.name)) % 10**10}")


@pytest.fixture
def source(cast: Cast, bucket: Bucket) -> Source:
    """The bucket as a source of the team."""
    return services.add_source(
        actor=cast.actor("owner"), kind="s3", name="Logs", team=cast.team, settings=bucket.settings
    )


def pull(worker: Worker, source: Source) -> Job:
    """One pull and all that follows from it."""
    job = jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    worker.run(job)
    worker.run_all()
    source.refresh_from_db()
    return job


def test_objects_of_every_format_come_in_once(
    worker: Worker, source: Source, bucket: Bucket, model: Model, version: ModelVersion
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bucket.rows("late-arrival/predictions/2013/03/04.csv", "a", "b")
    line = b'{"prediction_id": "c", "at": "2013-03-05T10:00:00Z", "score": 0.2, "hour": 9, "carrier": "DL"}\n'
    bucket.put("late-arrival/predictions/version=1/05.ndjson.gz", gzip.compress(line))
    file = io.BytesIO()
    pq.write_table(pa.table({"prediction_id": ["a", "b", "c"], "label": [1, 0, 1]}), file)
    bucket.put("late-arrival/labels/w10.parquet", file.getvalue())
    for aside in ("late-arrival/predictions/", "late-arrival/predictions/_SUCCESS", "_temporary/0/x.csv"):
        bucket.put(aside, b"")
    assert pull(worker, source).counts == {"new": 3, "known": 0, "waiting": 0, "unknown": 0}
    assert set(Upload.objects.values_list("kind", "version", "rows", "state")) == {
        ("labels", None, 3, "imported"), ("predictions", 1, 1, "imported"), ("predictions", None, 2, "imported")
    }  # fmt: skip
    assert pull(worker, source).counts == {"new": 0, "known": 3, "waiting": 0, "unknown": 0}
    bucket.rows("late-arrival/predictions/copy.csv", "a", "b")
    assert pull(worker, source).counts["new"] == 0, "the same content under another name"
    source.cursor = {}
    source.save()
    assert pull(worker, source).counts["new"] == 0, "everything anew"
    assert Upload.objects.count() == 3
    assert "secret" not in str(source.settings)


def test_object_written_anew_is_another_file(
    worker: Worker, source: Source, bucket: Bucket, model: Model, version: ModelVersion
) -> None:
    bucket.rows("late-arrival/predictions/x.csv", "a", score=1.5)
    bucket.rows("late-arrival/predictions/y.csv", "b")
    bucket.put("notes.txt", b"x")
    bucket.put("no-such-model/labels/x.csv", b"x")
    pull(worker, source)
    assert pull(worker, source).state == State.SUCCEEDED
    words = "\n".join(source.problems)
    assert len(source.problems) == 3
    assert "late-arrival/predictions/x.csv: row 2" in words and "notes.txt: the name says no model" in words
    assert "no-such-model/labels/x.csv: Flight operations has no model no-such-model" in words
    bucket.rows("late-arrival/predictions/x.csv", "a", score=0.5)
    assert pull(worker, source).counts["new"] == 1
    assert pull(worker, source).counts["known"] == 2
    assert [upload.state for upload in Upload.objects.order_by("created_at")].count("imported") == 2
    assert len(source.problems) == 2, "the file that was mended is told no longer"


def test_pull_that_breaks_off_goes_on_where_it_was(
    worker: Worker, source: Source, bucket: Bucket, model: Model, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "EVERY", 2)
    for number in range(5):
        bucket.rows(f"late-arrival/predictions/{number}.csv", f"p{number}")
    stored = lake.put_chunks
    read: list[str] = []

    def failing(prefix: str, chunks: Any) -> Any:
        read.append(prefix)
        if len(read) == 4:
            raise RuntimeError("the disk is full")
        return stored(prefix, chunks)

    monkeypatch.setattr(lake, "put_chunks", failing)
    job = jobs.start("sources.pull", actor=SYSTEM, trigger="person", args={"source": str(source.pk)}, subject=source)
    worker.run(job)
    source.refresh_from_db()
    assert len(source.cursor["seen"]) == 2
    read.clear()
    monkeypatch.setattr(lake, "put_chunks", stored)
    worker.run_all()
    again = pull(worker, source)
    assert again.counts["known"] >= 2
    assert Upload.objects.filter(state="imported").count() == 5
    assert len(source.cursor["seen"]) == 5


def test_object_written_anew_while_it_is_read_waits(
    worker: Worker, source: Source, bucket: Bucket, model: Model, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.rows("late-arrival/predictions/x.csv", "a")
    listed = connector._listed

    def late(*of: Any) -> Iterator[dict[str, Any]]:
        yield from listed(*of)
        bucket.rows("late-arrival/predictions/x.csv", "a", "b")

    monkeypatch.setattr(connector, "_listed", late)
    assert pull(worker, source).counts["waiting"] == 1
    assert not Upload.objects.exists()
    monkeypatch.setattr(connector, "_listed", listed)
    assert pull(worker, source).counts["new"] == 1
    assert Upload.objects.get().rows == 2


def test_of_too_many_objects_the_newest_are_read_and_it_is_told(
    worker: Worker, source: Source, bucket: Bucket, model: Model, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "MOST", 2)
    for number in range(3):
        bucket.rows(f"late-arrival/predictions/{number}.csv", f"p{number}")
    assert pull(worker, source).counts["new"] == 2
    assert source.problems[0].startswith(f"3 objects lie below s3://{bucket.name}/ml/logs/; only the newest 2")


def test_settings_say_what_works(bucket: Bucket, model: Model) -> None:
    bucket.rows("late-arrival/predictions/x.csv", "a")
    bucket.put("notes.txt", b"x")
    checks = S3Connector().test(bucket.settings)
    assert [check.ok for check in checks] == [True, False, True]
    assert "it holds 2 files" in checks[0].sentence and "notes.txt" in checks[1].sentence
    [missing] = S3Connector().test({**bucket.settings, "bucket": "no-such-bucket-of-ours"})
    assert not missing.ok and "s3:ListObjectsV2 found nothing" in missing.sentence


def test_bucket_that_is_gone_fails_the_pull(worker: Worker, source: Source, bucket: Bucket) -> None:
    bucket.client.delete_bucket(Bucket=bucket.name)
    assert pull(worker, source).state == State.FAILED
    assert "bucket" in source.last_error


def test_form_takes_a_bucket_and_a_prefix() -> None:
    form = S3Form({"region": "eu-central-1", "bucket": "logs-of-the-house", "key_prefix": " /ml/logs/ "})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["key_prefix"] == "ml/logs"
    assert "bucket" in S3Form({"region": "eu-central-1", "bucket": "Not A Bucket"}).errors
