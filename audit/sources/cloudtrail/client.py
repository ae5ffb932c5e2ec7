"""What is asked of CloudTrail and of the bucket that its trail writes to."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.aws import LARGEST, Aws
from audit.sources.contract import Settings

LOOKUP_PAUSE: Final = 0.5
"""CloudTrail takes two look-ups a second, of an account and region."""
LOOKUP_SOURCE: Final = "sagemaker.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of log files or of digests of one account and region; ``stem`` ends with a slash."""

    account: str
    region: str
    stem: str


@dataclass(frozen=True, slots=True)
class Packed:
    """An object's unpacked content, with its SHA-256, and the object's own metadata."""

    content: bytes
    sha256: str
    metadata: dict[str, str]

    def parsed(self) -> Any:
        """The JSON in it, None where it holds none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class CloudTrail:
    """One bucket, and CloudTrail in one region. ``pause`` waits; tests give their own."""

    def __init__(self, settings: Settings, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.aws, self.pause = Aws(settings, pause=pause), pause
        self.bucket = str(settings.get("bucket") or "")
        prefix = str(settings.get("key_prefix") or "").strip("/")
        self.root = f"{prefix}/AWSLogs/" if prefix else "AWSLogs/"
        self.organisation = str(settings.get("organisation") or "").strip("/")
        self.accounts = [one.strip() for one in str(settings.get("accounts") or "").split(",") if one.strip()]
        self._looked_up = False

    def places(self, folder: str) -> list[Place]:
        """Where ``folder`` (CloudTrail, CloudTrail-Digest) is in the bucket: one place for each account and region."""
        root = f"{self.root}{self.organisation}/" if self.organisation else self.root
        accounts = self.accounts or [name for name in self.aws.folders(self.bucket, root) if name.isdigit()]
        return [
            Place(account, region, f"{root}{account}/{folder}/{region}/")
            for account in accounts
            for region in self.aws.folders(self.bucket, f"{root}{account}/{folder}/")
        ]

    def keys(self, place: Place, *, after: str) -> Iterator[str]:
        """The keys of a place behind ``after``, in their order: that of days, and within a day that of time."""
        return self.aws.keys(self.bucket, place.stem, after=after)

    def unpacked(self, key: str, *, bucket: str = "") -> Packed:
        """A packed object's content.

        Raises:
            InvalidInput: it is not packed with gzip, or holds more than 256 MB; and all that ``Aws.ask`` raises.
        """
        packed, metadata = self.aws.content(bucket or self.bucket, key)
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content = unpacker.decompress(packed, LARGEST)
        except zlib.error:
            raise InvalidInput("it is not packed with gzip") from None
        if unpacker.unconsumed_tail:
            raise InvalidInput(f"it holds more than {LARGEST // 1024 // 1024} MB")
        if not unpacker.eof:
            raise InvalidInput("it ends in the middle")
        return Packed(content, hashlib.sha256(content).hexdigest(), metadata)

    def mark(self, key: str, *, bucket: str = "") -> str:
        """The object's ETag: the same as long as its content is.

        Raises:
            Missing: it is not there.
        """
        return str(self.aws.ask("s3", "HeadObject", Bucket=bucket or self.bucket, Key=key).get("ETag") or "")

    def public_keys(self, since: datetime, until: datetime) -> dict[str, bytes]:
        """The public keys (DER, PKCS #1) that signed digests between two times, by fingerprint."""
        found = self.aws.listed("cloudtrail", "ListPublicKeys", "PublicKeyList", StartTime=since, EndTime=until)
        return {str(row.get("Fingerprint")): bytes(row.get("Value") or b"") for row in found}

    def events(self, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Events of SageMaker between two times, the newest first, each with its record as text."""
        of = [{"AttributeKey": "EventSource", "AttributeValue": LOOKUP_SOURCE}]
        wanted = {"LookupAttributes": of, "StartTime": since, "EndTime": until, "MaxResults": 50}
        return self.aws.listed("cloudtrail", "LookupEvents", "Events", before=self._wait, **wanted)

    def _wait(self) -> None:
        """Before each look-up but the first."""
        if self._looked_up:
            self.pause(LOOKUP_PAUSE)
        self._looked_up = True
