"""Files of a place become bills: what a manifest names is one, each new content once, and a bad one stops no other."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.jobs.models import Job, State
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings
from audit.sources.domain.told import Told
from audit.sources.logs.taking import MovingError
from costs.billing.services import IMPORT
from costs.feeds.domain import manifests
from costs.feeds.domain.manifests import Laid, Unusable
from costs.feeds.forms import owner_of
from costs.feeds.services import Part, hand_in

LARGEST_MANIFEST: Final = 8 * 1024 * 1024
MOST: Final = 200_000


@dataclass(frozen=True, slots=True)
class Lying:
    """A file as it lies at a place now.

    ``path`` is that below the place, with slashes. ``mark`` (plain JSON) changes when the content does; ``written``
    says which of two is newer. ``chunks`` reads it, and raises MovingError when it is no longer what ``mark`` says,
    OSError or InvalidInput when it cannot be read. A file that is not ``settled`` is still being written.
    """

    path: str
    mark: list[Any]
    written: Any
    chunks: Callable[[], Iterator[bytes]]
    settled: bool = True


@dataclass(frozen=True, slots=True)
class _Bill:
    name: str
    files: tuple[Lying, ...]
    mark: str


def take_bills(
    context: PullContext,
    files: Sequence[Lying],
    cursor: Cursor,
    settings: Settings,
    *,
    locate: Callable[[str], str],
) -> PullResult:
    """Hands in each bill that is new or changed, and starts its import; tells what could not be used, and why.

    ``locate`` says which path a manifest means by a name, or raises Unusable.
    """
    there = {file.path: file for file in files}
    before: dict[str, list[str]] = dict(cursor.get("seen", {}))
    kept: dict[str, list[str]] = {}
    counts = {"new": 0, "known": 0, "waiting": 0, "unusable": 0}
    problems = list[str]()
    laid = manifests.laid_out({file.path: file.written for file in files})
    names = [*laid.manifests, *laid.loose]
    for done, name in enumerate(names):
        context.run.progress(done, len(names), name)
        try:
            bill = _bill(name, there, laid, locate)
            known = before.get(name)
            if known and known[0] == bill.mark:
                outcome, kept[name] = "known", known
            elif not all(file.settled for file in bill.files):
                raise MovingError
            else:
                outcome, kept[name] = _hand_in(context, settings, bill)
        except MovingError:
            outcome = "waiting"
            kept |= {name: before[name]} if name in before else {}
        except (Unusable, InvalidInput, OSError) as error:
            outcome = "unusable"
            said = f"it cannot be read ({type(error).__name__})." if isinstance(error, OSError) else str(error)
            problems.append(f"{name}: {said}")
        counts[outcome] += 1
        if outcome == "new":
            context.take(Told(), cursor={"seen": {**before, **kept}})
    return PullResult({"seen": kept}, counts, [*problems, *_failed(kept)])


def _bill(name: str, there: dict[str, Lying], laid: Laid, locate: Callable[[str], str]) -> _Bill:
    """The bill that a manifest or a single file is; its mark changes when any of its files does."""
    own = there[name]
    files: tuple[Lying, ...] = (own,)
    whole = [own]
    if name in laid.manifests:
        paths = manifests.located(map(locate, manifests.files_of(_small(own))), there=there)
        files = tuple(there[path] for path in paths)
        whole += files
    text = json.dumps([[file.path, *file.mark] for file in whole])
    return _Bill(name, files, hashlib.sha256(text.encode()).hexdigest())


def _small(file: Lying) -> bytes:
    content = b""
    for chunk in file.chunks():
        content += chunk
        if len(content) > LARGEST_MANIFEST:
            raise Unusable(f"it is larger than {LARGEST_MANIFEST // 1024 // 1024} MB.")
    return content


def _hand_in(context: PullContext, settings: Settings, bill: _Bill) -> tuple[str, list[str]]:
    parts = [Part(file.path.rpartition("/")[2], file.chunks) for file in bill.files]
    handed, new = hand_in(
        run=context.run, source=str(settings["bills_as"]), team=owner_of(settings, context.team), parts=parts
    )
    return "new" if new else "known", [bill.mark, str(handed.pk)]


def _failed(kept: dict[str, list[str]]) -> list[str]:
    """Why bills that were handed in could not be imported: told until another content lies there."""
    names = {f"{IMPORT}:{found[1]}": name for name, found in kept.items()}
    rows = Job.objects.filter(key__in=list(names), state=State.FAILED).values_list("key", "error")
    return sorted(f"{names[key]}: {error}" for key, error in rows)


def checked(files: Iterable[Lying], where: str, *, locate: Callable[[str], str]) -> list[Check]:
    """What a test of the settings says of what lies there; each manifest is read."""
    there = {file.path: file for file in files}
    laid = manifests.laid_out({path: file.written for path, file in there.items()})
    said = f"{where} can be read: {len(laid.manifests):,} manifests and {len(laid.loose):,} other bills."
    checks = [Check(bool(laid.manifests or laid.loose), said)]
    for name in laid.manifests:
        try:
            found = _bill(name, there, laid, locate)
        except (Unusable, InvalidInput) as error:
            checks.append(Check(False, f"{name}: {error}"))
        except (MovingError, OSError):
            checks.append(Check(False, f"{name}: it went, or cannot be read."))
        else:
            checks.append(Check(True, f"{name} names {len(found.files):,} files, all of them there."))
    return checks
