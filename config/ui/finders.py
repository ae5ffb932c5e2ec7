"""Serves Plotly's own script from the installed package: the same version as plotly.py, and nothing copied."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SCRIPT = "plotly.min.js"


def plotly_folder() -> Path:
    """Where the installed package keeps its script. Does not import plotly, which would cost memory in each worker.

    Raises:
        RuntimeError: the package is not installed.
    """
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("plotly is not installed; install what requirements.txt lists.")
    return Path(next(iter(spec.submodule_search_locations))) / "package_data"


class PlotlyFinder(BaseFinder):
    """Finds ``plotly.min.js`` and nothing else of that folder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = FileSystemStorage(location=plotly_folder())

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing to configure, so nothing to check."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file's path, or an empty list."""
        # Django renamed the argument from ``all``; both callers are served.
        find_all = find_all or bool(kwargs.get("all"))
        if path != SCRIPT:
            return []
        found = self.storage.path(SCRIPT)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        """The one file, for collectstatic."""
        yield SCRIPT, self.storage
