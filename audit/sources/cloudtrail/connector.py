"""Takes in who called what in AWS; says which files CloudTrail does not vouch for."""

from typing import Any

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.aws import SECRETS, AwsForm, NotSignedIn
from audit.sources.cloudtrail.client import LOOKUP_SOURCE, CloudTrail
from audit.sources.cloudtrail.reading import Reading
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.domain.answers import moment
from audit.sources.http import Forbidden, Missing


class CloudTrailForm(AwsForm):
    """Which bucket, whose files in it, from when on, and whether events are looked up."""

    bucket = forms.CharField(
        label="Bucket", max_length=63, required=False, help_text="To which the trail writes; empty: look-ups only"
    )
    key_prefix = forms.CharField(
        label="Prefix", max_length=200, required=False, help_text="What stands before AWSLogs, if anything"
    )
    organisation = forms.RegexField(
        r"^o-[a-z0-9]{10,32}$", label="Organisation", required=False, help_text="Such as o-a1b2c3d4e5, of its trail"
    )
    accounts = forms.RegexField(
        r"^\s*\d{12}(\s*,\s*\d{12})*\s*$", label="Accounts", required=False, help_text="Empty: all that are there"
    )
    since = forms.CharField(label="From", max_length=10, required=False, help_text="Such as 2026-11-01; empty: all")
    look_up = forms.BooleanField(
        label="Look up events", required=False, help_text="Calls of SageMaker in the last 90 days, without a trail"
    )

    def clean_since(self) -> str:
        """The day, when it is one."""
        day = str(self.cleaned_data["since"]).strip()
        if day and (len(day) != len("2026-11-01") or moment(day) is None):
            raise forms.ValidationError("A day is written like 2026-11-01.")
        return day

    def clean(self) -> dict[str, Any]:
        """A bucket, or look-ups, or both."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("bucket") and not cleaned.get("look_up"):
            self.add_error("bucket", "Name a bucket, or have events looked up.")
        return cleaned


class CloudTrailConnector:
    """The files of a trail, or the look-up of events, or both: an event has one id in both."""

    kind = "cloudtrail"
    title = "AWS CloudTrail"
    description = "Who called what in AWS, from log files whose digests are verified, or looked up"
    form: type[forms.Form] = CloudTrailForm
    secret: tuple[str, ...] = SECRETS

    def test(self, settings: Settings) -> list[Check]:
        """Whether bucket and CloudTrail answer, which rights are missing, and whether there is anything to read."""
        trail, checks = CloudTrail(settings), []
        try:
            if trail.bucket:
                checks += [*_bucket(trail), _answers(trail, "ListPublicKeys")]
            if settings.get("look_up"):
                checks.append(_answers(trail, "LookupEvents"))
        except (InvalidInput, Missing, Unavailable) as error:
            checks.append(Check(False, getattr(error, "sentence", str(error))))
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Reads the files that are new, verifies the digests that are new, and looks up what is newer.

        Raises:
            InvalidInput: the bucket is not there, or a right is missing.
            Unavailable: AWS does not answer; the next pull goes on where this one ended.
        """
        trail = CloudTrail(settings)
        reading = Reading(trail, context, cursor, at=clock.now(), since=str(settings.get("since") or ""))
        if trail.bucket:
            try:
                reading.logs()
                reading.digests()
            except Missing as error:
                raise InvalidInput(str(error), where="bucket") from None
        if settings.get("look_up"):
            reading.look_up()
        return PullResult(reading.cursor, reading.counts)


def _bucket(trail: CloudTrail) -> list[Check]:
    """Whether files can be listed and read. S3 says that an object is not there only to who may list."""
    logs, digests = trail.places("CloudTrail"), trail.places("CloudTrail-Digest")
    checks = [
        Check(
            bool(logs),
            f"Log files of {len(logs)} places (account and region) are there."
            if logs
            else f"There are no log files below {trail.root} in the bucket {trail.bucket}.",
        ),
        Check(
            bool(digests),
            f"Digests of {len(digests)} places are there."
            if digests
            else "There are no digests: turn on the trail’s validation of log files, or nothing vouches for them.",
        ),
    ]
    key = next(iter(trail.keys(logs[0], after="")), "") if logs else ""
    if key:
        try:
            trail.mark(key)
        except Forbidden as error:
            return [*checks, Check(False, error.sentence)]
        checks.append(Check(True, "s3:GetObject is allowed."))
    return checks


def _answers(trail: CloudTrail, action: str) -> Check:
    """Whether a call of CloudTrail is allowed."""
    of = [{"AttributeKey": "EventSource", "AttributeValue": LOOKUP_SOURCE}]
    wanted: dict[str, Any] = {"LookupAttributes": of, "MaxResults": 1} if action == "LookupEvents" else {}
    try:
        trail.aws.ask("cloudtrail", action, **wanted)
    except NotSignedIn:
        raise
    except (InvalidInput, Unavailable) as error:
        return Check(False, error.sentence)
    return Check(True, f"cloudtrail:{action} is allowed.")
