"""Bills below a prefix of a real S3 endpoint: each once, an export's through its manifest, nothing of a bad one."""

import gzip
import io
import json
from decimal import Decimal
from typing import Any

import boto3
import pytest

from audit.jobs.models import State
from audit.sources.models import Source
from costs.billing.models import BillFile
from costs.feeds import taking
from costs.feeds.connectors import s3 as connector
from costs.feeds.connectors.s3 import BillS3Connector, BillS3Form
from tests.costs.feeds.support import billed, connect, pull
from tests.support.bills import bill
from tests.support.cast import Cast
from tests.support.jobs import Worker
from tests.support.servers import S3

pytestmark = pytest.mark.processes
REGION = "eu-central-1"
MANIFEST = "focus/metadata/BILLING_PERIOD=2013-06/focus-Manifest.json"
DATA = "focus/data/BILLING_PERIOD=2013-06/focus-00001.snappy.parquet"
LEGACY = "cur/20130701-20130801/cur-Manifest.json"


class Bucket:
    """A bucket of this test alone, and the settings of a source that reads it."""

    def __init__(self, s3: S3, name: str) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        self.client: Any = boto3.client("s3", endpoint_url=s3.endpoint, **keys)  # type: ignore[call-overload]
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.name = name
        self.settings = {
            "region": REGION, "access_key_id": "test", "secret_access_key": "test", "endpoint_url": s3.endpoint,
            "bucket": name, "key_prefix": "exports",
        }  # fmt: skip

    def put(self, path: str, content: bytes) -> None:
        """An object below the prefix."""
        self.client.put_object(Bucket=self.name, Key=f"exports/{path}", Body=content)

    def export(self, *files: str, path: str = MANIFEST) -> None:
        """A manifest as Data Exports write it."""
        self.put(path, json.dumps({"dataFiles": [f"s3://{self.name}/exports/{file}" for file in files]}).encode())


@pytest.fixture
def bucket(s3: S3, request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket."""
    return Bucket(s3, f"bills-{abs(hash(request.node.name)) % 10**10}")


@pytest.fixture
def source(cast: Cast, bucket: Bucket) -> Source:
    """The bucket as a feed."""
    return connect(cast, "aws-bills-s3", bucket.settings)


def parquet(amount: str) -> bytes:
    """A bill of one charge as Parquet."""
    import pyarrow.csv
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(io.BytesIO(bill([{"BilledCost": amount}]))), file)
    return file.getvalue()


def test_exports_and_reports_come_in_once_and_the_newest_counts(worker: Worker, source: Source, bucket: Bucket) -> None:
    second = DATA.replace("00001", "00002")
    bucket.put(DATA, parquet("2.50"))
    bucket.put(second, parquet("10"))
    bucket.export(DATA, second)
    july = {"BillingPeriodStart": "2013-07-01T00:00:00Z", "BillingPeriodEnd": "2013-08-01T00:00:00Z"}
    bucket.put("cur/20130701-20130801/8d3c/cur-1.csv.gz", gzip.compress(bill([{**july, "BilledCost": "1.25"}])))
    keys = {"reportKeys": ["exports/cur/20130701-20130801/8d3c/cur-1.csv.gz"]}
    for path in (LEGACY, LEGACY.replace("/cur-M", "/8d3c/cur-M")):
        bucket.put(path, json.dumps(keys).encode())
    assert pull(worker, source).counts == {"new": 2, "known": 0, "waiting": 0, "unusable": 0}
    assert billed() == Decimal("13.75"), "two files are one bill"
    assert pull(worker, source).counts == {"new": 0, "known": 2, "waiting": 0, "unusable": 0}
    bucket.put(DATA, parquet("3.50"))
    bucket.export(DATA)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("4.75"), "the export holds one file now"
    assert pull(worker, source, anew=True).counts["new"] == 0
    assert BillFile.objects.count() == 3 and "secret" not in str(source.settings)


def test_manifest_of_what_is_missing_elsewhere_or_named_twice_takes_nothing(
    worker: Worker, source: Source, bucket: Bucket
) -> None:
    bucket.put(DATA, parquet("2.50"))
    bucket.export(DATA, DATA)
    bucket.export(DATA, "none.parquet", path=MANIFEST.replace("2013-06", "2013-07"))
    bucket.put(MANIFEST.replace("2013-06", "2013-08"), b'{"dataFiles": ["s3://salaries/exports/a.csv"]}')
    bucket.put(MANIFEST.replace("2013-06", "2013-09"), b"<html>")
    job = pull(worker, source)
    assert (job.state, job.counts["unusable"], BillFile.objects.count()) == (State.SUCCEEDED, 4, 0)
    twice, missing, elsewhere, no_json = source.problems
    assert "twice, so that its charges would count twice" in twice and "none.parquet, which is not there" in missing
    assert f"another bucket than {bucket.name}" in elsewhere and "it is no JSON" in no_json
    bucket.export(DATA)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("2.5")


def test_object_written_anew_while_it_is_read_waits(
    worker: Worker, source: Source, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("june.csv", bill([{"BilledCost": "1"}]))
    listed = connector._listed

    def late(*of: Any) -> list[Any]:
        found = listed(*of)
        bucket.put("june.csv", bill([{"BilledCost": "2"}]))
        return found

    monkeypatch.setattr(connector, "_listed", late)
    assert pull(worker, source).counts["waiting"] == 1
    assert not BillFile.objects.exists()
    monkeypatch.setattr(connector, "_listed", listed)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == 2


def test_too_many_objects_fail_the_pull_with_what_to_do(
    worker: Worker, source: Source, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST", 1)
    bucket.put("a.csv", bill([{}]))
    bucket.put("b.csv", bill([{}]))
    assert pull(worker, source).state == State.FAILED
    assert "Name a longer prefix." in source.last_error


def test_settings_say_what_works(bucket: Bucket, source: Source) -> None:
    bucket.put(DATA, parquet("1"))
    bucket.export(DATA)
    checks = BillS3Connector().test(bucket.settings)
    assert [check.ok for check in checks] == [True, True, True]
    assert "1 manifests and 0 other bills" in checks[0].sentence and "names 1 files" in checks[1].sentence
    [missing] = BillS3Connector().test({**bucket.settings, "bucket": "no-such-bucket-of-ours"})
    assert not missing.ok and "s3:ListObjectsV2 found nothing" in missing.sentence


def test_form_takes_a_bucket_a_prefix_and_a_name() -> None:
    said = {"region": "eu-central-1", "bucket": "bills-of-the-house", "key_prefix": " /exports/ ", "bills_as": "aws"}
    form = BillS3Form(said)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["key_prefix"] == "exports"
    assert "bills_as" in BillS3Form({**said, "bills_as": "Main bill"}).errors
