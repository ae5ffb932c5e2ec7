"""A trail in a real S3 endpoint: all records once; what was altered, deleted, moved or left out is named."""

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.cloudtrail import client as cloudtrail_client
from audit.sources.cloudtrail.connector import CloudTrailConnector, CloudTrailForm
from tests.audit.sources.aws_server import AwsServer, aws_server, denied
from tests.audit.sources.cloudtrail.trail import ACCOUNT, ARN, FINGERPRINT, REGION, Trail, record
from tests.audit.sources.support import Recorded
from tests.support.servers import S3

pytestmark = pytest.mark.processes
connector = CloudTrailConnector()


@pytest.fixture
def aws(s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsServer]:
    """CloudTrail on a server of ours, S3 on moto."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    with aws_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", server.url)
        yield server


@pytest.fixture
def trail(s3: S3, aws: AwsServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Trail:
    """A bucket with four hours: of each hour one log file of two records, and its digest. It is 10:30."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    client = boto3.client("s3", endpoint_url=s3.endpoint, **keys)  # type: ignore[call-overload]
    bucket = f"trail-{abs(hash(request.node.name)) % 10**10}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    found = Trail(client, bucket)
    aws.answers["ListPublicKeys"] = {
        "PublicKeyList": [{"Fingerprint": FINGERPRINT, "Value": base64.b64encode(found.public).decode()}]
    }
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, 10, 30, tzinfo=UTC))
    return found


def fill(trail: Trail, hours: int = 4) -> tuple[list[str], list[str]]:
    """The keys of the log files and of the digests that were written."""
    logs, digests = [], []
    for hour in range(hours):
        logs.append(trail.log([2 * hour, 2 * hour + 1]))
        digests.append(trail.digest())
    return logs, digests


def pull(trail: Trail, cursor: dict[str, Any] | None = None, **settings: Any) -> Recorded:
    """One pull; the cursor must be one that a database can keep."""
    found = Recorded()
    wanted = {
        "region": REGION, "access_key_id": "test", "secret_access_key": "test", "bucket": trail.bucket, **settings,
    }  # fmt: skip
    result = connector.pull(found, wanted, cursor or {})
    found.cursor = json.loads(json.dumps(result.cursor))
    return found


def named(found: Recorded) -> list[tuple[str, str]]:
    """What was said to be wrong with which file."""
    wrong = [one for one in found.all("happenings") if one.kind == "cloudtrail integrity"]
    return sorted((one.facts["what"], one.facts["file"]) for one in wrong)


def test_untouched_trail_is_read_once_and_has_no_fault(trail: Trail) -> None:
    fill(trail)
    first = pull(trail)
    assert first.problems == [] and named(first) == []
    assert [one.id for one in first.all("happenings")] == [f"cloudtrail:event-{number}" for number in range(8)]
    assert first.all("happenings")[3].version == f"{ARN}/3"
    again = pull(trail, first.cursor)
    assert again.pieces == [] and again.problems == []
    trail.log([8])
    late = pull(trail, again.cursor)
    assert [one.id for one in late.all("happenings")] == ["cloudtrail:event-8"]
    trail.digest()
    assert pull(trail, late.cursor).problems == []


def test_altered_log_is_named_with_the_events_that_it_holds(trail: Trail) -> None:
    logs, _ = fill(trail)
    trail.alter(logs[1], lambda found: found["Records"][0]["userIdentity"].update(userName="somebody else"))
    found = pull(trail)
    assert named(found) == [("altered", logs[1])]
    assert found.problems == [
        f"The log file {logs[1]} was altered after CloudTrail delivered it; it holds 2 events now."
    ]
    (told,) = [one for one in found.all("happenings") if one.kind == "cloudtrail integrity"]
    assert (told.facts["events"], told.facts["arns"]) == (["event-2", "event-3"], [f"{ARN}/2", f"{ARN}/3"])


def test_log_altered_after_it_was_read_is_named(trail: Trail) -> None:
    fill(trail, 3)
    key = trail.log([6, 7])
    first = pull(trail)
    trail.alter(key, lambda found: found["Records"].pop())
    trail.digest()
    second = pull(trail, first.cursor)
    assert named(second) == [("altered", key)]


def test_one_flipped_byte_is_named(trail: Trail) -> None:
    logs, _ = fill(trail)
    content = bytearray(trail.client.get_object(Bucket=trail.bucket, Key=logs[2])["Body"].read())
    content[-3] ^= 1
    trail.client.put_object(Bucket=trail.bucket, Key=logs[2], Body=bytes(content))
    assert named(pull(trail)) == [("altered", logs[2])]


def test_deleted_log_is_named(trail: Trail) -> None:
    logs, _ = fill(trail)
    trail.delete(logs[2])
    found = pull(trail)
    assert named(found) == [("missing", logs[2])]
    assert found.problems == [f"The log file {logs[2]} is missing: CloudTrail delivered it, and it was deleted."]


def test_deleted_digest_is_named(trail: Trail) -> None:
    _, digests = fill(trail)
    trail.delete(digests[1])
    found = pull(trail)
    assert named(found) == [("missing", digests[1])]
    assert f"The digest file {digests[1]} is missing: {digests[2]} follows it" in found.problems[0]


def test_one_of_each_is_named_at_once(trail: Trail) -> None:
    logs, digests = fill(trail, 4)
    trail.alter(logs[0], lambda found: found["Records"].pop())
    trail.delete(logs[1])
    trail.delete(digests[2])
    assert named(pull(trail)) == [("altered", logs[0]), ("missing", digests[2]), ("missing", logs[1])]


def test_altered_digest_is_named_although_it_hides_the_altered_log(trail: Trail) -> None:
    logs, digests = fill(trail)
    trail.alter(logs[1], lambda found: found["Records"].pop())
    trail.alter(digests[1], lambda found: found["logFiles"].clear())
    found = pull(trail)
    assert named(found) == [("digest", digests[1])]
    assert "its signature does not hold" in found.problems[0]


def test_digest_that_is_signed_anew_breaks_the_chain(trail: Trail) -> None:
    """Even who has the key cannot replace a digest that the next one has sealed."""
    _, digests = fill(trail, 2)
    trail.log([4])
    third = trail.digest()
    forger = Trail(trail.client, trail.bucket, at=trail.at - timedelta(hours=2), key=trail.key)
    assert forger.digest(chained=False) == digests[1]
    found = pull(trail)
    assert ("gap", digests[1]) in named(found) and ("digest", digests[1]) in named(found)
    assert any(f"is not the one that {third} follows" in one for one in found.problems)


def test_moved_digest_and_unknown_key_are_named(trail: Trail, aws: AwsServer) -> None:
    _, digests = fill(trail, 1)
    moved = digests[0].replace("T070000Z", "T080000Z")
    trail.client.copy_object(Bucket=trail.bucket, Key=moved, CopySource={"Bucket": trail.bucket, "Key": digests[0]})
    assert ("digest", moved) in named(pull(trail))
    aws.answers["ListPublicKeys"] = {"PublicKeyList": []}
    found = pull(trail)
    assert "is signed with a key that CloudTrail does not know" in found.problems[0]


def test_validation_that_was_off_is_a_gap(trail: Trail) -> None:
    fill(trail, 2)
    trail.log([8])
    key = trail.digest(chained=False)
    found = pull(trail)
    assert named(found) == [("gap", key)]


def test_digests_that_stop_are_told(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(trail)
    first = pull(trail)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 21, 14, 30, tzinfo=UTC))
    found = pull(trail, first.cursor)
    assert [one.partition(":")[0] for one in found.problems] == [
        f"No digest of {ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION} has come since 2026-11-21 10"
    ]


def test_file_that_cannot_be_read_is_told_and_the_others_are_read(trail: Trail) -> None:
    trail.log([0, 1])
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/21/{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_"
    for name, content in {
        "a": b"not packed", "b": gzip.compress(b"no json"), "c": gzip.compress(b'{"Records": {}}'),
        "d": gzip.compress(b'{"Records": [1, {"eventID": "x"}]}'), "e": gzip.compress(b'{"Records": []}')[:-9],
    }.items():  # fmt: skip
        trail.client.put_object(Bucket=trail.bucket, Key=f"{folder}{name}.json.gz", Body=content)
    found = pull(trail)
    assert len(found.all("happenings")) == 2
    assert [one.rpartition("/")[2] for one in found.problems] == [
        f"{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_a.json.gz cannot be read: it is not packed with gzip.",
        f"{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_b.json.gz holds no records.",
        f"{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_c.json.gz holds no records.",
        f"{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_d.json.gz have no time, or are none; they are left out.",
        f"{ACCOUNT}_CloudTrail_{REGION}_20260101T0000Z_e.json.gz cannot be read: it ends in the middle.",
    ]


def test_all_310_real_records_come_through_the_bucket(trail: Trail, shared_data: Path) -> None:
    """The files of ``../shared/data/cloudtrail`` (stratus-red-team, Apache-2.0), one log file each."""
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/21/{ACCOUNT}_CloudTrail_{REGION}_20261121T0905Z_"
    for number, path in enumerate(sorted((shared_data / "cloudtrail").glob("*.json"))):
        content = json.dumps({"Records": json.loads(path.read_text())}).encode()
        trail.put(f"{folder}{number:04d}.json.gz", content)
    found = pull(trail)
    assert len({one.id for one in found.all("happenings")}) == 310
    assert found.problems == []
    assert pull(trail, found.cursor).pieces == []


def test_pull_that_breaks_off_goes_on_where_it_was(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    for first in range(0, 2400, 300):
        trail.log(range(first, first + 300))

    class Breaks(Recorded):
        def take(self, told: Any, **more: Any) -> None:
            if len(self.all("happenings")) >= 900:
                raise ConnectionError("The database went away.")
            super().take(told, **more)

    broken = Breaks()
    settings = {"region": REGION, "access_key_id": "test", "secret_access_key": "test", "bucket": trail.bucket}
    with pytest.raises(ConnectionError):
        connector.pull(broken, settings, {})
    before = [one.id for one in broken.all("happenings")]
    after = [one.id for one in pull(trail, broken.cursor).all("happenings")]
    assert len(before) + len(after) >= 2400 > len(after)
    assert len({*before, *after}) == 2400
    assert max(len(piece) for piece in broken.pieces) <= 500


def test_files_before_the_day_are_left_out(trail: Trail) -> None:
    trail.at = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)
    fill(trail, 1)
    trail.at = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    trail.log([50])
    found = pull(trail, since="2026-11-20")
    assert [one.id for one in found.all("happenings")] == ["cloudtrail:event-50"]


def test_look_ups_are_two_a_second(aws: AwsServer) -> None:
    waits: list[float] = []
    aws.answers["LookupEvents"] = lambda body: {"Events": []} | ({} if "NextToken" in body else {"NextToken": "2"})
    settings = {"region": REGION, "access_key_id": "test", "secret_access_key": "test"}
    trail = cloudtrail_client.CloudTrail(settings, pause=waits.append)
    at = datetime(2026, 11, 21, tzinfo=UTC)
    for day in range(3):
        assert list(trail.events(at + timedelta(days=day), at + timedelta(days=day + 1))) == []
    assert len(aws.calls("LookupEvents")) == 6 and waits == [0.5] * 5


def test_look_up_comes_in_fifties(trail: Trail, aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """120 events of the last day; the pauses are made shorter."""
    monkeypatch.setattr(cloudtrail_client, "LOOKUP_PAUSE", 0.001)
    at = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def look_up(body: dict[str, Any]) -> Any:
        until = datetime.fromtimestamp(body["EndTime"], UTC)
        first = int(body.get("NextToken", "0"))
        numbers = (
            range(first, min(first + body["MaxResults"], 120))
            if datetime.fromtimestamp(body["StartTime"], UTC) <= at < until
            else range(0)
        )
        events = [{"EventId": str(n), "CloudTrailEvent": json.dumps(record(n, at))} for n in numbers]
        return {"Events": events} | ({"NextToken": str(first + 50)} if numbers and first + 50 < 120 else {})

    aws.answers["LookupEvents"] = look_up
    found = pull(trail, bucket="", look_up=True)
    asked = aws.calls("LookupEvents")
    assert len({one.id for one in found.all("happenings")}) == 120
    assert len(asked) == 92 and {body["MaxResults"] for body in asked} == {50}
    assert all(body["LookupAttributes"][0]["AttributeValue"] == "sagemaker.amazonaws.com" for body in asked)
    aws.asked.clear()
    again = pull(trail, found.cursor, bucket="", look_up=True)
    assert len(aws.calls("LookupEvents")) == 1 and again.problems == []


def test_looked_up_event_has_the_id_of_the_one_in_the_file(trail: Trail, aws: AwsServer) -> None:
    trail.log([1])
    aws.answers["LookupEvents"] = {"Events": [{"CloudTrailEvent": json.dumps(record(1, trail.at))}, {"EventId": "x"}]}
    found = pull(trail, look_up=True, since="2026-11-21")
    assert {one.id for one in found.all("happenings")} == {"cloudtrail:event-1"}
    assert found.problems == [
        "1 of 2 records in the look-up of 2026-11-21 have no time, or are none; they are left out."
    ]


def test_settings_say_what_works_and_which_right_is_missing(trail: Trail, aws: AwsServer) -> None:
    fill(trail, 1)
    aws.answers["LookupEvents"] = denied("cloudtrail:LookupEvents")
    settings = {
        "region": REGION, "access_key_id": "test", "secret_access_key": "test", "bucket": trail.bucket, "look_up": True,
    }  # fmt: skip
    checks = connector.test(settings)
    assert [check.ok for check in checks] == [True, True, True, True, False]
    assert checks[-1].sentence.startswith("The right cloudtrail:LookupEvents is missing.")
    nowhere = connector.test({**settings, "bucket": "there-is-no-such-bucket"})
    assert [check.ok for check in nowhere] == [False]
    with pytest.raises(InvalidInput, match="bucket: "):
        pull(trail, bucket="there-is-no-such-bucket")


def test_form_wants_a_bucket_or_look_ups() -> None:
    assert CloudTrailForm({"region": REGION, "look_up": "on"}).is_valid()
    bad = CloudTrailForm({"region": REGION, "since": "yesterday", "accounts": "12", "organisation": "us"})
    assert set(bad.errors) == {"bucket", "since", "accounts", "organisation"}
