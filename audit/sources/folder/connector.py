"""Pulls a folder: each new content once, nothing that is still being written, nothing outside the allowed place."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django import forms
from django.conf import settings as django_settings

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.monitoring.models import Kind
from audit.sources import domain
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings
from audit.sources.logs.taking import File, MovingError, checked, take_files

SETTLED_SECONDS = 2.0
CHUNK = 1024 * 1024
KINDS = frozenset(Kind.values)


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
    """Files named ``model.predictions.anything.csv``, or below ``model/predictions/``; see ``domain.named``."""

    kind = "folder"
    title = "Folder"
    description = "Files of predictions and labels that another program puts into a folder of the inbox"
    form: type[forms.Form] = FolderForm
    secret: tuple[str, ...] = ()

    def test(self, settings: Settings) -> list[Check]:
        """Whether the folder is there and can be read, and what its files are."""
        try:
            folder = folder_of(settings)
            paths = sorted(_path(folder, entry) for entry in _entries(folder))
        except (InvalidInput, OSError) as error:
            return [Check(False, getattr(error, "sentence", f"The folder cannot be read: {error}"))]
        return checked(paths, str(folder))

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Hands each new or changed file to monitoring, predictions before labels, and starts its import."""
        folder, now = folder_of(settings), clock.now().timestamp()
        files = []
        for entry in _entries(folder):
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            mark, settled = [state.st_mtime_ns, state.st_size], now - state.st_mtime >= SETTLED_SECONDS
            files.append(File(_path(folder, entry), mark, partial(chunks_of, entry.path), settled))
        return take_files(context, files, cursor)


def folder_of(settings: Settings) -> Path:
    folder = place(str(settings.get("path", "")))
    if folder == inbox():
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder {folder} where the workers run.", where="path", mend="Create it.")
    return folder


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files of the folder, and all below its folders ``model/predictions`` and ``model/labels``.

    No links (they may lead out of the inbox), and nothing that is hidden or set aside; other folders may be another
    source's.
    """
    for entry in _scanned(folder):
        if entry.is_file(follow_symlinks=False):
            yield entry
        elif entry.is_dir(follow_symlinks=False):
            for below in _scanned(entry.path):
                if below.name in KINDS and below.is_dir(follow_symlinks=False):
                    yield from _all_below(below.path)


def _all_below(folder: str) -> Iterator[os.DirEntry[str]]:
    for entry in _scanned(folder):
        if entry.is_file(follow_symlinks=False):
            yield entry
        elif entry.is_dir(follow_symlinks=False):
            yield from _all_below(entry.path)


def _scanned(folder: str | Path) -> list[os.DirEntry[str]]:
    """What lies directly in a folder; nothing in one that went meanwhile."""
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not domain.is_aside(entry.name)]
    except FileNotFoundError:
        return []


def _path(folder: Path, entry: os.DirEntry[str]) -> str:
    return Path(entry.path).relative_to(folder).as_posix()


def chunks_of(path: str) -> Iterator[bytes]:
    """The file's chunks; at the end it must be as it was at the beginning, or nothing of it is kept.

    Raises:
        MovingError: it changed, or went.
    """
    if not Path(path).parent.resolve().is_relative_to(inbox()):
        raise MovingError
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise MovingError from None
    with os.fdopen(handle, "rb") as file:
        first = os.fstat(file.fileno())
        while chunk := file.read(CHUNK):
            yield chunk
        last = os.fstat(file.fileno())
    if (first.st_mtime_ns, first.st_size) != (last.st_mtime_ns, last.st_size):
        raise MovingError
