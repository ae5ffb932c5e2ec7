"""How connectors ask Amazon's services: as whom, how patiently, and with every failure said in a sentence."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.contract import Settings, Unavailable
from audit.sources.http import Forbidden, Missing, pages

SECONDS: Final = 30
PAUSES: Final = (2.0, 5.0, 15.0, 30.0)
"""Waits of ours, each after botocore has asked three times by itself."""
ROLE_LASTS: Final = timedelta(minutes=45)
LARGEST: Final = 256 * 1024 * 1024
CHUNK: Final = 1024 * 1024
SIGN_IN: Final = frozenset({
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
GONE: Final = frozenset({"404", "NoSuchKey", "ResourceNotFound", "ResourceNotFoundException"})
LIMITS: Final = frozenset({
    "LimitExceededException", "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException",
    "TooManyRequestsException",
})  # fmt: skip
NOT_THERE: Final = re.compile(r"not (be )?f(ou|i)nd|does ?n.t exist|does not exist", re.IGNORECASE)
RIGHTS: Final = {"s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject"}
PLACE: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")


class NotSignedIn(Forbidden):
    """The keys, or the machine's own sign-in, do not hold: no call will work."""


class AwsForm(forms.Form):
    """Which region, and as whom."""

    region = forms.CharField(label="Region", max_length=30, help_text="Such as eu-central-1")
    access_key_id = forms.CharField(
        label="Access key id", max_length=128, required=False, help_text="Empty: as the machine is signed in to AWS"
    )
    secret_access_key = forms.CharField(
        label="Secret access key", max_length=200, required=False, widget=forms.PasswordInput(render_value=False)
    )
    session_token = forms.CharField(
        label="Session token",
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text="Only with temporary keys",
    )
    role_arn = forms.RegexField(
        r"^arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]{1,512}$",
        label="Role to assume",
        required=False,
        help_text="Such as arn:aws:iam::123456789012:role/tollgate; empty for none",
    )
    endpoint_url = forms.URLField(
        label="Endpoint", required=False, assume_scheme="https", help_text="Empty, unless it is not Amazon’s own"
    )

    def clean_region(self) -> str:
        """The region, when it looks like one."""
        region = str(self.cleaned_data["region"]).strip().lower()
        if not PLACE.fullmatch(region):
            raise forms.ValidationError("A region is written like eu-central-1.")
        return region

    def clean_endpoint_url(self) -> str:
        """The address, when it holds no password."""
        address = str(self.cleaned_data["endpoint_url"] or "")
        parts = urlsplit(address)
        if parts.username or parts.password:
            raise forms.ValidationError("Put no user or password into the address: it is shown.")
        return address


SECRETS: Final = ("secret_access_key", "session_token")


class Aws:
    """Amazon's services, as the settings of a source say. ``pause`` waits; tests give their own.

    ``once``: a call is one request and never repeated, for services that charge for each.
    """

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep, once: bool = False) -> None:
        self.settings, self.pause, self.once = settings, pause, once
        self.region = str(settings.get("region") or "")
        self._clients: dict[str, Any] = {}
        self._assumed: datetime | None = None
        self._keys: dict[str, str] = {}

    def ask(self, service: str, action: str, /, **wanted: Any) -> dict[str, Any]:
        """The answer to one call, such as ``ask("sagemaker", "DescribeEndpoint", EndpointName=…)``.

        Asks again, later each time, when the service asks to be left alone.

        Raises:
            NotSignedIn: the sign-in does not hold.
            Forbidden: the right is missing; the sentence names it.
            Missing: what was asked for is not there.
            InvalidInput: the service refuses what was asked.
            Unavailable: no answer, an answer that cannot be read, or a limit that lasts.
        """
        for planned in (None,) if self.once else (*PAUSES, None):
            try:
                return self._once(service, action, wanted)
            except _Limited as error:
                if planned is None:
                    raise Unavailable(error.sentence) from None
                self.pause(planned)
        raise AssertionError("the last pause is none")

    def listed(
        self, service: str, action: str, field: str, /, *, before: Callable[[], None] | None = None, **wanted: Any
    ) -> Iterator[dict[str, Any]]:
        """The rows of all pages of a list that goes on with ``NextToken``; ``before`` is called before each page.

        Raises:
            Unavailable: an answer without the list, or a page that comes again; and all that ``ask`` raises.
        """

        def fetch(token: str) -> tuple[list[Any], str]:
            if before is not None:
                before()
            more = {"NextToken": token} if token else {}
            answer = self.ask(service, action, **wanted, **more)
            return _rows(answer, field, f"{service}:{action}"), str(answer.get("NextToken") or "")

        for rows, _ in pages(fetch, of=f"{service}:{action}"):
            yield from rows

    def keys(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[str]:
        """The keys of a bucket that begin with ``prefix``, in their order, those behind ``after`` only."""
        return (str(row["Key"]) for row in self.objects(bucket, prefix, after=after))

    def objects(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[dict[str, Any]]:
        """The same as S3 lists them: Key, ETag, Size and LastModified."""

        def fetch(token: str) -> tuple[list[Any], str]:
            more = {"ContinuationToken": token} if token else ({"StartAfter": after} if after else {})
            answer = self.ask("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, **more)
            rows = _rows(answer, "Contents", "s3:ListObjectsV2") if "Contents" in answer else []
            return rows, str(answer.get("NextContinuationToken") or "")

        for rows, _ in pages(fetch, of=f"The bucket {bucket}"):
            yield from (row for row in rows if row.get("Key"))

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """The names of the folders directly below ``prefix`` (which is empty, or ends with a slash)."""

        def fetch(token: str) -> tuple[list[Any], str]:
            more = {"ContinuationToken": token} if token else {}
            answer = self.ask("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, Delimiter="/", **more)
            rows = _rows(answer, "CommonPrefixes", "s3:ListObjectsV2") if "CommonPrefixes" in answer else []
            return rows, str(answer.get("NextContinuationToken") or "")

        found = (row for rows, _ in pages(fetch, of=f"The bucket {bucket}") for row in rows)
        return [str(row.get("Prefix", ""))[len(prefix) :].strip("/") for row in found]

    def content(self, bucket: str, key: str, *, most: int = LARGEST) -> tuple[bytes, dict[str, str]]:
        """An object's content, and its own metadata by lower-case name, with its ETag as ``etag``.

        Raises:
            InvalidInput: it is larger than ``most`` bytes; and all that ``ask`` raises.
        """
        answer = self.ask("s3", "GetObject", Bucket=bucket, Key=key)
        with _asking("s3", "GetObject"):
            content = answer["Body"].read(most + 1)
        if len(content) > most:
            raise InvalidInput(f"s3://{bucket}/{key} holds more than {most // 1024 // 1024} MB.")
        said = {str(name).lower(): str(value) for name, value in answer.get("Metadata", {}).items()}
        return content, said | {"etag": str(answer.get("ETag") or "")}

    def chunks(self, bucket: str, key: str, *, etag: str) -> Iterator[bytes]:
        """An object's content in pieces, however large it is.

        Raises:
            Missing: it is not there, or has another ETag by now; and all that ``ask`` raises.
        """
        answer = self.ask("s3", "GetObject", Bucket=bucket, Key=key)
        if str(answer.get("ETag") or "") != etag:
            answer["Body"].close()
            raise Missing(f"s3://{bucket}/{key} was written anew.")
        with _asking("s3", "GetObject"):
            pieces = answer["Body"].iter_chunks(CHUNK)
        while True:
            with _asking("s3", "GetObject"):
                piece = next(pieces, b"")
            if not piece:
                return
            yield piece

    def _once(self, service: str, action: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        from botocore import xform_name

        with _asking(service, action):
            return dict(getattr(self._client(service), xform_name(action))(**wanted))

    def _client(self, service: str) -> Any:
        """boto3's client; made anew before an assumed role ends."""
        if self._assumed is not None and clock.now() - self._assumed > ROLE_LASTS:
            self._clients, self._keys, self._assumed = {}, {}, None
        if service not in self._clients:
            if self.settings.get("role_arn") and not self._keys:
                self._assume()
            self._clients[service] = self._made(service, self._keys or self._own_keys())
        return self._clients[service]

    def _own_keys(self) -> dict[str, str]:
        if not self.settings.get("access_key_id"):
            return {}
        return {
            "aws_access_key_id": str(self.settings["access_key_id"]),
            "aws_secret_access_key": str(self.settings.get("secret_access_key") or ""),
        } | ({"aws_session_token": str(self.settings["session_token"])} if self.settings.get("session_token") else {})

    def _assume(self) -> None:
        role, sts = str(self.settings["role_arn"]), self._made("sts", self._own_keys())
        with _asking("sts", "AssumeRole"):
            found = sts.assume_role(RoleArn=role, RoleSessionName="tollgate")["Credentials"]
        self._assumed = clock.now()
        self._keys = {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }

    def _made(self, service: str, keys: Mapping[str, str]) -> Any:
        import boto3
        from botocore.config import Config

        session: Any = boto3.session.Session
        retries: Any = {"mode": "standard"} | ({"total_max_attempts": 1} if self.once else {})
        return session(region_name=self.region, **keys).client(
            service,
            endpoint_url=self.settings.get("endpoint_url") or None,
            config=Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries=retries),
        )


class _Limited(Exception):
    """The service asks to be left alone."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@contextmanager
def _asking(service: str, action: str) -> Iterator[None]:
    """Turns what boto3 raises, for what AWS says or for what it cannot read of it, into errors for people."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    unread = (ResponseParserError, AttributeError, KeyError, TypeError, ValueError)
    try:
        yield
    except (BotoCoreError, ClientError, OSError, *unread) as error:
        raise _sentence(error, service, action) from None


def _sentence(error: Exception, service: str, action: str) -> Exception:
    """What to raise for what boto3 raised, without the request that it was raised of."""
    from botocore import exceptions as boto

    call = f"{service}:{action}"
    if isinstance(error, boto.ClientError):
        return _refused(error.response, call)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return NotSignedIn("This machine is not signed in to AWS. Enter an access key, or give the machine a role.")
    if isinstance(error, boto.ParamValidationError | boto.NoRegionError | boto.UnknownServiceError):
        return InvalidInput(f"{call} cannot be asked so: {str(error)[:300]}")
    if isinstance(error, ValueError) and "endpoint" in str(error):
        return InvalidInput("That is no address.", where="endpoint_url", mend="Enter https://…, or nothing.")
    if isinstance(error, boto.BotoCoreError | OSError):
        return Unavailable(f"{call} does not answer, or stopped in the middle ({type(error).__name__}).")
    return Unavailable(f"{call} answered something that cannot be read.")


def _refused(answer: Mapping[str, Any], call: str) -> Exception:
    said, status = answer.get("Error", {}), answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code, words = str(said.get("Code", "")), str(said.get("Message", ""))[:300].strip()
    told = f"It says: {words if words and not words.startswith('<') else code}"
    if code in SIGN_IN:
        return NotSignedIn(f"AWS does not accept the sign-in ({code}). {told}")
    if code in DENIED or status == 403:
        right = RIGHTS.get(call, call)
        return Forbidden(f"The right {right} is missing. Allow it in an IAM policy of the user or role. {told}")
    if code in GONE or status == 404 or (code.startswith("Validation") and NOT_THERE.search(words)):
        return Missing(f"{call} found nothing. {told}")
    if code in LIMITS or status == 429:
        return _Limited(f"{call} was asked too often for a long time; the next pull goes on.")
    if status >= 500:
        return Unavailable(f"{call} failed with {status}. {told}")
    return InvalidInput(f"{call} refuses what was asked ({code}). {told}")


def _rows(answer: Mapping[str, Any], field: str, call: str) -> list[dict[str, Any]]:
    rows = answer.get(field)
    if not isinstance(rows, list):
        raise Unavailable(f"{call} answered without {field}.")
    return [row for row in rows if isinstance(row, dict)]
