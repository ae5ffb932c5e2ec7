"""Whether log files are as CloudTrail delivered them: digests, their signatures, and their chain.

CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation": a digest lists the SHA-256
of each log file (of its content, not of the packed file); the signature, in the metadata of the digest's object, is
RSA with SHA-256 (PKCS #1 v1.5) over end time, place, SHA-256 of the digest and the signature of the previous digest.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audit.sources.domain.answers import moment, rows, text

ALGORITHM: Final = "SHA256withRSA"
KEY: Final = re.compile(r"^(?P<chain>.+)_(?P<stamp>\d{8}T\d{6}Z)(?P<backfill>_backfill)?\.json\.gz$")


@dataclass(frozen=True, slots=True)
class Listed:
    """A log file as a digest lists it."""

    bucket: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest file that could be read. ``sha256`` is that of its content; ``previous`` ones are empty at a start."""

    bucket: str
    key: str
    sha256: str
    signature: str
    algorithm: str
    fingerprint: str
    started: datetime | None
    ended: datetime | None
    said_bucket: str
    said_key: str
    said_end: str
    previous_key: str
    previous_sha256: str
    previous_signature: str | None
    logs: tuple[Listed, ...]

    @property
    def signed(self) -> bytes:
        """What is signed."""
        place = f"{self.said_bucket}/{self.said_key}"
        previous = "null" if self.previous_signature is None else self.previous_signature
        return f"{self.said_end}\n{place}\n{self.sha256}\n{previous}".encode()


def chain_of(key: str) -> tuple[str, str]:
    """The chain that a digest's object belongs to (account, region, trail; backfills are one of their own), and its
    stamp of time; two empty texts for an object that is no digest.
    """
    found = KEY.match(key.rpartition("/")[2])
    return (found["chain"] + (found["backfill"] or ""), found["stamp"]) if found else ("", "")


def read(bucket: str, key: str, content: bytes, body: Any, metadata: Mapping[str, str]) -> Digest | None:
    """A digest from its object (content unpacked, and parsed); None when what every digest has is missing."""
    if not isinstance(body, Mapping) or not isinstance(body.get("logFiles"), list):
        return None
    if not all(body.get(name) for name in ("digestEndTime", "digestS3Bucket", "digestS3Object")):
        return None
    previous = body.get("previousDigestSignature")
    return Digest(
        bucket=bucket,
        key=key,
        sha256=hashlib.sha256(content).hexdigest(),
        signature=metadata.get("signature", ""),
        algorithm=metadata.get("signature-algorithm", ""),
        fingerprint=text(body.get("digestPublicKeyFingerprint"), 200),
        started=moment(body.get("digestStartTime")),
        ended=moment(body.get("digestEndTime")),
        said_bucket=text(body["digestS3Bucket"]),
        said_key=text(body["digestS3Object"]),
        said_end=text(body["digestEndTime"], 100),
        previous_key=text(body.get("previousDigestS3Object")),
        previous_sha256=text(body.get("previousDigestHashValue"), 100).lower(),
        previous_signature=None if previous is None else text(previous, 4000),
        logs=tuple(
            Listed(text(row.get("s3Bucket")), text(row.get("s3Object")), text(row.get("hashValue"), 100).lower())
            for row in rows(body["logFiles"])
        ),
    )


def fault(digest: Digest, keys: Mapping[str, bytes]) -> str:
    """What is wrong with a digest by itself, as the end of a sentence about it; empty for nothing.

    ``keys`` are public keys (DER, PKCS #1 or SubjectPublicKeyInfo) by fingerprint.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if (digest.said_bucket, digest.said_key) != (digest.bucket, digest.key):
        return "was moved from where CloudTrail put it"
    if not digest.signature or digest.algorithm != ALGORITHM:
        return "has no signature"
    if digest.fingerprint not in keys:
        return f"is signed with a key that CloudTrail does not know ({digest.fingerprint})"
    try:
        public = load_der_public_key(keys[digest.fingerprint])
        if not isinstance(public, RSAPublicKey):
            return "is signed with a key that is not RSA"
        public.verify(bytes.fromhex(digest.signature), digest.signed, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return "was altered: its signature does not hold"
    return ""
