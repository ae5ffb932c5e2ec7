"""Bills below a prefix of a bucket: what AWS Data Exports and Cost and Usage Reports write, and single files."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from django import forms

from audit.base.errors import InvalidInput
from audit.sources import domain
from audit.sources.aws import SECRETS, Aws, NotSignedIn
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.http import Missing
from audit.sources.logs.taking import MovingError
from audit.sources.s3.connector import S3Form
from costs.feeds import taking
from costs.feeds.domain import manifests
from costs.feeds.forms import BillsForm, ForBills
from costs.feeds.taking import Lying, checked, take_bills

PREFIX_HELP: Final = "Such as exports/cur; all bills below it are taken, an export’s through its manifests"


class BillS3Form(BillsForm, S3Form):
    """Which bucket, what stands before the bills in it, and whose they are."""

    key_prefix = forms.CharField(label="Prefix", max_length=500, required=False, help_text=PREFIX_HELP)


class BillS3Connector(ForBills):
    """Objects below a prefix."""

    kind = "aws-bills-s3"
    title = "Bills in Amazon S3"
    description = (
        "AWS Data Exports (FOCUS, CUR 2.0), Cost and Usage Reports, and other bills below a prefix of a bucket"
    )
    form: type[forms.Form] = BillS3Form
    secret: tuple[str, ...] = SECRETS

    def test(self, settings: Settings) -> list[Check]:
        """Whether objects can be listed and read, and what the manifests name."""
        aws, bucket, prefix = _place(settings)
        try:
            files = _listed(aws, bucket, prefix)
            checks = checked(files, f"s3://{bucket}/{prefix}", locate=_locate(bucket, prefix))
            if files:
                aws.ask("s3", "HeadObject", Bucket=bucket, Key=f"{prefix}{files[0].path}")
                checks.append(Check(True, "s3:GetObject is allowed."))
        except (InvalidInput, Missing, Unavailable) as error:
            return [Check(False, getattr(error, "sentence", str(error)))]
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Hands in each bill that is new or changed.

        Raises:
            InvalidInput: the bucket is not there, or cannot be listed.
            Unavailable: S3 does not answer; the next pull goes on where this one ended.
        """
        aws, bucket, prefix = _place(settings)
        try:
            files = _listed(aws, bucket, prefix)
        except Missing as error:
            raise InvalidInput(str(error), where="bucket") from None
        return take_bills(context, files, cursor, settings, locate=_locate(bucket, prefix))


def _place(settings: Settings) -> tuple[Aws, str, str]:
    prefix = str(settings.get("key_prefix") or "").strip("/")
    return Aws(settings), str(settings.get("bucket") or ""), f"{prefix}/" if prefix else ""


def _locate(bucket: str, prefix: str) -> partial[str]:
    return partial(manifests.in_bucket, bucket=bucket, prefix=prefix)


def _listed(aws: Aws, bucket: str, prefix: str) -> list[Lying]:
    """The objects that are files: no folders' own, nothing that is set aside.

    Raises:
        InvalidInput: they are too many to tell which of them belong together.
    """
    found = list[Lying]()
    for row in aws.objects(bucket, prefix):
        path, tag = str(row["Key"])[len(prefix) :], str(row.get("ETag") or "")
        if not path or path.endswith("/") or domain.is_aside(path):
            continue
        if len(found) == taking.MOST:
            raise InvalidInput(
                f"More than {taking.MOST:,} objects lie below s3://{bucket}/{prefix}.",
                where="key_prefix",
                mend="Name a longer prefix.",
            )
        mark = [tag, int(row.get("Size") or 0)]
        found.append(Lying(path, mark, row["LastModified"], partial(_chunks, aws, bucket, str(row["Key"]), tag)))
    return found


def _chunks(aws: Aws, bucket: str, key: str, tag: str) -> Iterator[bytes]:
    """The object's content.

    Raises:
        MovingError: it went, or was written anew.
        Unavailable: S3 does not answer, or not as whom we ask: no other object will come either.
    """
    try:
        yield from aws.chunks(bucket, key, etag=tag)
    except Missing:
        raise MovingError from None
    except NotSignedIn as error:
        raise Unavailable(error.sentence) from None
