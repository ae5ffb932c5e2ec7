"""The same content gives the same bytes, on every machine and in every time zone: ZIP and gzip without a clock.

The ZIP stores its members uncompressed, in order of name, dated 1980-01-01; ``verify.py`` holds each byte between
them to that form. What compresses well is compressed before, by the zlib that pyarrow brings: its version is pinned
with our requirements, while interpreters are built with zlibs of many versions and kinds (zlib, zlib-ng, Cloudflare's)
which compress the same text to different bytes.
"""

import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from audit.exports.verifier import verify

PIECE = 1 << 20
LEVEL = 6
"""Twice as fast as level 9, which pyarrow's own gzip stream takes, for one byte in a hundred more."""


class Gzip:
    """A gzip file, written as members of one MiB of content each (RFC 1952, section 2.2); nothing in it tells time.

    Memory is a few MiB, however much is written. How the content was cut into calls of ``write`` does not matter.
    When the block raises, the file goes away: its first members would pass for a whole file.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._codec = pa.Codec("gzip", compression_level=LEVEL)
        self._path, self._file = path, path.open("wb")
        self._waiting = bytearray()
        self._members = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None and (self._waiting or not self._members):
                self._member(bytes(self._waiting))
        finally:
            self._file.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Append content."""
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._member(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def _member(self, content: bytes) -> None:
        self._file.write(self._codec.compress(content, asbytes=True))
        self._members += 1


def gzip_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines, each with its newline, into a gzip file; returns how many."""
    count = 0
    with Gzip(path) as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


class _Hashed:
    """A file that is hashed while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.hash, self.length = file, sha256(), 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.hash.update(data)
        self.length += len(data)


def write_zip(target: Path, members: Mapping[str, Path]) -> str:
    """Write the files into a ZIP under their names ("documents/card.pdf"); returns the SHA-256 of the ZIP in hex.

    Memory does not grow with the files. ZIP64 is used where a size or place needs it, and only there.

    Raises:
        ValueError: a name could lead out of the folder that the ZIP is unpacked into.
    """
    table, names = bytearray(), sorted(members)
    with target.open("wb") as file:
        out = _Hashed(file)
        for name in names:
            if verify.unsafe(name):
                raise ValueError(f"No member can be called {name!r}.")
            crc, size = _sum(members[name])
            table += verify.zip_central(name.encode(), crc, size, out.length)
            out.write(verify.zip_local(name.encode(), crc, size))
            _copy(members[name], out)
        out.write(bytes(table) + verify.zip_end(len(names), len(table), out.length))
    return out.hash.hexdigest()


def _sum(path: Path) -> tuple[int, int]:
    """CRC-32 and size of a file."""
    crc = size = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
    return crc, size


def _copy(path: Path, out: _Hashed) -> None:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            out.write(piece)
