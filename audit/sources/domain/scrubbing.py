"""What is kept of a delivery holds no secret: headers and values that are called like one are taken out."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

REMOVED: Final = "(removed)"
SECRET_HEADER: Final = re.compile(r"authorization|cookie|token|secret|password|api-?key|credential", re.IGNORECASE)
SECRET_NAME: Final = re.compile(
    r"passw(or)?d|secret|private_?key|access_?key|api_?key|credential|authorization|"
    r"(^|_|\b)(token|access_?token|refresh_?token|id_?token|session_?token|sig)$",
    re.IGNORECASE,
)
DEEPEST: Final = 64


def headers(found: Mapping[str, str]) -> dict[str, str]:
    """Those that are no secret, by lower-case name; each at most 500 characters."""
    return {name.lower(): value[:500] for name, value in found.items() if not SECRET_HEADER.search(name)}


def value(found: Any, *, name: str = "", depth: int = 0) -> Any:
    """The JSON value with texts under secret names, and passwords in addresses, taken out."""
    if depth > DEEPEST:
        return REMOVED
    if isinstance(found, Mapping):
        return {key: value(one, name=str(key), depth=depth + 1) for key, one in found.items()}
    if isinstance(found, list | tuple):
        return [value(one, name=name, depth=depth + 1) for one in found]
    if isinstance(found, str):
        if found and SECRET_NAME.search(name):
            return REMOVED
        return _address(found) if "://" in found and "@" in found else found
    return found


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        if parts.password is None:
            return text
    except ValueError:
        return text
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
