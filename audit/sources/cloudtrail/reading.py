"""One reading of a trail: log files in the order of their keys, digests in the order of time, and look-ups."""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.sources.cloudtrail import digests, mapping
from audit.sources.cloudtrail.client import CloudTrail, Place
from audit.sources.cloudtrail.digests import Digest, Listed
from audit.sources.contract import Cursor, PullContext
from audit.sources.domain.answers import moment, rows
from audit.sources.domain.told import Happening, Told
from audit.sources.http import Missing

PIECE: Final = 500
LATE: Final = timedelta(hours=3)
"""How late a log file, or a digest, may come: a digest is due every hour."""
LOOKED_BACK: Final = timedelta(days=90)
WINDOW: Final = timedelta(days=1)
LOOKUP_LATE: Final = timedelta(minutes=20)
MOST_NAMED = 200


class Reading:
    """Hands in through ``context``. The cursor holds, for each place and chain, how far it was read.

    ``logs``: stem -> key -> [SHA-256, ETag] of the log files of the last three hours that were read; ``digests``:
    chain -> the last digest; ``looked_up``: until when.
    """

    def __init__(
        self, trail: CloudTrail, context: PullContext, cursor: Mapping[str, Any], *, at: datetime, since: str
    ) -> None:
        self.trail, self.context, self.at = trail, context, at
        self.since = moment(since)
        self.cursor: Cursor = copy.deepcopy(dict(cursor))
        self.ready: list[Happening] = []
        self.counts = {"files": 0, "records": 0, "digests": 0}
        self._keys: dict[str, bytes] = {}
        self._problems: set[str] = set()

    def hand_in(self, *, least: int = 1) -> None:
        """Hands in what there is, when it is as much as ``least``; the cursor comes with the last piece."""
        if len(self.ready) < least:
            return
        pieces = [self.ready[first : first + PIECE] for first in range(0, len(self.ready), PIECE)]
        self.ready = []
        for piece in pieces:
            cursor = copy.deepcopy(self.cursor) if piece is pieces[-1] else None
            self.context.take(Told(happenings=tuple(piece)), cursor=cursor)

    def problem(self, sentence: str) -> None:
        """Tells it once."""
        if sentence not in self._problems:
            self._problems.add(sentence)
            self.context.problem(sentence)

    def logs(self) -> None:
        """Takes in the log files that are new."""
        places = self.trail.places("CloudTrail")
        for done, place in enumerate(places):
            self.context.run.progress(done, len(places), f"log files of {place.account} in {place.region}")
            self._logs(place)
        self.hand_in()

    def _logs(self, place: Place) -> None:
        read: dict[str, list[str]] = self.cursor.setdefault("logs", {}).setdefault(place.stem, {})
        floor = self.cursor.setdefault("floors", {}).get(place.stem, "") or self._first(place)
        for key in self.trail.keys(place, after=floor):
            if key in read or not key.endswith(".json.gz"):
                continue
            read[key] = self._log(key)
            self.counts["files"] += 1
            newest = _stamp(key)
            if newest is not None:
                floor = max(floor, f"{place.stem}{newest - LATE:%Y/%m/%d}/{_head(key)}{newest - LATE:%Y%m%dT%H%MZ}")
                self.cursor["floors"][place.stem] = floor
            self.cursor["logs"][place.stem] = read = {name: mark for name, mark in read.items() if name > floor}
            self.hand_in(least=PIECE)

    def _first(self, place: Place) -> str:
        """The key behind which reading begins, where no file before a day is wanted."""
        return f"{place.stem}{self.since:%Y/%m/%d}" if self.since else ""

    def _log(self, key: str) -> list[str]:
        """Takes in one log file; its SHA-256 and ETag, both empty where it cannot be read."""
        try:
            packed = self.trail.unpacked(key)
        except Missing:
            self.problem(f"The log file {key} was deleted while it was read.")
            return ["", ""]
        except InvalidInput as error:
            self.problem(f"The log file {key} cannot be read: {error.sentence}.")
            return ["", ""]
        found = packed.parsed()
        records = found.get("Records") if isinstance(found, dict) else None
        if not isinstance(records, list):
            self.problem(f"The log file {key} holds no records.")
        else:
            self.records(records, f"the log file {key}")
        return [packed.sha256, packed.metadata["etag"]]

    def records(self, records: Sequence[Any], where: str) -> None:
        """Makes happenings of records; those without a time are a problem."""
        known = rows(list(records))
        found = [mapping.happening_of(record) for record in known]
        self.ready += [one for one in found if one is not None]
        self.counts["records"] += len(records)
        lost = len(records) - sum(one is not None for one in found)
        if lost:
            self.problem(f"{lost} of {len(records)} records in {where} have no time, or are none; they are left out.")

    def digests(self) -> None:
        """Verifies the digests that are new, the log files that they list, and that none is missing between them."""
        places = self.trail.places("CloudTrail-Digest")
        for done, place in enumerate(places):
            self.context.run.progress(done, len(places), f"digests of {place.account} in {place.region}")
            self._digests(place)
        for chain, last in self.cursor.get("digests", {}).items():
            ended = moment(last.get("end"))
            if ended is not None and not chain.endswith("_backfill") and self.at - ended > LATE:
                self.problem(
                    f"No digest of {chain} has come since {ended:%Y-%m-%d %H:%M} UTC: the trail, or its validation of"
                    " log files, was stopped, or digests were deleted."
                )
        self.hand_in()

    def _digests(self, place: Place) -> None:
        chains: dict[str, dict[str, Any]] = self.cursor.setdefault("digests", {})
        stems = self.cursor.setdefault("days", {})
        day = stems.get(place.stem, "")
        new = []
        for key in self.trail.keys(place, after=f"{place.stem}{day}" if day else self._first(place)):
            chain, stamp = digests.chain_of(key)
            if chain and stamp > chains.get(chain, {}).get("stamp", ""):
                new.append((stamp, chain, key))
        for stamp, chain, key in sorted(new):
            self._digest(chain, stamp, key, chains.get(chain))
            stems[place.stem] = max(stems.get(place.stem, ""), _day_before(stamp))
            self.counts["digests"] += 1
            self.hand_in(least=PIECE)

    def _digest(self, chain: str, stamp: str, key: str, last: Mapping[str, Any] | None) -> None:
        """Verifies one digest against the last one of its chain, and the log files against it."""
        digest, wrong = self._read(key)
        at = (digest.ended if digest else None) or _digest_time(stamp) or self.at
        if digest is not None and last is not None:
            self._link(digest, last, at)
        wrong = wrong or (digests.fault(digest, self._public_keys(digest, at)) if digest else "")
        if wrong:
            self._tell("digest", key, at, f"the digest file {key} {wrong}; what it lists cannot be vouched for", {})
        elif digest is not None:
            for listed in digest.logs:
                self._verify(listed, at)
        self.cursor["digests"][chain] = {
            "key": key,
            "stamp": stamp,
            "sha256": digest.sha256 if digest else "",
            "signature": digest.signature if digest else "",
            "end": at.isoformat(),
            "wrong": bool(wrong),
        }

    def _read(self, key: str) -> tuple[Digest | None, str]:
        """A digest, and what is wrong with it where it cannot be read."""
        try:
            packed = self.trail.unpacked(key)
        except Missing:
            return None, "was deleted while it was read"
        except InvalidInput as error:
            return None, f"cannot be read: {error.sentence}"
        found = digests.read(self.trail.bucket, key, packed.content, packed.parsed(), packed.metadata)
        return found, "" if found else "is no digest"

    def _link(self, digest: Digest, last: Mapping[str, Any], at: datetime) -> None:
        """Holds what a digest says of the one before it against that one."""
        before = str(last["key"])
        if not digest.previous_key:
            began = f"{digest.started:%Y-%m-%d %H:%M}" if digest.started else "an unknown time"
            self._tell(
                "gap", digest.key, at,
                f"the digest file {digest.key} begins a new chain: between {before} and {began} UTC CloudTrail vouches"
                " for no log file", {},
            )  # fmt: skip
        elif digest.previous_key != before:
            missing = digest.previous_key
            self._tell(
                "missing", missing, at,
                f"the digest file {missing} is missing: {digest.key} follows it; the log files that it listed cannot"
                " be verified", {},
            )  # fmt: skip
        elif not last["wrong"] and (digest.previous_sha256, digest.previous_signature) != (
            last["sha256"], last["signature"],
        ):  # fmt: skip
            self._tell("digest", before, at, f"the digest file {before} is not the one that {digest.key} follows", {})

    def _verify(self, listed: Listed, at: datetime) -> None:
        """Holds a log file against its digest: as it was read, if it has not changed since, or else as it is now."""
        known = next((marks[listed.key] for marks in self.cursor.get("logs", {}).values() if listed.key in marks), None)
        try:
            if known and known[0] and self.trail.mark(listed.key, bucket=listed.bucket) == known[1]:
                sha256, content = known[0], None
            else:
                content = self.trail.unpacked(listed.key, bucket=listed.bucket)
                sha256 = content.sha256
        except Missing:
            self._tell(
                "missing", listed.key, at,
                f"the log file {listed.key} is missing: CloudTrail delivered it, and it was deleted", {},
            )  # fmt: skip
            return
        except InvalidInput as error:
            self._tell("altered", listed.key, at, f"the log file {listed.key} was altered: {error.sentence}", {})
            return
        if sha256 == listed.digest:
            return
        content = content or self.trail.unpacked(listed.key, bucket=listed.bucket)
        found = content.parsed()
        records = rows(found.get("Records")) if isinstance(found, dict) else []
        facts = {"delivered": listed.digest, "found": sha256, "events": _events(records), "arns": _all_arns(records)}
        self._tell(
            "altered", listed.key, at,
            f"the log file {listed.key} was altered after CloudTrail delivered it; it holds {len(records)} events now",
            facts,
        )  # fmt: skip

    def _tell(self, what: str, key: str, at: datetime, sentence: str, facts: Mapping[str, Any]) -> None:
        """Names a file, as a problem and as something that happened."""
        self.problem(f"{sentence[:1].upper()}{sentence[1:]}.")
        self.ready.append(
            Happening(
                id=f"cloudtrail:{what}:{self.trail.bucket}/{key}",
                at=at,
                kind="cloudtrail integrity",
                sentence=sentence,
                automatic=None,
                outcome="failed",
                alarm=True,
                facts={"file": key, "what": what, **facts},
            )
        )

    def _public_keys(self, digest: Digest, at: datetime) -> Mapping[str, bytes]:
        if digest.fingerprint not in self._keys:
            self._keys |= self.trail.public_keys((digest.started or at) - timedelta(hours=1), at + timedelta(hours=1))
        return self._keys

    def look_up(self) -> None:
        """Takes in SageMaker's events of the last 90 days, day by day: without a trail, and sooner than its files."""
        last = moment(self.cursor.get("looked_up"))
        start = max(last - LOOKUP_LATE if last else self.at - LOOKED_BACK, self.at - LOOKED_BACK)
        start = max(start, self.since) if self.since else start
        days = max(1, -(-(self.at - start) // WINDOW))
        for day in range(days):
            since, until = start + day * WINDOW, min(start + (day + 1) * WINDOW, self.at)
            self.context.run.progress(day, days, f"events of {since:%Y-%m-%d}")
            texts = [row.get("CloudTrailEvent") for row in self.trail.events(since, until)]
            self.records([_record(one) for one in texts], f"the look-up of {since:%Y-%m-%d}")
            self.cursor["looked_up"] = until.isoformat()
            self.hand_in(least=PIECE)
        self.hand_in()


def _record(said: object) -> Any:
    try:
        return json.loads(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _head(key: str) -> str:
    """A log file's name up to its stamp of time: account_CloudTrail_region_."""
    return "_".join(key.rpartition("/")[2].split("_")[:3]) + "_"


def _stamp(key: str) -> datetime | None:
    """When a log file was delivered, from its name: account_CloudTrail_region_20261121T1805Z_unique.json.gz."""
    pieces = key.rpartition("/")[2].split("_")
    try:
        return datetime.strptime(pieces[3], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except (IndexError, ValueError):
        return None


def _digest_time(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _day_before(stamp: str) -> str:
    """The day of a digest, as its folder is called, less one: chains of several trails are not of one time."""
    found = _digest_time(stamp)
    return f"{found - timedelta(days=1):%Y/%m/%d}" if found else ""


def _events(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(one.get("eventID")) for one in records if one.get("eventID")][:MOST_NAMED]


def _all_arns(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(arn for one in records for arn in mapping.arns_of(one)))[:MOST_NAMED]
