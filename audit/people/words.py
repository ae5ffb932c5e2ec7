"""What an auditor may see, and until when, in words: on the page of people, and at the top of the auditor's pages."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from audit.base.actors import Limit
from config.ui import format as say


def days_words(since: date | None, until: date | None) -> str:
    """ "from 1 January to 30 June 2013", "since 1 January 2013", "until 30 June 2013"; empty when both are open."""
    if since and until:
        year = "" if since.year == until.year else f" {since.year}"
        return f"from {since.day} {since:%B}{year} to {say.day(until)}"
    if since:
        return f"since {say.day(since)}"
    return f"until {say.day(until)}" if until else ""


def last_day(ends: datetime) -> str:
    """The last day (UTC) of an access that ends at ``ends``."""
    return say.day((ends - timedelta(microseconds=1)).astimezone(UTC).date())


def limit_words(limit: Limit, names: Collection[str]) -> str:
    """ "2 models (arrival-delay, late-arrival), entries from 1 January to 30 June 2013"; ``names`` are the models'."""
    models = "All models" if limit.models is None else say.count(len(limit.models), "model")
    if names:
        models += f" ({', '.join(names)})"
    days = days_words(limit.since, limit.until)
    return f"{models}, entries {days}" if days else models


def notice(limit: Limit, *, also: bool) -> str:
    """What an auditor reads on each page; ``also`` when other roles show them more."""
    models = "all models" if limit.models is None else say.count(len(limit.models), "model")
    days = days_words(limit.since, limit.until)
    words = f"{'As an auditor you see' if also else 'You see'} {models}{f', entries {days}' if days else ''}"
    ends = f"your access ends on {last_day(limit.ends)}" if limit.ends else "your access holds until it is revoked"
    return f"{words}; {ends}."
