"""What every figure on a page must be read with (simulated bill, demo data) stands at the top of each page."""

from collections.abc import Callable

from django.http import HttpRequest

Notice = Callable[[HttpRequest], str | None]
_notices: list[Notice] = []


def register(notice: Notice) -> None:
    """Add a notice, from ``AppConfig.ready``: a function that returns a sentence, or None where it does not apply."""
    if notice not in _notices:
        _notices.append(notice)


def sentences(request: HttpRequest) -> list[str]:
    """The sentences that apply to this request, in the order of registration."""
    return [sentence for notice in _notices if (sentence := notice(request))]
