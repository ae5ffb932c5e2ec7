"""Files of a place become uploads: each new content once, predictions before labels, and a bad one stops no other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.catalogue.models import Model
from audit.monitoring import matching, starting
from audit.monitoring import services as monitoring
from audit.monitoring.models import Kind, State, Upload
from audit.people.models import Team
from audit.sources import domain
from audit.sources.contract import Check, Cursor, PullContext, PullResult
from audit.sources.domain import Named
from audit.sources.domain.told import Told

EVERY: Final = 25
"""After so many new files the cursor is kept: a pull that breaks off goes on there."""


class MovingError(Exception):
    """The file changed, or went, while it was read; the next pull takes it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it stands now.

    ``path`` is that below the place, with slashes. ``mark`` (two values, plain JSON) changes when the content does.
    ``chunks`` reads it, and raises MovingError when it is no longer what ``mark`` says, OSError or InvalidInput when it
    cannot be read. A file that is not ``settled`` is still being written.
    """

    path: str
    mark: list[Any]
    chunks: Callable[[], Iterator[bytes]]
    settled: bool = True


def take_files(context: PullContext, files: Sequence[File], cursor: Cursor) -> PullResult:
    """Hands each new or changed file to monitoring and starts its import; tells what could not be used, and why.

    A file whose import failed is told with the reason at each later pull, until another content lies in its place.
    Labels that failed are handed over once more when predictions came meanwhile: two workers may import a file of
    labels before the predictions that it is about.
    """
    taking = _Taking(context, dict(cursor.get("seen", {})))
    for done, file in enumerate(sorted(files, key=_order)):
        context.run.progress(done, len(files), file.path)
        taking.take(file)
    return PullResult({"seen": taking.kept}, taking.counts, [*taking.problems, *taking.failed()])


class _Taking:
    """One pull: what is kept for the next one, and what came of this one."""

    def __init__(self, context: PullContext, before: dict[str, list[Any]]) -> None:
        self.context, self.before = context, before
        self.models = {row.slug: row for row in _models(context.team)}
        self.errors = _errors(context.team)
        self.kept: dict[str, list[Any]] = {}
        self.counts = {"new": 0, "known": 0, "waiting": 0, "unknown": 0}
        self.problems: list[str] = []
        self._unkept = 0

    def take(self, file: File) -> None:
        """Takes one file in, or says why not."""
        outcome, mark, problem = self._of(file)
        self.counts[outcome] += 1
        if mark:
            self.kept[file.path] = mark
        if problem:
            self.problems.append(f"{file.path}: {problem}")
        self._unkept += outcome == "new"
        if self._unkept >= EVERY:
            self.context.take(Told(), cursor={"seen": {**self.before, **self.kept}})
            self._unkept = 0

    def _of(self, file: File) -> tuple[str, list[Any] | None, str]:
        """The outcome, the file's mark for the next pull, and the problem in a sentence."""
        named, known = domain.named(file.path), self.before.get(file.path)
        if named is None:
            return "unknown", None, f"the name says no model and kind. Call it {domain.PATTERN}."
        model = self.models.get(named.model)
        if model is None:
            return "unknown", None, f"{self.context.team} has no model {named.model}; register it first."
        if known and known[:2] == file.mark and not self._is_due(model, named, known):
            return "known", known, ""
        if not file.settled:
            return "waiting", known, ""
        try:
            reached = matching.newest(model)
            upload, fresh = self._hand_over(model, named, file)
        except MovingError:
            return "waiting", known, ""
        except OSError as error:
            return "unknown", None, f"it cannot be read ({type(error).__name__})."
        except InvalidInput as error:
            return "unknown", None, error.sentence
        return "new" if fresh else "known", [*file.mark, upload.digest, reached], ""

    def _is_due(self, model: Model, named: Named, known: list[Any]) -> bool:
        """Whether these are labels whose import failed, and something of the model was imported since."""
        failed = (named.model, named.kind, known[2]) in self.errors
        return failed and named.kind == Kind.LABELS and [matching.newest(model)] > known[3:]

    def failed(self) -> list[str]:
        """Why the imports of files that are known failed, in their order."""
        errors, told = _errors(self.context.team), []
        for path, mark in sorted(self.kept.items()) if errors else ():
            named = domain.named(path)
            error = errors.get((named.model, named.kind, mark[2])) if named else None
            if error:
                told.append(f"{path}: {error}")
        return told

    def _hand_over(self, model: Model, named: Named, file: File) -> tuple[Upload, bool]:
        """The file's upload, and whether its import starts now."""
        run = self.context.run
        upload = monitoring.receive_upload(
            actor=run.actor, model=model, kind=named.kind, version=named.version,
            filename=file.path.rpartition("/")[2], chunks=file.chunks(),
        )  # fmt: skip
        started = run.start(
            starting.IMPORT,
            args={"upload": str(upload.pk)},
            key=starting.key_of(upload),
            subject=upload,
            team=model.use_case.team,
        )
        return upload, started.parent_id == run.job.pk


def _models(team: Team) -> Sequence[Model]:
    return list(Model.objects.select_related("use_case__team").filter(use_case__team=team))


def _order(file: File) -> tuple[bool, str]:
    """Predictions come first: labels find their predictions then."""
    named = domain.named(file.path)
    return (named is None or named.kind != "predictions", file.path)


def _errors(team: Team) -> dict[tuple[str, str, str], str]:
    """Why uploads of the team failed, by model, kind and digest."""
    rows = Upload.objects.filter(model__use_case__team=team, state=State.FAILED).exclude(error="")
    found = rows.values_list("model__slug", "kind", "digest", "error")
    return {(slug, kind, digest): error for slug, kind, digest, error in found}


def checked(paths: Sequence[str], where: str) -> list[Check]:
    """What a test of the settings says of the paths that lie there."""
    checks = [Check(True, f"{where} can be read; it holds {len(paths):,} files.")]
    named = [domain.named(path) for path in paths]
    strangers = [path for path, found in zip(paths, named, strict=True) if found is None]
    if strangers:
        shown = ", ".join(strangers[:5])
        checks.append(Check(False, f"No model and kind in the names of {shown}. Call files {domain.PATTERN}."))
    known = set(Model.objects.values_list("slug", flat=True))
    for slug in sorted({found.model for found in named if found} - known):
        checks.append(Check(False, f"There is no model {slug}; its files wait until it is registered."))
    return checks
