"""A folder, best on a disk that others look after: each file appears whole, and is never written again."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django import forms
from django.conf import settings as django_settings

from audit.assurance.witnesses.contract import Secrets, Settings, Unreachable
from audit.assurance.witnesses.files import Files, same_or_contradicted
from audit.sources.contract import Check


class FolderForm(forms.Form):
    """Where the folder is."""

    path = forms.CharField(
        label="Folder",
        max_length=500,
        help_text="An absolute path where the workers run, best on a disk or share that other people look after",
    )

    def clean_path(self) -> str:
        """An absolute path."""
        path = str(self.cleaned_data["path"]).strip()
        if not Path(path).is_absolute() or "\x00" in path:
            raise forms.ValidationError("Give an absolute path, such as /mnt/witness.")
        return path


class Directory:
    """Objects as files below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, content: bytes) -> str:
        """Written beside, on disk, and linked into place: a link is never made over a file that is there."""
        target = self.root / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                same_or_contradicted(name, target.read_bytes(), content)
                return ""
            handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).chmod(0o444)
                os.link(draft, target)
            finally:
                Path(draft).unlink(missing_ok=True)
            _settle(target.parent)
        except FileExistsError:
            same_or_contradicted(name, target.read_bytes(), content)
        except OSError as error:
            raise Unreachable(f"{target} cannot be written: {error.strerror or error}.") from error
        return ""

    def get(self, name: str) -> bytes:
        """The file's bytes."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            raise Unreachable(f"{self.root / name} cannot be read: {error.strerror or error}.") from error

    def names(self, folder: str, prefix: str, after: str = "") -> list[str]:
        """Names of files; a folder that is not there yet is empty, when the place where it is to lie is there."""
        place = self.root / folder
        if prefix.endswith(".txt") and (place / prefix).is_file():  # a whole name: no need to read the folder
            return [prefix]
        try:
            found = [entry.name for entry in os.scandir(place)]
        except FileNotFoundError:
            if self.root.parent.is_dir():
                return []
            raise Unreachable(f"There is no folder {self.root.parent} where the workers run.") from None
        except OSError as error:
            raise Unreachable(f"{place} cannot be read: {error.strerror or error}.") from error
        return sorted(name for name in found if name.startswith(prefix) and name > after)


def _settle(folder: Path) -> None:
    """Makes the name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Folder(Files):
    """A second folder."""

    kind: ClassVar[str] = "folder"
    title: ClassVar[str] = "Folder"
    description: ClassVar[str] = "Files in a folder, each written once: checkpoints, and the hash of every entry"
    form: ClassVar[type[forms.Form]] = FolderForm
    secret: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.root = Path(str(settings["path"]))
        self.objects = Directory(self.root)

    def test(self) -> list[Check]:
        """Whether the folder is there and can be written, and whether it lies on a disk of its own."""
        nearest = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            return [Check(False, f"{nearest} cannot be written by this process.")]
        here = f"{self.root} is there" if nearest == self.root else f"{self.root} will be made"
        checks = [Check(True, f"{here} and can be written.")]
        same = nearest.stat().st_dev == Path(django_settings.TOLLGATE_HOME).stat().st_dev
        words = "It lies on the same disk as Tollgate: who can change the one can change the other."
        checks.append(Check(not same, words if same else "It lies on another disk than Tollgate."))
        return checks


def standard() -> dict[str, Any]:
    """The settings of the folder that every installation starts with."""
    return {"path": str(django_settings.TOLLGATE_WITNESS)}
