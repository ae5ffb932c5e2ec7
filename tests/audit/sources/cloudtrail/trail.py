"""A trail in a bucket: log files, and digests that are chained and signed as CloudTrail's are, with a key of ours."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ACCOUNT, REGION, FINGERPRINT = "123456789012", "eu-west-3", "31e8b5433410dfb61a9dc45cc65b22ff"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/late-arrival"


def record(number: int, at: datetime) -> dict[str, Any]:
    """That version ``number`` was approved."""
    return {
        "eventVersion": "1.09", "eventID": f"event-{number}", "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "sagemaker.amazonaws.com", "eventName": "UpdateModelPackage", "awsRegion": REGION,
        "recipientAccountId": ACCOUNT, "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"type": "IAMUser", "userName": "ana", "accountId": ACCOUNT},
        "requestParameters": {"modelPackageArn": f"{ARN}/{number}", "modelApprovalStatus": "Approved"},
    }  # fmt: skip


@dataclass
class Trail:
    """Writes to ``bucket`` with ``client``; ``digest`` closes the hour and lists the files since the last one."""

    client: Any
    bucket: str
    at: datetime = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))
    waiting: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    files: int = 0

    @property
    def public(self) -> bytes:
        """The public key as ListPublicKeys gives it: PKCS #1, DER."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)

    def log(self, numbers: Iterable[int]) -> str:
        """A log file with records; its key."""
        self.files += 1
        when = self.at + timedelta(minutes=5)
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{when:%Y%m%dT%H%MZ}_{self.files:016d}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{when:%Y/%m/%d}/{name}"
        content = json.dumps({"Records": [record(number, self.at) for number in numbers]}).encode()
        self.put(key, content)
        self.waiting.append({
            "s3Bucket": self.bucket, "s3Object": key, "hashValue": hashlib.sha256(content).hexdigest(),
            "hashAlgorithm": "SHA-256", "newestEventTime": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
        })  # fmt: skip
        return key

    def digest(self, *, chained: bool = True) -> str:
        """The digest of the hour; its key."""
        begun, self.at = self.at, self.at + timedelta(hours=1)
        name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_{self.at:%Y%m%dT%H%M%SZ}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{self.at:%Y/%m/%d}/{name}"
        last = self.last if chained else {}
        end = f"{self.at:%Y-%m-%dT%H:%M:%SZ}"
        content = json.dumps({
            "awsAccountId": ACCOUNT, "digestStartTime": f"{begun:%Y-%m-%dT%H:%M:%SZ}", "digestEndTime": end,
            "digestS3Bucket": self.bucket, "digestS3Object": key, "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA", "previousDigestS3Bucket": self.bucket if last else None,
            "previousDigestS3Object": last.get("key"), "previousDigestHashValue": last.get("sha256"),
            "previousDigestHashAlgorithm": "SHA-256", "previousDigestSignature": last.get("signature"),
            "logFiles": self.waiting,
        }).encode()  # fmt: skip
        sha256 = hashlib.sha256(content).hexdigest()
        said = f"{end}\n{self.bucket}/{key}\n{sha256}\n{last.get('signature') or 'null'}".encode()
        signature = self.key.sign(said, PKCS1v15(), SHA256()).hex()
        self.put(key, content, {"signature": signature, "signature-algorithm": "SHA256withRSA"})
        self.last, self.waiting = {"key": key, "sha256": sha256, "signature": signature}, []
        return key

    def put(self, key: str, content: bytes, metadata: dict[str, str] | None = None) -> None:
        """An object, packed."""
        packed = gzip.compress(content, mtime=0)
        self.client.put_object(Bucket=self.bucket, Key=key, Body=packed, Metadata=metadata or {})

    def get(self, key: str) -> tuple[Any, dict[str, str]]:
        """What is in an object, and its metadata."""
        found = self.client.get_object(Bucket=self.bucket, Key=key)
        return json.loads(gzip.decompress(found["Body"].read())), found["Metadata"]

    def alter(self, key: str, change: Any) -> None:
        """Changes what is in an object, and leaves its metadata."""
        found, metadata = self.get(key)
        change(found)
        self.put(key, json.dumps(found).encode(), metadata)

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self.client.delete_object(Bucket=self.bucket, Key=key)
