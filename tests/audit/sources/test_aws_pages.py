"""The forms of the AWS sources are shown, take what people enter, and never show a secret again."""

import pytest

from audit.sources.models import Source
from tests.support.cast import Cast

ENTERED = {
    "cloudwatch": {"days": "14"},
    "s3": {"bucket": "logs-of-the-house", "key_prefix": "ml/logs"},
    "sagemaker": {"environment_tag": "environment", "hook_token": "the-token-of-the-events"},
    "cloudtrail": {"bucket": "trail-of-the-house", "look_up": "on", "since": "2026-11-01"},
}


@pytest.mark.parametrize("kind", sorted(ENTERED))
def test_source_is_added_by_its_form_with_its_secrets_closed(cast: Cast, kind: str) -> None:
    client, secret = cast.client("owner"), "the-secret-access-key"
    page = client.get(f"/sources/add/{kind}/").content.decode()
    assert "Secret access key" in page and "Such as eu-central-1" in page
    keys = {"region": "eu-west-3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": secret}
    whole = {"name": kind, "team": str(cast.team.pk), "every_seconds": "60", **keys, **ENTERED[kind]}
    assert client.post(f"/sources/add/{kind}/", {**whole, "region": "Paris"}).status_code == 422
    assert client.post(f"/sources/add/{kind}/", whole).status_code == 302
    source = Source.objects.get(kind=kind)
    assert source.settings["region"] == "eu-west-3" and secret not in str(source.settings)
    assert secret not in source.secret and source.whole_settings()["secret_access_key"] == secret
    assert secret not in client.get(f"/sources/{source.pk}/").content.decode()
