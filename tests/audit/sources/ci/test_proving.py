"""No delivery opens without the secret of its source; the vectors are those that the systems and libraries publish."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base import clock
from audit.sources.azure_devops.connector import AzureDevOpsConnector
from audit.sources.ci.connector import CiConnector
from audit.sources.ci.proving import check_standard, key_or_digest
from audit.sources.contract import Parcel, Receiver, Unproven
from audit.sources.github.connector import GitHubConnector
from audit.sources.gitlab.connector import GitLabConnector

SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""GitHub's documentation, "Validating webhook deliveries", "Testing the webhook payload validation"."""
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The example of the reference libraries of Standard Webhooks; its body is ``SAID``."""
SAID = b'{"test": 2432232314}'
SENT = datetime.fromtimestamp(1614265330, UTC)
EVERY = [GitHubConnector(), GitLabConnector(), AzureDevOpsConnector()]


def hexed(secret: str, body: bytes) -> str:
    """The signature as GitHub writes it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_github_signature_of_its_documentation_is_proven() -> None:
    GitHubConnector().prove(Parcel({"x-hub-signature-256": SIGNED}, BODY), {"secret": SECRET})


@pytest.mark.parametrize(
    ("headers", "body", "secret"),
    [
        ({}, BODY, SECRET),
        ({"x-hub-signature-256": ""}, BODY, SECRET),
        ({"x-hub-signature-256": SIGNED}, BODY + b" ", SECRET),
        ({"x-hub-signature-256": SIGNED}, BODY, SECRET + "!"),
        ({"x-hub-signature-256": SIGNED.removeprefix("sha256=")}, BODY, SECRET),
        ({"x-hub-signature-256": SIGNED[:-1]}, BODY, SECRET),
        ({"x-hub-signature-256": "sha256=ü"}, BODY, SECRET),
        ({"x-hub-signature": "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()}, BODY, SECRET),
        ({"x-hub-signature-256": hexed("", BODY)}, BODY, ""),
    ],
)
def test_github_delivery_without_its_signature_is_refused(headers: dict[str, str], body: bytes, secret: str) -> None:
    with pytest.raises(Unproven):
        GitHubConnector().prove(Parcel(headers, body), {"secret": secret})


def test_gitlab_signature_of_standard_webhooks_is_proven_within_five_minutes() -> None:
    parcel = Parcel(EXAMPLE, SAID)
    for off in (timedelta(), timedelta(seconds=300), timedelta(seconds=-300)):
        check_standard(parcel, KEY, at=SENT + off)
    for off in (timedelta(seconds=301), timedelta(seconds=-301)):
        with pytest.raises(Unproven, match="300 seconds"):
            check_standard(parcel, KEY, at=SENT + off)


def test_gitlab_signature_may_be_one_of_several() -> None:
    several = EXAMPLE | {"webhook-signature": f"v1a,xyz v1,AAAA {EXAMPLE['webhook-signature']}"}
    check_standard(Parcel(several, SAID), KEY, at=SENT)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": EXAMPLE["webhook-signature"].removeprefix("v1,")},
    ],
)
def test_gitlab_signature_of_anything_else_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(Unproven):
        check_standard(Parcel(EXAMPLE | change, SAID), KEY, at=SENT)


def test_gitlab_with_a_signing_token_takes_no_plain_token() -> None:
    with pytest.raises(Unproven, match="not signed"):
        GitLabConnector().prove(Parcel({"x-gitlab-token": KEY}, SAID), {"secret": KEY})
    with pytest.raises(Unproven, match="Base64"):
        GitLabConnector().prove(Parcel(EXAMPLE, SAID), {"secret": "whsec_!"})


def test_gitlab_with_a_secret_token_compares_it() -> None:
    GitLabConnector().prove(Parcel({"x-gitlab-token": SECRET}, SAID), {"secret": SECRET})
    for wrong in ("", SECRET[:-1], SECRET + "x", "é"):
        with pytest.raises(Unproven):
            GitLabConnector().prove(Parcel({"x-gitlab-token": wrong}, SAID), {"secret": SECRET})


def basic(text: str) -> str:
    """The header of RFC 7617."""
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_azure_compares_user_and_password() -> None:
    known = {"user": "hooks", "secret": SECRET}
    AzureDevOpsConnector().prove(Parcel({"authorization": basic(f"hooks:{SECRET}")}, SAID), known)
    AzureDevOpsConnector().prove(Parcel({"authorization": basic(f":{SECRET}")}, SAID), {"secret": SECRET})
    for wrong in ("", "Basic", "Basic é", f"Bearer {SECRET}", basic(SECRET), basic("hooks:"), basic(f"other:{SECRET}")):
        with pytest.raises(Unproven):
            AzureDevOpsConnector().prove(Parcel({"authorization": wrong}, SAID), known)


@pytest.mark.parametrize("connector", EVERY, ids=lambda one: one.kind)
def test_without_a_secret_nothing_is_proven(connector: CiConnector) -> None:
    headers = {
        "x-hub-signature-256": hexed("", SAID),
        "x-gitlab-token": "",
        "authorization": basic(":"),
        "x-tollgate-signature-256": hexed("", SAID),
    }
    for more in ({}, {"x-tollgate-event": "tests"}):
        for secret in ({}, {"secret": ""}, {"secret": None}):
            with pytest.raises(Unproven):
                connector.prove(Parcel(headers | more, SAID), secret)


@pytest.mark.parametrize("connector", EVERY, ids=lambda one: one.kind)
def test_counts_of_tests_are_proven_by_their_own_signature(connector: CiConnector) -> None:
    assert isinstance(connector, Receiver)
    body = json.dumps({"commit": "abcdef0"}).encode()
    headers = {"x-tollgate-event": "tests", "x-tollgate-signature-256": hexed(SECRET, body)}
    connector.prove(Parcel(headers, body), {"secret": SECRET})
    assert connector.open(Parcel(headers, body)).event == "tollgate.tests"
    with pytest.raises(Unproven):
        connector.prove(Parcel(headers, body + b" "), {"secret": SECRET})


@given(headers=st.dictionaries(st.sampled_from(
    ["x-hub-signature-256", "x-gitlab-token", "authorization", "x-tollgate-event", "x-tollgate-signature-256",
     "webhook-id", "webhook-timestamp", "webhook-signature"]),
    st.text() | st.sampled_from(["tests", "Basic OjE=", str(int(clock.now().timestamp())), "v1,", SIGNED])),
    body=st.binary(), connector=st.sampled_from(EVERY), secret=st.sampled_from([SECRET, KEY]))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_forged_deliveries_never_open(
    headers: dict[str, str], body: bytes, connector: CiConnector, secret: str
) -> None:
    with pytest.raises(Unproven):
        connector.prove(Parcel(headers, body + b"."), {"secret": secret, "user": "hooks"})


def test_key_is_the_first_id_that_can_be_kept_else_the_digest() -> None:
    digest = hashlib.sha256(SAID).hexdigest()
    given_ids: list[tuple[tuple[Any, ...], str]] = [
        (("one", "two"), "one"), ((None, "two"), "two"), (("", 7), "7"), ((True, {}, "x" * 151), digest), ((), digest),
    ]  # fmt: skip
    for claimed, expected in given_ids:
        assert key_or_digest(*claimed, body=SAID) == expected
