"""Bills that another program puts into a folder of the inbox, such as a copy of what AWS exports to a bucket."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources import domain
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings
from audit.sources.folder.connector import SETTLED_SECONDS, FolderForm, chunks_of, folder_of, inbox
from costs.feeds import taking
from costs.feeds.domain import manifests
from costs.feeds.forms import BillsForm, ForBills
from costs.feeds.taking import Lying, checked, take_bills


class BillFolderForm(BillsForm, FolderForm):
    """Where the files arrive, and whose bills they are."""

    def clean_path(self) -> str:
        """A folder of its own: what else lies in the inbox is no bill."""
        path = super().clean_path()
        if not path.strip("./"):
            raise forms.ValidationError("Name a folder below the inbox, in which only bills lie.")
        return path


class BillFolderConnector(ForBills):
    """Files of a folder, at any depth."""

    kind = "bill-folder"
    title = "Folder of bills"
    description = "Bills that another program puts into a folder of the inbox, with or without manifests of AWS"
    form: type[forms.Form] = BillFolderForm
    secret: tuple[str, ...] = ()

    def test(self, settings: Settings) -> list[Check]:
        """Whether the folder is there and can be read, and what the manifests name."""
        try:
            folder = folder_of(settings)
            files = _listed(folder)
        except (InvalidInput, OSError) as error:
            return [Check(False, getattr(error, "sentence", f"The folder cannot be read: {error}"))]
        return checked(files, str(folder), locate=_locate(files))

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Hands in each bill that is new or changed.

        Raises:
            InvalidInput: the folder is not there.
        """
        files = _listed(folder_of(settings))
        return take_bills(context, files, cursor, settings, locate=_locate(files))


def _locate(files: list[Lying]) -> partial[str]:
    return partial(manifests.in_folder, paths={file.path for file in files})


def _listed(folder: Path) -> list[Lying]:
    """The files below the folder: no links (they may lead out of the inbox), nothing that is hidden or set aside."""
    found, now = list[Lying](), clock.now().timestamp()
    for entry in _below(folder):
        if len(found) == taking.MOST:
            raise InvalidInput(f"More than {taking.MOST:,} files lie below {folder}.", where="path")
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        path = Path(entry.path).relative_to(folder).as_posix()
        settled = now - state.st_mtime >= SETTLED_SECONDS
        mark = [state.st_mtime_ns, state.st_size]
        found.append(Lying(path, mark, state.st_mtime_ns, partial(chunks_of, entry.path), settled))
    return found


def _below(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    if not Path(folder).resolve().is_relative_to(inbox()):
        return
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not domain.is_aside(entry.name)]
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield entry
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
