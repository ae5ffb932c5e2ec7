"""Checkpoints in a real S3 endpoint under object lock: nobody takes them back, and the first version counts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from audit.assurance import checking, delivery, services
from audit.assurance.models import Receipt, Witness
from audit.base import clock
from audit.ledger.models import Checkpoint, Head, Incident
from tests.support import tampering
from tests.support.cast import SYSTEM
from tests.support.servers import S3
from tests.support.tampering import grow

SECRET = "secret-of-the-bucket"


@pytest.fixture(autouse=True)
def nothing_beside(settings: Any, tmp_path: Any) -> None:
    """No other folder is asked."""
    settings.TOLLGATE_WITNESS = tmp_path / "not-there"


@pytest.fixture
def client(s3: S3) -> Any:
    """A client of the endpoint."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
    return boto3.client("s3", endpoint_url=s3.endpoint, **keys)  # type: ignore[call-overload]


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket with object lock."""
    name = f"witness-{abs(hash(request.node.name)) % 10**8}"
    where = {"LocationConstraint": "eu-central-1"}
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=where)
    yield name


def add(s3: S3, bucket: str, mode: str = "COMPLIANCE") -> Witness:
    """The bucket as witness."""
    settings = {
        "bucket": bucket,
        "key_prefix": "tollgate",
        "region": "eu-central-1",
        "endpoint_url": s3.endpoint,
        "mode": mode,
        "days": 30,
        "access_key_id": "test",
        "secret_access_key": SECRET,
    }
    return services.add_witness(actor=SYSTEM, kind="bucket", name="Locked bucket", settings=settings)


def versions(client: Any, bucket: str) -> list[dict[str, Any]]:
    """All versions in the bucket."""
    return list(client.list_object_versions(Bucket=bucket).get("Versions", []))


@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_objects_are_locked_until_their_day(db: None, s3: S3, client: Any, bucket: str, mode: str) -> None:
    witness = add(s3, bucket, mode)
    grow(3, 4)
    done = delivery.deliver(witness=witness)
    assert (done.count, done.error) == (2, "")
    origin = Head.objects.get().origin
    found = versions(client, bucket)
    assert len(found) == 4 and all(row["Key"].startswith(f"tollgate/{origin}/") for row in found)
    for row in found:
        lock = client.head_object(Bucket=bucket, Key=row["Key"])
        assert lock["ObjectLockMode"] == mode
        assert abs(lock["ObjectLockRetainUntilDate"] - clock.now() - timedelta(days=30)) < timedelta(minutes=2)
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket=bucket, Key=row["Key"], VersionId=row["VersionId"])
    ids = {row["VersionId"] for row in found if "checkpoint-" in row["Key"]}
    assert set(Receipt.objects.values_list("answer", flat=True)) == ids
    size = Head.objects.get().size
    content = client.get_object(Bucket=bucket, Key=f"tollgate/{origin}/checkpoint-{size:012d}.txt")["Body"].read()
    assert content.decode() == Checkpoint.objects.get(size=size).note


def test_delivering_again_writes_no_second_version(db: None, s3: S3, client: Any, bucket: str) -> None:
    witness = add(s3, bucket)
    grow(3, 4)
    delivery.deliver(witness=witness)
    before = versions(client, bucket)
    kept = set(Receipt.objects.values_list("size", "answer"))
    Receipt.objects.all().delete()
    Witness.objects.update(origin="", delivered_size=0)
    assert delivery.deliver(witness=Witness.objects.get()).error == ""
    assert len(versions(client, bucket)) == len(before)
    assert set(Receipt.objects.values_list("size", "answer")) == kept


def test_rewritten_entry_is_named_from_the_bucket(db: None, s3: S3, bucket: str) -> None:
    witness = add(s3, bucket)
    grow(5, 300, 20)
    delivery.deliver(witness=witness)
    tampering.rewrite(307)
    checking.check_witnesses(actor=SYSTEM)
    assert Incident.objects.get(kind="fork").first_number == 307


def test_restored_database_is_named_from_the_bucket(db: None, s3: S3, bucket: str) -> None:
    witness = add(s3, bucket)
    size = grow(5, 30)
    delivery.deliver(witness=witness)
    tampering.truncate(10)
    Receipt.objects.all().delete()
    Witness.objects.update(delivered_size=5)
    checking.check_witnesses(actor=SYSTEM)
    assert Incident.objects.get(kind="fork").first_number == size - 9


def test_later_versions_and_deletions_hide_nothing(db: None, s3: S3, client: Any, bucket: str) -> None:
    witness = add(s3, bucket)
    grow(5, 30)
    delivery.deliver(witness=witness)
    origin, size = Head.objects.get().origin, Head.objects.get().size
    tampering.rewrite(9)
    forged = Checkpoint.objects.get(size=size).note.encode()
    key = f"tollgate/{origin}/checkpoint-{size:012d}.txt"
    client.put_object(Bucket=bucket, Key=key, Body=forged)  # whoever may write adds a version that fits the forged log
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is False and finding.within is not None and finding.within.first == 9
    client.delete_object(Bucket=bucket, Key=key)  # and a deletion is a marker in front of what is locked
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert (finding.agrees, finding.size) == (False, size)


def test_bucket_without_lock_is_said_and_takes_nothing(db: None, s3: S3) -> None:
    witness = add(s3, s3.bucket)
    grow(1)
    checks = witness.place().test()
    assert [check.ok for check in checks] == [True, False, True]
    assert "can be deleted" in checks[1].sentence
    done = delivery.deliver(witness=witness)
    assert done.count == 0 and "cannot be written" in done.error and SECRET not in done.error


def test_settings_that_work_are_said_to_work(db: None, s3: S3, bucket: str) -> None:
    witness = add(s3, bucket)
    assert [check.ok for check in witness.place().test()] == [True, True, True]
    elsewhere = {**witness.settings, "bucket": "there-is-no-such-bucket"}
    services.change_witness(actor=SYSTEM, witness=witness, name="Other", settings=elsewhere)
    (missing,) = Witness.objects.get().place().test()
    assert not missing.ok and "does not answer" in missing.sentence


def test_endpoint_that_is_down_is_no_fork(db: None, s3: S3, bucket: str) -> None:
    witness = add(s3, bucket)
    grow(1)
    delivery.deliver(witness=witness)
    Witness.objects.update(settings={**witness.settings, "endpoint_url": "http://127.0.0.1:9"})
    grow(1)
    down = Witness.objects.get()
    assert "cannot be" in delivery.deliver(witness=down).error
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is None and not Incident.objects.exists()
