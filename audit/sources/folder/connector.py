"""Pulls a folder: each new content once, nothing that is still being written, nothing outside the allowed place."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django import forms
from django.conf import settings as django_settings

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.catalogue.models import Model
from audit.monitoring import services as monitoring
from audit.monitoring import starting
from audit.monitoring.models import Upload
from audit.sources import domain
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings

SETTLED_SECONDS = 2.0
CHUNK = 1024 * 1024


class MovingError(Exception):
    """The file changed while it was read."""


class FolderForm(forms.Form):
    """Where the files arrive."""

    path = forms.CharField(
        label="Folder",
        max_length=500,
        required=False,
        help_text="Below the inbox of this installation; empty means the inbox itself",
    )

    def clean_path(self) -> str:
        """The path relative to the inbox, when it lies in it."""
        path = str(self.cleaned_data["path"]).strip()
        try:
            place(path)
        except InvalidInput as error:
            raise forms.ValidationError(error.sentence) from None
        return path


def inbox() -> Path:
    """The one place below which folders may be watched."""
    return Path(django_settings.TOLLGATE_INBOX).resolve()


def place(path: str) -> Path:
    """The folder that ``path`` names, with links followed.

    Raises:
        InvalidInput: it lies outside the inbox.
    """
    root = inbox()
    if "\x00" in path:
        raise InvalidInput("A path has no NUL character.", where="path")
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise InvalidInput(f"{path} lies outside the inbox {root}.", where="path", mend="Choose a folder below it.")
    return found


class FolderConnector:
    """Files named ``model.predictions.anything.csv`` or ``model.labels….``; also .csv.gz, .parquet and .ndjson."""

    kind = "folder"
    title = "Folder"
    description = "Files of predictions and labels that another program puts into a folder of the inbox"
    form: type[forms.Form] = FolderForm
    secret: tuple[str, ...] = ()

    def test(self, settings: Settings) -> list[Check]:
        """Whether the folder is there and can be read, and what its files are."""
        try:
            folder = _folder(settings)
            names = sorted(entry.name for entry in os.scandir(folder) if _counts(entry))
        except (InvalidInput, OSError) as error:
            return [Check(False, getattr(error, "sentence", f"The folder cannot be read: {error}"))]
        checks = [Check(True, f"{folder} can be read; it holds {len(names)} files.")]
        strangers = [name for name in names if domain.named(name) is None]
        if strangers:
            shown = ", ".join(strangers[:5])
            checks.append(Check(False, f"No model and kind in the names of {shown}. Call files {domain.PATTERN}."))
        known = set(Model.objects.values_list("slug", flat=True))
        for slug in sorted({part.model for name in names if (part := domain.named(name))} - known):
            checks.append(Check(False, f"There is no model {slug}; its files wait until it is registered."))
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Hands each new or changed file to monitoring, predictions before labels, and starts its import."""
        folder = _folder(settings)
        files = sorted((entry for entry in os.scandir(folder) if _counts(entry)), key=_order)
        seen: dict[str, list[Any]] = dict(cursor.get("seen", {}))
        kept: dict[str, list[Any]] = {}
        counts = {"new": 0, "known": 0, "waiting": 0, "unknown": 0}
        problems: list[str] = []
        for done, entry in enumerate(files):
            context.run.progress(done, len(files), entry.name)
            outcome, mark, problem = self._take(context, entry, seen.get(entry.name))
            counts[outcome] += 1
            if mark:
                kept[entry.name] = mark
            if problem:
                problems.append(problem)
        return PullResult({"seen": kept}, counts, problems)

    def _take(
        self, context: PullContext, entry: os.DirEntry[str], before: list[Any] | None
    ) -> tuple[str, list[Any] | None, str]:
        """What became of one file: the outcome, its mark in the cursor, and the problem in a sentence."""
        part = domain.named(entry.name)
        if part is None:
            return "unknown", None, f"{entry.name}: the name says no model and kind. Call it {domain.PATTERN}."
        model = Model.objects.select_related("use_case__team").filter(slug=part.model).first()
        if model is None or model.use_case.team_id != context.team.pk:
            return "unknown", None, f"{entry.name}: {context.team} has no model {part.model}; register it first."
        state = entry.stat(follow_symlinks=False)
        mark = [state.st_mtime_ns, state.st_size]
        if before and before[:2] == mark:
            return "known", before, ""
        if clock.now().timestamp() - state.st_mtime < SETTLED_SECONDS:
            return "waiting", before, ""
        try:
            upload = _hand_over(context, model, part.kind, entry)
        except (MovingError, FileNotFoundError):
            return "waiting", before, ""
        started = context.run.start(
            starting.IMPORT,
            args={"upload": str(upload.pk)},
            key=starting.key_of(upload),
            subject=upload,
            team=model.use_case.team,
        )
        fresh = started.parent_id == context.run.job.pk
        return "new" if fresh else "known", [*mark, upload.digest], ""


def _folder(settings: Settings) -> Path:
    folder = place(str(settings.get("path", "")))
    if folder == inbox():
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder {folder} where the workers run.", where="path", mend="Create it.")
    return folder


def _counts(entry: os.DirEntry[str]) -> bool:
    """Files only: no folders, no links (they may lead out of the inbox), nothing hidden."""
    return entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")


def _order(entry: os.DirEntry[str]) -> tuple[bool, str]:
    """Predictions come first: labels find their predictions then."""
    part = domain.named(entry.name)
    return (part is None or part.kind != "predictions", entry.name)


def _hand_over(context: PullContext, model: Model, kind: str, entry: os.DirEntry[str]) -> Upload:
    handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        return monitoring.receive_upload(
            actor=context.run.actor, model=model, kind=kind, filename=entry.name, chunks=_steady(file)
        )


def _steady(file: BinaryIO) -> Iterator[bytes]:
    """The file's chunks; at the end it must be as it was at the beginning, or nothing of it is kept."""
    first = os.fstat(file.fileno())
    while chunk := file.read(CHUNK):
        yield chunk
    last = os.fstat(file.fileno())
    if (first.st_mtime_ns, first.st_size) != (last.st_mtime_ns, last.st_size):
        raise MovingError
