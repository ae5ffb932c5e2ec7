"""What an address asks for is checked once, for every page that asks for a version."""

from django.http import HttpRequest

from audit.base.errors import InvalidInput


def asked_number(request: HttpRequest, name: str) -> int | None:
    """The number of a version under ``name`` in the query; None without one.

    Raises:
        InvalidInput: it is not a number that a version could have.
    """
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) < 2**31):
        raise InvalidInput(f"“{text}” is not a version.", where=name, mend="Write its number, like 2.")
    return int(text)
