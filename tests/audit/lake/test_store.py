"""The same content is one object, in a folder and in S3; what is half written is never seen."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from audit.base.errors import NotFound
from audit.lake import store
from tests.support.servers import S3


@pytest.fixture(params=["folder", "bucket"])
def lake(request: pytest.FixtureRequest, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TOLLGATE_HOME = tmp_path
    if request.param == "folder":
        settings.LAKE_URL, settings.LAKE_ENDPOINT_URL = str(tmp_path / "lake"), None
    else:
        s3: S3 = request.getfixturevalue("s3")
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        settings.LAKE_URL, settings.LAKE_ENDPOINT_URL = f"s3://{s3.bucket}/{tmp_path.name}", s3.endpoint
    store._store.cache_clear()


def test_put_same_content_twice_is_one_object(lake: None) -> None:
    first, second = store.put_bytes("raw", b"flights"), store.put_bytes("raw", b"flights")
    assert first == second == store.Stored(f"raw/{first.digest}", hashlib.sha256(b"flights").hexdigest(), 7)
    assert store.read_bytes(first.path) == b"flights"


def test_put_that_fails_midway_leaves_nothing(lake: None, tmp_path: Path) -> None:
    def chunks():
        yield b"half"
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="line went dead"):
        store.put_chunks("raw", chunks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_read_what_was_never_stored_is_not_found(lake: None) -> None:
    with pytest.raises(NotFound, match="The lake has no raw/nothing"):
        store.local("raw/nothing")


def test_remove_twice_leaves_other_content_alone(lake: None) -> None:
    gone, kept = store.put_bytes("raw", b"old"), store.put_bytes("raw", b"new")
    store.remove(gone.path)
    store.remove(gone.path)
    store._store.cache_clear()
    with pytest.raises(NotFound, match="The lake has no raw/"):
        store.local(gone.path)
    assert store.read_bytes(kept.path) == b"new"


def test_put_same_table_twice_gives_the_same_digest(lake: None) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    assert store.put_table("tables", table) == store.put_table("tables", table)


def test_read_from_s3_without_the_local_copy_downloads_it(settings, tmp_path: Path, s3: S3, monkeypatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    settings.LAKE_URL, settings.LAKE_ENDPOINT_URL = f"s3://{s3.bucket}/again", s3.endpoint
    settings.TOLLGATE_HOME = tmp_path / "one"
    store._store.cache_clear()
    stored = store.put_bytes("raw", b"label")
    settings.TOLLGATE_HOME = tmp_path / "two"
    store._store.cache_clear()
    assert store.read_bytes(stored.path) == b"label"
    store._store.cache_clear()
