"""Documents that belong to a scope: slices above say which, and as they were known at a moment."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.exports.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of the bundle's folder ``documents``: its name there, its kind, what it is, and its content."""

    name: str
    kind: str
    title: str
    content: bytes


Provider = Callable[[Scope, datetime], Iterable[Attached]]
PROVIDERS: list[Provider] = []


def register(provider: Provider) -> None:
    """Adds a provider: ``provider(scope, as_of)`` gives what was there at that moment."""
    if provider not in PROVIDERS:
        PROVIDERS.append(provider)


def of(*, scope: Scope, as_of: datetime) -> list[Attached]:
    """All documents of the scope, by name.

    Raises:
        RuntimeError: two have the same name.
    """
    found = sorted((one for provider in PROVIDERS for one in provider(scope, as_of)), key=lambda one: one.name)
    names = [one.name for one in found]
    if len(set(names)) != len(names):
        raise RuntimeError("Two documents of a bundle have the same name.")
    return found
