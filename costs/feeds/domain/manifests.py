"""Which files are one bill: a manifest's are, and only through it; a file that belongs to none is a bill by itself.

Data Exports (FOCUS, CUR 2.0): ``<export>/metadata/BILLING_PERIOD=2026-11/[<run>/]<name>-Manifest.json`` names
``dataFiles`` (https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html). Legacy reports:
``<report>/20261101-20261201/[<assembly>/]<name>-Manifest.json`` names ``reportKeys``
(https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html).
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

MANIFEST: Final = "Manifest.json"
PERIOD: Final = re.compile(r"(?:^|(?<=/))(?:BILLING_PERIOD=\d{4}-\d{2}|\d{8}-\d{8})(?=/)")
ENDINGS: Final = (".csv", ".csv.gz", ".parquet")
LISTS: Final = ("dataFiles", "reportKeys")
MOST_FILES: Final = 10_000


class Unusable(ValueError):
    """The manifest cannot be used; ``str()`` says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Laid:
    """What lies at a place, by path: manifests that count, and files that belong to none."""

    manifests: tuple[str, ...]
    loose: tuple[str, ...]


def laid_out(paths: Mapping[str, Any]) -> Laid:
    """``paths`` maps each path to when it was written (any order). Of the manifests of one export and period the newest
    counts, of two as new the one higher up; files below an export are taken through its manifests only.
    """
    newest: dict[tuple[str, str], str] = {}
    covered: set[str] = set()
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        if not name.endswith(MANIFEST):
            continue
        found = PERIOD.search(path)
        head = path[: found.end()] if found else folder
        covered |= _covered(path, found)
        other = newest.get((head, name))
        if other is None or (paths[path], -path.count("/")) > (paths[other], -other.count("/")):
            newest[head, name] = path
    loose = (path for path in paths if path.lower().endswith(ENDINGS) and not _below(path, covered))
    return Laid(tuple(sorted(newest.values())), tuple(sorted(loose)))


def _covered(path: str, found: re.Match[str] | None) -> set[str]:
    """The folders (ending with a slash, or empty for all) whose files only this manifest's export speaks of."""
    if found is None:
        return {path[: len(path) - len(path.rpartition("/")[2])]}
    head = path[: found.start()]
    if found[0].startswith("BILLING_PERIOD=") and (f"/{head}").endswith("/metadata/"):
        root = head[: -len("metadata/")]
        return {f"{root}data/", head}
    return {head}


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(folder) for folder in folders)


def files_of(content: bytes) -> list[str]:
    """The files that a manifest names, as it names them, in its order.

    Raises:
        Unusable: it is no JSON, no manifest of a bill, names no file, or one twice.
    """
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise Unusable("it is no JSON; perhaps it is still being written.") from None
    if not isinstance(told, Mapping):
        raise Unusable("it is no JSON object.")
    named = next((told[name] for name in LISTS if told.get(name) is not None), None)
    if named is None:
        raise Unusable("it names neither dataFiles nor reportKeys, so it is no manifest of a bill.")
    if not isinstance(named, list) or not all(isinstance(one, str) and one for one in named):
        raise Unusable("its list of files holds something that is no name.")
    if not named:
        raise Unusable("it names no file.")
    if len(named) > MOST_FILES:
        raise Unusable(f"it names {len(named):,} files, more than {MOST_FILES:,}.")
    twice = _twice(named)
    if twice:
        raise Unusable(f"it names {twice} twice, so that its charges would count twice.")
    return list(named)


def _twice(named: Iterable[str]) -> str:
    seen = set[str]()
    for one in named:
        if one in seen:
            return one
        seen.add(one)
    return ""


def in_bucket(named: str, *, bucket: str, prefix: str) -> str:
    """The path below ``prefix`` (empty, or ending with a slash) of a file that a manifest in ``bucket`` names.

    Raises:
        Unusable: it lies in another bucket, or outside the prefix.
    """
    key = named
    if named.startswith("s3://"):
        where, _, key = named.removeprefix("s3://").partition("/")
        if where != bucket:
            raise Unusable(f"it names {named}, which lies in another bucket than {bucket}.")
    if not key.startswith(prefix):
        raise Unusable(f"it names {named}, which lies outside the prefix {prefix}.")
    return key[len(prefix) :]


def in_folder(named: str, *, paths: Collection[str]) -> str:
    """The path of a file that a manifest names, in a copy of a bucket's folder: the longest end of it that is there.

    Without any, the whole of it.
    """
    key = named.removeprefix("s3://").partition("/")[2] if named.startswith("s3://") else named
    parts = key.split("/")
    ends = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((end for end in ends if end in paths), key)


def located(paths: Iterable[str], *, there: Collection[str]) -> tuple[str, ...]:
    """The paths, when each is there and none stands there twice.

    Raises:
        Unusable: a file is missing, is a ZIP archive, or two names mean the same one.
    """
    found = tuple(paths)
    for path in found:
        if path.lower().endswith(".zip"):
            raise Unusable(f"it names {path}, a ZIP archive. Let AWS write GZIP or Parquet.")
        if path not in there:
            raise Unusable(f"it names {path}, which is not there.")
    twice = _twice(found)
    if twice:
        raise Unusable(f"it names {twice} twice, so that its charges would count twice.")
    return found
