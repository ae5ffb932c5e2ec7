"""Every record is read, with who did what to what, and without secrets.

The records in ``../shared/data/cloudtrail`` are real ones of simulated attacks (stratus-red-team, Apache-2.0).
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.sources.cloudtrail.mapping import MASKED, happening_of, masked

ARN = "arn:aws:sagemaker:eu-west-3:123456789012"


def records(folder: Path) -> list[dict[str, Any]]:
    """All records of the folder."""
    return [record for path in sorted(folder.glob("*.json")) for record in json.loads(path.read_text())]


def record(name: str, **more: Any) -> dict[str, Any]:
    """A record of SageMaker's."""
    return {
        "eventTime": "2026-11-21T18:05:00Z", "eventSource": "sagemaker.amazonaws.com", "eventName": name,
        "eventID": "1", "awsRegion": "eu-west-3", "recipientAccountId": "123456789012",
        "sourceIPAddress": "203.0.113.7", "userIdentity": {"type": "IAMUser", "userName": "ana"}, **more,
    }  # fmt: skip


def test_all_310_real_records_are_read_without_loss(shared_data: Path) -> None:
    files = sorted((shared_data / "cloudtrail").glob("*.json"))
    whole = records(shared_data / "cloudtrail")
    found = [happening_of(one) for one in whole]
    assert (len(files), len(whole), sum(one is not None for one in found)) == (35, 310, 310)
    told = [one for one in found if one is not None]
    assert len({one.id for one in told}) == 310
    assert all(one.actor and one.facts["address"] for one in told)
    assert Counter(one.outcome for one in told) == {
        "failed": sum(bool(one.get("errorCode")) for one in whole), "succeeded": 310 - 52,
    }  # fmt: skip
    for one, said in zip(told, whole, strict=True):
        assert one.facts["call"] == f"{said['eventSource']}:{said['eventName']}"
        assert one.id == f"cloudtrail:{said['eventID']}"
        assert one.at.isoformat() == said["eventTime"].replace("Z", "+00:00")
        named = json.dumps([said.get("requestParameters"), said.get("responseElements")])
        assert all(f'"{arn}' in named or any(arn == row.get("ARN") for row in said["resources"])
                   for arn in one.facts["arns"])  # fmt: skip


def test_no_secret_of_the_real_records_is_kept(shared_data: Path) -> None:
    """What is called sessionToken, password or the like there is in no fact."""
    whole = records(shared_data / "cloudtrail")
    secrets = set()

    def look(found: Any, name: str = "") -> None:
        if isinstance(found, dict):
            for key, one in found.items():
                look(one, key)
        elif isinstance(found, list):
            for one in found:
                look(one, name)
        elif isinstance(found, str) and name in {"sessionToken", "password", "newPassword", "userData", "accessKeyId"}:
            secrets.add(found)

    for one in whole:
        look([one.get("requestParameters"), one.get("responseElements")])
    kept = json.dumps([happening_of(one).facts for one in whole])  # type: ignore[union-attr]
    assert len(secrets) >= 3
    assert [one for one in secrets if one in kept] == []


def test_approval_lands_on_the_version_with_its_actor() -> None:
    found = happening_of(
        record(
            "UpdateModelPackage",
            requestParameters={
                "modelPackageArn": f"{ARN}:model-package/late-arrival/3",
                "modelApprovalStatus": "Approved",
            },
        )
    )
    assert found is not None
    assert (found.version, found.model, found.actor, found.step, found.outcome) == (
        f"{ARN}:model-package/late-arrival/3", "late-arrival", "ana", "approve", "succeeded",
    )  # fmt: skip
    assert found.sentence == "called sagemaker UpdateModelPackage on model-package/late-arrival/3"


def test_call_by_name_names_the_arn_as_well() -> None:
    found = happening_of(record("DeleteEndpoint", requestParameters={"endpointName": "Late"}, errorCode="AccessDenied"))
    assert found is not None
    assert found.facts["arns"] == [f"{ARN}:endpoint/Late", f"{ARN}:endpoint/late"]
    assert (found.step, found.outcome) == ("deploy", "failed")
    assert found.sentence == "tried sagemaker DeleteEndpoint on Late and was refused: AccessDenied"


@pytest.mark.parametrize(
    ("identity", "more", "actor", "automatic"),
    [
        ({"type": "Root", "accountId": "123456789012"}, {}, "root of 123456789012", False),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, {}, "autoscaling.amazonaws.com", True),
        ({"type": "IAMUser", "userName": "ana"}, {}, "ana", None),
        ({"type": "IAMUser", "userName": "ana"}, {"sessionCredentialFromConsole": "true"}, "ana", False),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ci/x"}, {}, "arn:aws:sts::1:assumed-role/ci/x",
         None),
        ({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {
            "arn": "arn:aws:iam::1:role/aws-service-role/sagemaker.amazonaws.com/x"}}}, {},
         "arn:aws:iam::1:role/aws-service-role/sagemaker.amazonaws.com/x", True),
        (None, {}, "", None),
    ],
)  # fmt: skip
def test_actor_and_who_did_it(identity: Any, more: dict[str, Any], actor: str, automatic: bool | None) -> None:
    found = happening_of(record("CreateEndpoint", userIdentity=identity, **more))
    assert found is not None
    assert (found.actor, found.automatic) == (actor, automatic)


def test_secrets_are_masked_and_names_are_not() -> None:
    said = {
        "secretId": "prod/db", "secretString": "s3cr3t", "masterUserPassword": "x", "clientRequestToken": "abc",
        "credentials": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "sessionToken": "IQoJ", "expiration": "later"},
        "environment": {"DB_URL": "postgres://me:hunter2@db/x", "AUTH": "Bearer abcdefghijkl"}, "userData": "IyEv",
        "keyMaterial": "-----BEGIN RSA PRIVATE KEY-----", "passwordResetRequired": False, "names": ["a"] * 101,
    }  # fmt: skip
    found = masked(said)
    assert (found["secretId"], found["clientRequestToken"], found["passwordResetRequired"]) == ("prod/db", "abc", False)
    assert found["credentials"] == {"accessKeyId": "AKIA…MPLE", "sessionToken": MASKED, "expiration": "later"}
    assert {found[name] for name in ("secretString", "masterUserPassword", "userData", "keyMaterial")} == {MASKED}
    assert set(found["environment"].values()) == {MASKED}
    assert found["names"][-1] == "… 101 in all"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({"eventTime", "readOnly", "errorMessage", *record("x"), *(
    "requestParameters", "responseElements", "resources", "errorCode", "userAgent",
)})  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_field_may_be_of_another_type(said: dict[str, Any]) -> None:
    found = happening_of({**record("CreateEndpoint"), **said})
    assert found is None or (found.id.startswith("cloudtrail:") and found.at.tzinfo is not None)
    assert found is not None or "eventTime" in said
