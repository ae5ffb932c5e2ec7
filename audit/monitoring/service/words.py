"""Figures of service metrics in words; None stays None, and is shown as unknown."""

from config.ui.format import number, percent


def latency(seconds: float | None) -> str | None:
    """In the unit that people use: "180 ms", "2.4 s"."""
    if seconds is None:
        return None
    ms = seconds * 1000
    return f"{number(ms, 0 if ms >= 10 else 1)} ms" if ms < 1000 else f"{number(seconds, 1)} s"


def figure(value: float | None) -> str | None:
    """A count: Prometheus's fractions are rounded."""
    return None if value is None else number(value)


def share(value: float | None) -> str | None:
    """A share of one."""
    return None if value is None else percent(value, 2)


def load(value: float | None) -> str | None:
    """Percent as told."""
    return None if value is None else f"{number(value)}%"
