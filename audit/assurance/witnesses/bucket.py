"""An S3 bucket with object lock: what is written stays until its day, and the first version of an object counts."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms

from audit.assurance.witnesses.address import AddressField
from audit.assurance.witnesses.contract import Secrets, Settings, Unreachable
from audit.assurance.witnesses.files import Files, same_or_contradicted
from audit.base import clock
from audit.sources.contract import Check

MODES = (
    ("COMPLIANCE", "Compliance: nobody can delete it before its day"),
    ("GOVERNANCE", "Governance: who has a special right can"),
)
SECONDS = 10
GONE = {"PreconditionFailed", "ConditionalRequestConflict"}


class BucketForm(forms.Form):
    """Which bucket, and for how long."""

    bucket = forms.CharField(label="Bucket", max_length=63, help_text="With object lock, best of another account")
    key_prefix = forms.CharField(label="Prefix", max_length=200, required=False, initial="tollgate")
    region = forms.CharField(label="Region", max_length=30, required=False)
    endpoint_url = AddressField(label="Endpoint", required=False, help_text="For S3 that is not Amazon’s")
    mode = forms.ChoiceField(label="Object lock", choices=MODES)
    days = forms.IntegerField(label="Locked for … days", min_value=1, max_value=36_500, initial=3_650)
    access_key_id = forms.CharField(
        label="Access key id", max_length=128, required=False, help_text="Empty: as the machine is signed in to AWS"
    )
    secret_access_key = forms.CharField(
        label="Secret access key", max_length=200, required=False, widget=forms.PasswordInput(render_value=False)
    )


class Versions:
    """Objects in a bucket. Of each name the oldest version is read: later ones, and deletions, change nothing."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.settings, self.secrets = settings, secrets
        self.bucket = str(settings["bucket"])
        self.prefix = str(settings.get("key_prefix") or "").strip("/")

    @cached_property
    def client(self) -> Any:
        """boto3's client."""
        import boto3
        from botocore.config import Config

        keys = {}
        if self.settings.get("access_key_id"):
            keys = {
                "aws_access_key_id": self.settings["access_key_id"],
                "aws_secret_access_key": self.secrets.get("secret_access_key", ""),
            }
        return boto3.client(
            "s3",
            endpoint_url=self.settings.get("endpoint_url") or None,
            region_name=self.settings.get("region") or None,
            config=Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 2}),
            **keys,
        )

    def key(self, name: str) -> str:
        """The object's key."""
        return f"{self.prefix}/{name}".lstrip("/")

    def put(self, name: str, content: bytes) -> str:
        """Written with its lock, if no such object is there; the version's id."""
        from botocore.exceptions import BotoCoreError, ClientError

        until = clock.now() + timedelta(days=int(self.settings["days"]))
        try:
            stored = self.client.put_object(
                Bucket=self.bucket,
                Key=self.key(name),
                Body=content,
                IfNoneMatch="*",
                ObjectLockMode=self.settings["mode"],
                ObjectLockRetainUntilDate=until,
                ChecksumAlgorithm="SHA256",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in GONE:
                raise Unreachable(f"{self.key(name)} cannot be written: {_words(error)}") from error
        except BotoCoreError as error:
            raise Unreachable(f"{self.key(name)} cannot be written: {error}.") from error
        else:
            return str(stored.get("VersionId", ""))
        version = self._first(name)
        same_or_contradicted(self.key(name), self._read(name, version), content)
        return version

    def get(self, name: str) -> bytes:
        """The content of the oldest version."""
        return self._read(name, self._first(name))

    def names(self, folder: str, prefix: str, after: str = "") -> list[str]:
        """Names of objects, deleted ones among them."""
        inside = self.key(f"{folder}/")
        listed = self._versions(inside + prefix, inside + after if after else "")
        return sorted({row["Key"].removeprefix(inside) for row in listed})

    def _first(self, name: str) -> str:
        found = [row for row in self._versions(self.key(name)) if row["Key"] == self.key(name)]
        if not found:
            raise Unreachable(f"{self.key(name)} is not in the bucket {self.bucket}.")
        # Amazon lists the newest version of a key first; of two in the same second the last one listed is the older.
        return str(min(reversed(found), key=lambda row: row["LastModified"])["VersionId"])

    def _read(self, name: str, version: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self.client.get_object(Bucket=self.bucket, Key=self.key(name), VersionId=version)
            return bytes(found["Body"].read())
        except (ClientError, BotoCoreError) as error:
            raise Unreachable(f"{self.key(name)} cannot be read: {_words(error)}") from error

    def _versions(self, prefix: str, after: str = "") -> Iterator[dict[str, Any]]:
        from botocore.exceptions import BotoCoreError, ClientError

        wanted = {"Bucket": self.bucket, "Prefix": prefix} | ({"KeyMarker": after} if after else {})
        try:
            for page in self.client.get_paginator("list_object_versions").paginate(**wanted):
                # Not every S3 heeds a key marker without a version.
                yield from (row for row in page.get("Versions", []) if row["Key"] > after)
        except (ClientError, BotoCoreError) as error:
            raise Unreachable(f"The bucket {self.bucket} cannot be listed: {_words(error)}") from error


def _words(error: Exception) -> str:
    """What S3 said, without the request that it was said of."""
    said = getattr(error, "response", {}).get("Error", {})
    return f"{said['Code']}: {said.get('Message', '')}".rstrip(": .") + "." if said.get("Code") else f"{error}."


class Bucket(Files):
    """A bucket."""

    kind: ClassVar[str] = "bucket"
    title: ClassVar[str] = "S3 bucket"
    description: ClassVar[str] = "Objects under object lock: nobody here can take them back before their day"
    form: ClassVar[type[forms.Form]] = BucketForm
    secret: ClassVar[tuple[str, ...]] = ("secret_access_key",)

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.versions = Versions(settings, secrets)
        self.objects = self.versions

    def test(self) -> list[Check]:
        """Whether the bucket answers, and locks objects. Nothing is written: the lock would keep it for years."""
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, client = self.versions.bucket, self.versions.client
        try:
            client.head_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError) as error:
            return [Check(False, f"The bucket {bucket} does not answer: {_words(error)}")]
        checks = [Check(True, f"The bucket {bucket} answers.")]
        try:
            found = client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
            locks = found.get("ObjectLockEnabled") == "Enabled"
        except (ClientError, BotoCoreError):
            locks = False
        words = "It locks objects." if locks else "Object lock is not on: what is written there can be deleted."
        checks.append(Check(locks, words))
        try:
            self.versions.names("", "", "")
            checks.append(Check(True, "It can be listed. Whether it can be written shows with the next delivery."))
        except Unreachable as error:
            checks.append(Check(False, error.sentence))
        return checks
