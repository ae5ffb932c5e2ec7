"""The same content gives the same bytes; what is written can be read by everyone else's tools."""

import gzip
import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.exports.domain.zipping import PIECE, Gzip, gzip_lines, write_zip
from audit.exports.verifier import verify

LINES = [
    f"{number},{number * 7919 % 100_003},{sha256(bytes([number % 251])).hexdigest()}\n".encode()
    for number in range(60_000)
]


def _members(folder: Path, contents: dict[str, bytes]) -> dict[str, Path]:
    members = {}
    for at, (name, content) in enumerate(contents.items()):
        members[name] = folder / f"member{at}"
        members[name].write_bytes(content)
    return members


def test_gzip_is_the_same_bytes_each_time_however_it_was_written(tmp_path: Path) -> None:
    assert sum(map(len, LINES)) > 4 * PIECE
    gzip_lines(tmp_path / "lines.gz", LINES)
    with Gzip(tmp_path / "once.gz") as file:
        file.write(b"".join(LINES))
    with Gzip(tmp_path / "odd.gz") as file:
        whole = b"".join(LINES)
        for at in range(0, len(whole), 77_777):
            file.write(whole[at : at + 77_777])
    written = [(tmp_path / name).read_bytes() for name in ("lines.gz", "once.gz", "odd.gz")]
    assert written[0] == written[1] == written[2]


def test_gzip_is_the_same_bytes_in_another_process_and_time_zone(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from audit.exports.domain.zipping import gzip_lines\n"
        "gzip_lines(Path(sys.argv[1]), (b'%d\\n' % n for n in range(300_000)))"
    )
    for zone in ("UTC", "Asia/Tokyo"):
        target = tmp_path / zone.replace("/", "-")
        subprocess.run([sys.executable, "-c", program, str(target)], check=True, env={**os.environ, "TZ": zone})
    assert (tmp_path / "UTC").read_bytes() == (tmp_path / "Asia-Tokyo").read_bytes()
    assert sha256(gzip.decompress((tmp_path / "UTC").read_bytes())).digest() == (
        sha256(b"".join(b"%d\n" % n for n in range(300_000))).digest()
    )


def test_gzip_header_has_no_time_and_no_name(tmp_path: Path) -> None:
    """RFC 1952, section 2.3: bytes 4 to 8 are the time, byte 3 the flags of optional fields."""
    gzip_lines(tmp_path / "a.gz", [b"hello\n"])
    head = (tmp_path / "a.gz").read_bytes()[:10]
    assert head[:4] == b"\x1f\x8b\x08\x00"
    assert head[4:8] == bytes(4)


def test_gzip_of_many_members_is_read_whole_by_other_tools(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "table.csv.gz"
    assert gzip_lines(path, LINES) == len(LINES)
    assert gzip.decompress(path.read_bytes()) == b"".join(LINES)
    assert len(pd.read_csv(path, header=None)) == len(LINES)
    rows = duckdb.execute(f"SELECT count(*), sum(column0) FROM read_csv('{path}', header=false)").fetchall()
    assert rows == [(len(LINES), sum(range(len(LINES))))]
    assert subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout == b"".join(LINES)


def test_empty_gzip_is_a_whole_one(tmp_path: Path) -> None:
    assert gzip_lines(tmp_path / "empty.gz", []) == 0
    assert gzip.decompress((tmp_path / "empty.gz").read_bytes()) == b""


def test_gzip_that_failed_leaves_no_file_that_passes_for_whole(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="disk"), Gzip(tmp_path / "a.gz") as file:
        file.write(b"half" * PIECE)
        raise RuntimeError("disk")
    assert not (tmp_path / "a.gz").exists()


def test_memory_does_not_grow_with_what_is_written(tmp_path: Path) -> None:
    block = os.urandom(1 << 16)
    peaks = []
    for count in (64, 640):
        tracemalloc.start()
        with Gzip(tmp_path / "a.gz") as file:
            for _ in range(count):
                file.write(block)
        write_zip(tmp_path / "a.zip", {"a.gz": tmp_path / "a.gz"})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='\\:/"'), min_size=1, max_size=12).filter(
    lambda name: not verify.unsafe(name)
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_zip_holds_what_it_was_given(tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]) -> None:
    folder = tmp_path_factory.mktemp("zip")
    digest = write_zip(folder / "a.zip", _members(folder, contents))
    data = (folder / "a.zip").read_bytes()
    assert digest == sha256(data).hexdigest()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert {name: file.read(name) for name in file.namelist()} == contents
        assert file.namelist() == sorted(contents)
        for info in file.infolist():
            assert (info.date_time, info.compress_type) == ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
            assert info.external_attr >> 16 == 0o100644


def test_zip_is_the_same_bytes_whatever_order_and_age_its_files_have(tmp_path: Path) -> None:
    first = _members(tmp_path, {"b.txt": b"b", "a.txt": b"a", "documents/ä.pdf": b"c"})
    write_zip(tmp_path / "one.zip", first)
    for path in first.values():
        os.utime(path, (10_000, 10_000))
        path.chmod(0o600)
    write_zip(tmp_path / "two.zip", dict(sorted(first.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_zip_is_unpacked_by_unzip_with_readable_files(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", _members(tmp_path, {"documents/card.md": b"# card\n"}))
    subprocess.run([sys.executable, "-m", "zipfile", "-e", tmp_path / "a.zip", tmp_path / "out"], check=True)
    assert (tmp_path / "out" / "documents" / "card.md").read_bytes() == b"# card\n"


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a\\b", "C:a", "", "a//b", "./a", "a\nb"])
def test_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    members = _members(tmp_path, {name: b"x"})
    with pytest.raises(ValueError, match="No member can be called"):
        write_zip(tmp_path / "a.zip", members)


def test_zip64_is_used_only_where_a_size_or_place_needs_it(tmp_path: Path) -> None:
    """A file of five gigabytes with a hole in it, built of the same headers, is read by Python's library."""
    small = write_zip(tmp_path / "small.zip", _members(tmp_path, {"a": b"x"}))
    assert b"PK\x06\x06" not in (tmp_path / "small.zip").read_bytes()
    assert len(small) == 64
    large = 5 * 2**30
    heads = verify.zip_local(b"large", 0, large), verify.zip_local(b"small", 0x8CDC1683, 1)
    assert len(heads[0]) == 30 + 5 + 20
    offset = len(heads[0]) + large
    table = verify.zip_central(b"large", 0, large, 0) + verify.zip_central(b"small", 0x8CDC1683, 1, offset)
    path = tmp_path / "sparse.zip"
    with path.open("wb") as file:
        file.write(heads[0])
        file.seek(offset)
        file.write(heads[1] + b"x" + table + verify.zip_end(2, len(table), offset + len(heads[1]) + 1))
    with zipfile.ZipFile(path) as opened:
        assert [info.file_size for info in opened.infolist()] == [large, 1]
        assert opened.read("small") == b"x"
    verify.Zip(path).check_layout()


def test_table_of_more_than_65535_members_is_read(tmp_path: Path) -> None:
    source = tmp_path / "one"
    source.write_bytes(b"x")
    write_zip(tmp_path / "many.zip", {f"{number:06}": source for number in range(65_600)})
    with zipfile.ZipFile(tmp_path / "many.zip") as file:
        assert len(file.namelist()) == 65_600
        assert file.read("065599") == b"x"
