"""What the shell asks of the floors without importing them: who looks, and what the foot of a page vouches for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.ui import navigation, notices

Footer = Callable[[HttpRequest], str | None]
_footers: list[Footer] = []
_describe: list[Callable[[HttpRequest], "Viewer"]] = []


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, in words ("Maria Okafor", "Manager, Flight operations")."""

    name: str
    role: str = ""
    url: str = ""


def register_footer(footer: Footer) -> None:
    """Add a part to the foot of each page: text, or safe HTML with a link; None leaves it out."""
    if footer not in _footers:
        _footers.append(footer)


def register_viewer(describe: Callable[[HttpRequest], Viewer]) -> None:
    """Name the function that says who looks. Without one the user's own text is shown."""
    _describe[:] = [describe]


class Shell:
    """The shell of one request; each part is read once, and only by templates that show it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def signed_in(self) -> bool:
        """Whether someone is signed in."""
        user = getattr(self.request, "user", None)
        return bool(user is not None and user.is_authenticated)

    @cached_property
    def viewer(self) -> Viewer:
        """Who looks."""
        if _describe:
            return _describe[0](self.request)
        return Viewer(str(getattr(self.request, "user", "")))

    @cached_property
    def sections(self) -> list[navigation.Section]:
        """The rail."""
        return navigation.sections(self.request)

    @cached_property
    def go_keys(self) -> list[navigation.Line]:
        """The lines with a go key, in the order of the rail."""
        return [line for section in self.sections for line in section.lines if line.key]

    @cached_property
    def search_url(self) -> str | None:
        """Where everything is searched."""
        return navigation.search_url()

    @cached_property
    def notices(self) -> list[str]:
        """The sentences that each figure must be read with."""
        return notices.sentences(self.request)

    @cached_property
    def footers(self) -> list[str]:
        """The parts of the foot."""
        return [text for footer in _footers if (text := footer(self.request))]


def context(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``ui`` is the shell of this request. Nothing is read before a template asks."""
    return {"ui": SimpleLazyObject(lambda: Shell(request))}
