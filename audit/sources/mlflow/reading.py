"""Reads a server and hands in what it tells, a piece at a time: whole, only what is new, or what a delivery names.

Every way goes through ``Reading.hand_in``: whichever comes first, the same statements are made.

A pull asks for all registered models (1,000 an answer) and for the versions that were updated last. Neither a name that
moves nor a version that is deleted changes a version's time, so a model that is not as it was is read again as a whole.
Once a day everything is listed: tags of versions have no time at all.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from audit.base import clock
from audit.sources.contract import Cursor, PullContext, PullResult, Settings
from audit.sources.domain.told import Kind, RunTold, Told, VersionTold
from audit.sources.mlflow import mapping
from audit.sources.mlflow.client import Mlflow, Row, quoted

PIECE: Final = 200
"""Versions that are handed in at once."""
ASKED_ALONE: Final = 500
"""Runs that a pull asks for one by one, the newest: only so MLflow tells which models went into a run."""
OVERLAP: Final = 120_000
"""Milliseconds that a pull looks back before what it has seen: servers' clocks differ, and transactions take time."""
MOST_RECENT: Final = 1000
MOST_NEW: Final = 2000
"""With more new versions than this everything is listed: that goes on where it was interrupted."""
MOST_OPEN: Final = 500
OPEN_FOR: Final = timedelta(days=14)
"""A run that does not finish within this time is not waited for."""
LISTED_EVERY: Final = timedelta(days=1)
DEEPEST: Final = 20
NEWEST_FIRST: Final = ("last_updated_timestamp DESC", "name ASC", "version_number DESC")


@dataclass(slots=True)
class Piece:
    """Models, versions of them and of models told before, and the models whose versions are all told with it."""

    models: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    complete: list[Row] = field(default_factory=list)


class Reading:
    """One reading of one server. ``open_runs`` are the runs, seen in it, that may still say more of themselves."""

    def __init__(self, context: PullContext, settings: Settings, server: Mlflow) -> None:
        self.context, self.server, self.at = context, server, clock.now()
        names = str(settings.get("names") or "").strip()
        self.condition = f"name LIKE {quoted(names)}" if names else ""
        self.production = [part.strip() for part in str(settings.get("production_aliases") or "").split(",")]
        self.mode = str(settings.get("mode") or "online")
        self.open_runs: list[str] = []
        self._unread: set[str] = set()
        self._logged: dict[str, str] = {}
        self._read: dict[str, list[str]] = {}

    def pull(self, cursor: Cursor) -> PullResult:
        """What is new since the cursor, or everything: at first, once a day, and where that was interrupted."""
        listed = _moment(cursor.get("listed"))
        if "whole" in cursor or listed is None or self.at - listed >= LISTED_EVERY:
            return self._whole(cursor)
        return self._recent(cursor)

    def model(self, name: str) -> Row | None:
        """The registered model of this name, if the settings let it in."""
        condition = f"name = {quoted(name)}" + (f" AND {self.condition}" if self.condition else "")
        return next((row for page in self.server.models(condition) for row in page), None)

    def named(self, name: str, number: str) -> None:
        """Takes in one model and one version of it (empty: none), with whatever its names point at."""
        model = self.model(name)
        if model is None or mapping.is_prompt(model):
            self.context.run.log(f"{name} is no registered model that this source reads.")
            return
        wanted = {number, *mapping.aliases_of(model).values()} - {""}
        models, versions = {name: model}, self._with_origins({mapping.version_id(name, one) for one in wanted})
        for other in {mapping.text(row.get("name")) for row in versions} - {name}:
            if (row := self.model(other)) is not None:
                models[other] = row
        kept = [row for row in versions if mapping.text(row.get("name")) in models]
        parents = self.origins(kept)
        for piece in pieces(models, kept, parents):
            piece.complete = [row for row in piece.complete if row is model]
            self.hand_in(piece, parents)
        self._gone_names(model)
        self._tell_unread()

    def _with_origins(self, wanted: set[str]) -> list[Row]:
        """The versions of these ids, those that they began with, and so on."""
        found: dict[str, Row] = {}
        for _ in range(DEEPEST):
            fresh: list[Row] = []
            for this in sorted(wanted - set(found)):
                name, _, number = this.rpartition("/")
                for page in self.server.versions(f"name = {quoted(name)} AND version_number = {number}"):
                    fresh += page
            if not fresh:
                break
            found |= {_id(row): row for row in fresh}
            wanted = set(self.origins(fresh).values())
        return list(found.values())

    def _whole(self, cursor: Cursor) -> PullResult:
        state = cursor.get("whole") or {"marks": {}, "open": [], "since": 0}
        models = self._models()
        listed = [row for page in self.server.versions(self.condition) for row in page]
        versions = [row for row in listed if mapping.text(row.get("name")) in models]
        steady = _marks(models) == _marks(self._models())
        newest = sorted(versions, key=_updated, reverse=True)
        state["since"] = state["since"] or (_updated(newest[0]) if newest else 0)
        self.open_runs = state["open"]
        self._logged = {mapping.logged_model_of(row): _id(row) for row in reversed(newest)}
        done = {name for name, mark in state["marks"].items() if name in models and mark == _mark(models[name])}
        left = [row for row in newest if mapping.text(row.get("name")) not in done]
        parents = self.origins(left[:ASKED_ALONE], rest=left[ASKED_ALONE:])
        count = len(versions) - len(left)
        for piece in pieces({name: row for name, row in models.items() if name not in done}, left, parents):
            self.context.run.progress(count, len(versions), "versions")
            state["marks"] |= _marks(_by_name(piece.complete))
            self.hand_in(piece, parents, cursor=lambda: {**cursor, "whole": copy.deepcopy(state)})
            count += len(piece.versions)
        if steady:
            state["marks"] = {name: mark for name, mark in state["marks"].items() if name in models}
            self.context.gone(Kind.ENDPOINT, {one for row in models.values() for one in self._endpoints(row)})
            self.context.gone(Kind.VERSION, {_id(row) for row in versions})
            self.context.gone(Kind.MODEL, set(models))
        self._tell_unread()
        return PullResult(
            {
                "marks": state["marks"] if steady else {**cursor.get("marks", {}), **state["marks"]},
                "since": state["since"],
                "recent": _window(versions, state["since"]),
                "open": self.open_runs[:MOST_OPEN],
                "listed": self.at.isoformat(),
            }
        )

    def _recent(self, cursor: Cursor) -> PullResult:
        marks, recent, since = dict(cursor.get("marks", {})), dict(cursor.get("recent", {})), int(cursor["since"])
        models = self._models()
        changed = {name: row for name, row in models.items() if marks.get(name) != _mark(row)}
        fresh = self._updated_since(since, recent)
        if len(fresh) > MOST_NEW:
            return self._whole(cursor)
        present = {name: self._versions_of(name) for name in changed}
        for name in changed:
            if name not in marks:
                fresh |= {_id(row): row for row in present[name]}
        finished = self._finished(cursor.get("open", []))
        fresh |= {_id(row): row for row in self.server.versions_of_runs(finished)}
        told = [row for row in fresh.values() if mapping.text(row.get("name")) in models]
        parents = self.origins(sorted(told, key=_updated, reverse=True)[:ASKED_ALONE], rest=told)
        for piece in pieces(changed, told, parents):
            self.hand_in(piece, parents)
        for name, row in changed.items():
            self._gone_names(row)
            self.context.gone(Kind.VERSION, {_id(one) for one in present[name]}, within=f"{name}/")
        lost = {name for name in set(marks) - set(models) if self.model(name) is None}
        if lost:
            self._gone_models(lost, present=set(marks) | set(models))
        self._tell_unread()
        newest = max([since, *(_updated(row) for row in told)])
        known = {this: at for this, at in recent.items() if at >= newest - OVERLAP}
        return PullResult(
            {
                **cursor,
                "marks": {name: mark for name, mark in marks.items() if name not in lost} | _marks(changed),
                "since": newest,
                "recent": dict(sorted((known | _window(told, newest)).items(), key=lambda one: -one[1])[:MOST_RECENT]),
                "open": self.open_runs[:MOST_OPEN],
            }
        )

    def _models(self) -> dict[str, Row]:
        """All registered models that the settings let in, by name."""
        rows = (row for page in self.server.models(self.condition) for row in page)
        found = _by_name(row for row in rows if not mapping.is_prompt(row))
        return {name: found[name] for name in sorted(found)}

    def _versions_of(self, name: str) -> list[Row]:
        return [row for page in self.server.versions(f"name = {quoted(name)}") for row in page]

    def _updated_since(self, since: int, recent: Mapping[str, int]) -> dict[str, Row]:
        """The versions that were updated later, or within the overlap and not seen then."""
        found: dict[str, Row] = {}
        for page in self.server.versions(self.condition, order=NEWEST_FIRST, size=PIECE):
            late = [row for row in page if _updated(row) >= since - OVERLAP]
            found |= {_id(row): row for row in late if recent.get(_id(row)) != _updated(row)}
            if len(late) < len(page) or len(found) > MOST_NEW:
                break
        return found

    def _finished(self, ids: Sequence[str]) -> list[str]:
        """Those of the runs that have finished; the others stay open, unless they are too old or gone."""
        if not ids:
            return []
        finished = []
        for this, run in self.server.runs(ids).items():
            if not mapping.unfinished(run):
                finished.append(this)
            else:
                self._note_open(this, mapping.moment(mapping.inner(run, "info").get("start_time")))
        return finished

    def _note_open(self, run: str, started: datetime | None) -> None:
        if run not in self.open_runs and started is not None and self.at - started < OPEN_FOR:
            self.open_runs.append(run)

    def origins(self, versions: Iterable[Row], *, rest: Iterable[Row] = ()) -> dict[str, str]:
        """The id of the version that each began with: it is a copy of it, or its run read it (asked for run by run).

        Of ``rest`` only copies are known.
        """
        found: dict[str, str] = {}
        for row in versions:
            run, own = mapping.text(row.get("run_id")), mapping.logged_model_of(row)
            if own and run and run not in self._read:
                self._read[run] = self.server.models_read(run)
            for model in self._read.get(run, []):
                version = self._version_of(model) if model != own else ""
                if version:
                    found[_id(row)] = version
                    break
        return found | {_id(row): copy for row in (*versions, *rest) if (copy := mapping.copied_from(row))}

    def _version_of(self, logged: str) -> str:
        """The id of the version that was registered from a logged model; empty for none."""
        if logged not in self._logged:
            pages_of = self.server.versions(f"source_path = {quoted(f'models:/{logged}')}")
            ids = sorted(_id(row) for page in pages_of for row in page)
            self._logged[logged] = ids[0] if ids else ""
        return self._logged[logged]

    def hand_in(self, piece: Piece, parents: Mapping[str, str], *, cursor: Callable[[], Cursor] | None = None) -> None:
        """Reads the runs and logged models of a piece, and hands it in."""
        base, problems = self.server.base, list[str]()
        logged = self.server.logged_models({mapping.logged_model_of(row) for row in piece.versions} - {""}) or {}
        made_by = {_id(row): mapping.run_of(row, logged.get(mapping.logged_model_of(row))) for row in piece.versions}
        runs = self.server.runs(set(made_by.values()) - {""})
        self._unread |= set(made_by.values()) - {""} - set(runs)
        versions: list[VersionTold] = []
        told_runs: dict[str, RunTold] = {}
        for row in piece.versions:
            run = runs.get(made_by[_id(row)])
            if run is not None and made_by[_id(row)] not in told_runs:
                place = mapping.text(mapping.inner(run, "info").get("experiment_id"))
                name = self.server.experiments().get(place, "")
                told = mapping.run_told(run, experiment=name, base=base, problems=problems)
                if told is not None:
                    told_runs[told.id] = told
                    if told.state == "running":
                        self._note_open(told.id, told.started)
            version = mapping.version_told(
                row,
                logged=logged.get(mapping.logged_model_of(row)),
                run=run if made_by[_id(row)] in told_runs else None,
                derived_from=parents.get(_id(row), ""),
                base=base,
                problems=problems,
            )
            if version is not None:
                versions.append(version)
        data = {one.id: one for this in told_runs for one, _ in mapping.inputs(runs[this])}
        self.context.take(
            Told(
                models=tuple(mapping.model_told(row, base=base) for row in piece.models),
                data=tuple(data.values()),
                runs=tuple(told_runs.values()),
                versions=tuple(versions),
                endpoints=tuple(one for row in piece.complete for one in self._endpoints(row).values()),
            ),
            cursor=cursor() if cursor else None,
        )
        for problem in problems:
            self.context.problem(problem)

    def _endpoints(self, model: Row) -> dict[str, Any]:
        told = mapping.endpoints_told(
            model, production=self.production, mode=self.mode, at=self.at, base=self.server.base
        )
        return {one.id: one for one in told}

    def _gone_names(self, model: Row) -> None:
        """Names of the model that meant "runs in production", and are no longer there."""
        within = mapping.alias_id(mapping.text(model.get("name")), "")
        self.context.gone(Kind.ENDPOINT, set(self._endpoints(model)), within=within)

    def _gone_models(self, lost: set[str], *, present: set[str]) -> None:
        for name in sorted(lost):
            self.context.gone(Kind.ENDPOINT, set(), within=mapping.alias_id(name, ""))
            self.context.gone(Kind.VERSION, set(), within=f"{name}/")
        self.context.gone(Kind.MODEL, present - lost)

    def _tell_unread(self) -> None:
        if self._unread:
            some = ", ".join(sorted(self._unread)[:3])
            self.context.problem(
                f"{len(self._unread):,} runs of versions cannot be read ({some}): they are deleted for good, or the"
                " account lacks READ on their experiments."
            )


def pieces(models: Mapping[str, Row], versions: Iterable[Row], parents: Mapping[str, str]) -> Iterator[Piece]:
    """Models with their versions, so many at a time; a model comes after those that its versions began with.

    ``versions`` may be of other models too: these were told of before.
    """
    by_model: dict[str, list[Row]] = {name: [] for name in models}
    for row in versions:
        by_model.setdefault(mapping.text(row.get("name")), []).append(row)
    piece = Piece()
    for name in parents_first(by_model, parents):
        rows = sorted(by_model[name], key=lambda row: mapping.whole(row.get("version")))
        if name in models:
            piece.models.append(models[name])
        while len(piece.versions) + len(rows) > PIECE:
            room = PIECE - len(piece.versions)
            piece.versions += rows[:room]
            rows = rows[room:]
            yield piece
            piece = Piece()
        piece.versions += rows
        if name in models:
            piece.complete.append(models[name])
        if len(piece.versions) + len(piece.models) >= PIECE:
            yield piece
            piece = Piece()
    if piece.models or piece.versions or piece.complete:
        yield piece


def parents_first(names: Iterable[str], parents: Mapping[str, str]) -> list[str]:
    """The models in order of their names, but each after those from which a version of it is derived."""
    needs: dict[str, set[str]] = {}
    for child, parent in parents.items():
        needs.setdefault(child.rpartition("/")[0], set()).add(parent.rpartition("/")[0])
    wanted, found = sorted(names), dict[str, None]()
    there = set(wanted)
    for first in wanted:
        path = [(first, iter(sorted(needs.get(first, set()) & there)))]
        entered = {first}
        while path:
            name, others = path[-1]
            other = next((one for one in others if one not in found and one not in entered), None)
            if other is None:
                found[name] = None
                path.pop()
            else:
                entered.add(other)
                path.append((other, iter(sorted(needs.get(other, set()) & there))))
    return list(found)


def _id(version: Row) -> str:
    return mapping.version_id(mapping.text(version.get("name")), version.get("version"))


def _updated(version: Row) -> int:
    return mapping.whole(version.get("last_updated_timestamp")) or mapping.whole(version.get("creation_timestamp"))


def _by_name(rows: Iterable[Row]) -> dict[str, Row]:
    found = {mapping.text(row.get("name")): row for row in rows}
    return {name: row for name, row in found.items() if name}


def _mark(model: Row) -> str:
    """By which a model is known to be as it was; its latest versions are looked at by themselves."""
    told = {name: value for name, value in model.items() if name != "latest_versions"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def _marks(models: Mapping[str, Row]) -> dict[str, str]:
    return {name: _mark(row) for name, row in models.items()}


def _window(versions: Iterable[Row], newest: int) -> dict[str, int]:
    """The versions within the overlap before the newest, with their times: those are not asked for again."""
    rows = sorted((row for row in versions if _updated(row) >= newest - OVERLAP), key=_updated, reverse=True)
    return {_id(row): _updated(row) for row in rows[:MOST_RECENT]}


def _moment(said: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
