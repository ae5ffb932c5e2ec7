"""Each slice adds the sections that it knows to a report, when it starts; a claim is declared before it is made.

A provider is given what the bundle speaks of, who exports it, and the moment whose knowledge counts. It reads nothing
that was learned after that moment, so the same scope as of the same moment gives the same section again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from audit.base.actors import Actor
from audit.exports.domain.scope import Scope
from audit.exports.report import Section

Provider = Callable[[Scope, Actor, datetime], Section | None]
PROVIDERS: list[Provider] = []
CLAIMS: dict[str, str] = {}
"""What each claim shows, as the words that follow "there is no …" or stand for it where it is missing."""


def register(provider: Provider, *, claims: Mapping[str, str] | None = None) -> None:
    """Adds a provider, with the names of the claims that its section may make and what each of them shows.

    Raises:
        ValueError: another provider makes a claim of that name.
    """
    if provider in PROVIDERS:
        return
    for name, words in (claims or {}).items():
        if name in CLAIMS:
            raise ValueError(f"The claim {name} is declared twice.")
        CLAIMS[name] = words
    PROVIDERS.append(provider)


def gather(*, scope: Scope, viewer: Actor, as_of: datetime) -> list[Section]:
    """The sections of all slices, in their order.

    Raises:
        RuntimeError: two sections bear one key, or one makes a claim that nobody declared.
    """
    found = [section for provider in PROVIDERS if (section := provider(scope, viewer, as_of)) is not None]
    keys = [section.key for section in found]
    if len(set(keys)) != len(keys):
        raise RuntimeError(f"Two sections bear one key: {', '.join(sorted(keys))}.")
    for section in found:
        for claim in section.claims:
            if claim.name not in CLAIMS:
                raise RuntimeError(f"The section {section.key} makes the claim {claim.name}, which nobody declared.")
    return sorted(found, key=lambda section: (section.order, section.key))
