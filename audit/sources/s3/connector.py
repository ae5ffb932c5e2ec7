"""Reads files below a prefix: each object once, an object that was written anew as another file."""

import heapq
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django import forms

from audit.base.errors import InvalidInput
from audit.sources import domain
from audit.sources.aws import SECRETS, Aws, AwsForm, NotSignedIn
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.http import Missing
from audit.sources.logs.taking import File, MovingError, checked, take_files

MOST: Final = 50_000
"""So many objects are told apart; of more, the newest."""


class S3Form(AwsForm):
    """Which bucket, and what stands before the files in it."""

    bucket = forms.RegexField(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", label="Bucket")
    key_prefix = forms.CharField(
        label="Prefix",
        max_length=500,
        required=False,
        help_text="Such as ml/logs; below it lie model/predictions/ and model/labels/",
    )

    def clean_key_prefix(self) -> str:
        """The prefix without slashes around it."""
        return str(self.cleaned_data["key_prefix"]).strip().strip("/")


class S3Connector:
    """Objects ``<prefix>/<model>/<predictions|labels>/...``, or named as files of a folder are."""

    kind = "s3"
    title = "Amazon S3"
    description = "Files of predictions and labels below a prefix of a bucket"
    form: type[forms.Form] = S3Form
    secret: tuple[str, ...] = SECRETS

    def test(self, settings: Settings) -> list[Check]:
        """Whether objects can be listed and read, and what their names say."""
        aws, bucket, prefix = Aws(settings), str(settings.get("bucket") or ""), _prefix(settings)
        try:
            rows = list(_listed(aws, bucket, prefix))
            checks = checked([row["Key"][len(prefix) :] for row in rows], f"s3://{bucket}/{prefix}")
            if rows:
                aws.ask("s3", "HeadObject", Bucket=bucket, Key=rows[0]["Key"])
                checks.append(Check(True, "s3:GetObject is allowed."))
        except (InvalidInput, Missing, Unavailable) as error:
            return [Check(False, getattr(error, "sentence", str(error)))]
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Hands each new or changed object to monitoring, predictions before labels, and starts its import.

        Raises:
            InvalidInput: the bucket is not there, or cannot be listed.
            Unavailable: S3 does not answer; the next pull goes on where this one ended.
        """
        aws, bucket, prefix = Aws(settings), str(settings.get("bucket") or ""), _prefix(settings)
        seen = 0

        def counted() -> Iterator[dict[str, Any]]:
            nonlocal seen
            for row in _listed(aws, bucket, prefix):
                seen += 1
                yield row

        try:
            rows = heapq.nlargest(MOST, counted(), key=lambda row: (row["LastModified"], row["Key"]))
        except Missing as error:
            raise InvalidInput(str(error), where="bucket") from None
        if seen > MOST:
            words = f"{seen:,} objects lie below s3://{bucket}/{prefix}; only the newest {MOST:,} are looked at."
            context.problem(f"{words} Move away what was taken, or name a longer prefix.")
        files = [
            File(
                row["Key"][len(prefix) :],
                [str(row.get("ETag") or ""), int(row.get("Size") or 0)],
                partial(_chunks, aws, bucket, row["Key"], str(row.get("ETag") or "")),
            )
            for row in rows
        ]
        return take_files(context, files, cursor)


def _prefix(settings: Settings) -> str:
    """What stands before each path: empty, or ending with a slash."""
    prefix = str(settings.get("key_prefix") or "").strip("/")
    return f"{prefix}/" if prefix else ""


def _listed(aws: Aws, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """The objects that are files: no folders' own, nothing that is set aside."""
    for row in aws.objects(bucket, prefix):
        path = str(row["Key"])[len(prefix) :]
        if path and not path.endswith("/") and not domain.is_aside(path):
            yield row


def _chunks(aws: Aws, bucket: str, key: str, etag: str) -> Iterator[bytes]:
    """The object's content.

    Raises:
        MovingError: it went, or was written anew.
        Unavailable: S3 does not answer, or not as whom we ask: that no other object will come either.
    """
    try:
        yield from aws.chunks(bucket, key, etag=etag)
    except Missing:
        raise MovingError from None
    except NotSignedIn as error:
        raise Unavailable(error.sentence) from None
