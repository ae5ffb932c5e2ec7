"""Content-addressed files in a folder or an S3 bucket: the same content is one object, never changed once written."""

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from audit.base.errors import NotFound

if TYPE_CHECKING:
    import pyarrow

CHUNK = 1024 * 1024
LEVEL: Final = 6
"""Of gzip: level 9 takes twice the time for one byte in a hundred."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where content lies (``path``, relative to the lake), its SHA-256 in hex, and its size in bytes."""

    path: str
    digest: str
    size: int


class Store(Protocol):
    """What a lake needs of a place. Files that are being written lie in ``drafts``."""

    drafts: Path

    def keep(self, path: str, source: Path) -> None:
        """Takes the file ``source`` over as ``path``, unless it is there."""

    def local(self, path: str) -> Path:
        """A local file with the content of ``path``."""

    def size(self, path: str) -> int | None:
        """The size of ``path`` in bytes, None when it is not there."""

    def remove(self, path: str) -> None:
        """Removes ``path``; nothing, when it is not there."""


@contextmanager
def _draft(store: Store) -> Iterator[Path]:
    """An empty file on the store's own disk, so that it can be moved into place; removed when it was not."""
    store.drafts.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=store.drafts)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


class Folder:
    """A lake in a folder. A file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.drafts = root / ".drafts"

    def keep(self, path: str, source: Path) -> None:
        """Moves ``source`` to its place."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)

    def local(self, path: str) -> Path:
        """The file itself.

        Raises:
            NotFound: it is not in the lake.
        """
        target = self.root / path
        if not target.is_file():
            raise NotFound(f"The lake has no {path}.")
        return target

    def size(self, path: str) -> int | None:
        """The file's."""
        target = self.root / path
        return target.stat().st_size if target.is_file() else None

    def remove(self, path: str) -> None:
        """Deletes the file."""
        (self.root / path).unlink(missing_ok=True)


class Bucket:
    """A lake in S3. What is read is kept in a local folder: content never changes, so a copy stays right."""

    def __init__(self, bucket: str, prefix: str, cached: Path, endpoint: str | None) -> None:
        import boto3

        self.client = boto3.client("s3", endpoint_url=endpoint)
        self.bucket, self.prefix, self.cached = bucket, prefix, Folder(cached)
        self.drafts = self.cached.drafts

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}".lstrip("/")

    def keep(self, path: str, source: Path) -> None:
        """Uploads ``source`` and keeps it as the local copy."""
        self.client.upload_file(str(source), self.bucket, self._key(path))
        self.cached.keep(path, source)

    def local(self, path: str) -> Path:
        """The local copy, downloaded when it is not there.

        Raises:
            NotFound: it is not in the lake.
        """
        target = self.cached.root / path
        if target.is_file():
            return target
        from botocore.exceptions import ClientError

        with _draft(self) as draft:
            try:
                self.client.download_file(self.bucket, self._key(path), str(draft))
            except ClientError as error:
                raise NotFound(f"The lake has no {path}.") from error
            self.cached.keep(path, draft)
        return target

    def size(self, path: str) -> int | None:
        """The object's, whatever this machine has a copy of."""
        from botocore.exceptions import ClientError

        try:
            return int(self.client.head_object(Bucket=self.bucket, Key=self._key(path))["ContentLength"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise

    def remove(self, path: str) -> None:
        """Deletes the object, then this machine's copy; other machines' copies are theirs to remove."""
        self.client.delete_object(Bucket=self.bucket, Key=self._key(path))
        self.cached.remove(path)


@cache
def _store(url: str, endpoint: str | None) -> Store:
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return Bucket(parts.netloc, parts.path.strip("/"), settings.TOLLGATE_HOME / "lake-copy", endpoint)
    return Folder(Path(url))


def store() -> Store:
    """The lake that the settings name."""
    return _store(str(settings.LAKE_URL), settings.LAKE_ENDPOINT_URL)


def put_chunks(prefix: str, chunks: Iterable[bytes], *, suffix: str = "") -> Stored:
    """Stores what ``chunks`` hold, one after the other, under ``prefix``; memory holds one chunk at a time."""
    hasher, size, lake = hashlib.sha256(), 0, store()
    with _draft(lake) as draft:
        with draft.open("wb") as file:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
        digest = hasher.hexdigest()
        path = f"{prefix}/{digest}{suffix}"
        lake.keep(path, draft)
    return Stored(path, digest, size)


def put_bytes(prefix: str, content: bytes, *, suffix: str = "") -> Stored:
    """Stores ``content`` under ``prefix``."""
    return put_chunks(prefix, [content], suffix=suffix)


def put_json(prefix: str, told: Any) -> Stored:
    """Stores a JSON document, gzipped without a clock: the same content in the same order of keys is one file.

    Raises:
        ValueError: a number in it is not finite.
    """
    content = json.dumps(told, separators=(",", ":"), allow_nan=False)
    return put_bytes(prefix, gzip.compress(content.encode(), compresslevel=LEVEL, mtime=0), suffix=".json.gz")


def put_file(prefix: str, source: Path, *, suffix: str = "") -> Stored:
    """Stores a copy of the file ``source`` under ``prefix``."""
    with source.open("rb") as file:
        return put_chunks(prefix, iter(lambda: file.read(CHUNK), b""), suffix=suffix)


def put_table(prefix: str, table: "pyarrow.Table") -> Stored:
    """Stores ``table`` as Parquet (zstd) under ``prefix``: the same rows in the same order are one file.

    Its chunks do not count. What DuckDB itself writes also depends on how it came to the rows.
    """
    import pyarrow.parquet as pq

    with _draft(store()) as draft:
        pq.write_table(table.combine_chunks(), draft, compression="zstd")
        return put_file(prefix, draft, suffix=".parquet")


def local(path: str) -> Path:
    """A local file with the content that was stored at ``path``.

    Raises:
        NotFound: it is not in the lake.
    """
    return store().local(path)


def read_bytes(path: str) -> bytes:
    """The content that was stored at ``path``.

    Raises:
        NotFound: it is not in the lake.
    """
    return local(path).read_bytes()


def read_json(path: str) -> Any:
    """What a document that ``put_json`` stored holds.

    Raises:
        NotFound: it is not in the lake.
    """
    return json.loads(gzip.decompress(read_bytes(path)))


def size(path: str) -> int | None:
    """The size in bytes of what is stored at ``path``, None when nothing is."""
    return store().size(path)


def remove(path: str) -> None:
    """Removes what was stored at ``path``, for good; nothing, when it is not there.

    Only for who knows that no record needs the content any more: the lake keeps the same content once for all.
    """
    store().remove(path)
