"""What every page says while the demo organisation is shown: whose data these are, and what is simulated."""

from django.http import HttpRequest

from audit.jobs.models import OPEN, Job
from config.ui import notices
from governance.demo import replay
from governance.portfolio import filling


def register() -> None:
    """Adds the notice to the shell, and how far the filling is to the front page."""
    notices.register(notice)
    filling.register(under_way)


def notice(request: HttpRequest) -> str | None:
    """The demo's notice; None where there is no demo, or nobody is signed in."""
    if not request.user.is_authenticated or not Job.objects.filter(kind=replay.ROOT).exists():
        return None
    return (
        "Demo organisation: real flights of 2013, replayed week by week; the bill is simulated, and the values of "
        "outcomes are assumptions. What people decide here carries today’s date."
    )


def under_way() -> filling.Filling | None:
    """How far the filling is, while jobs of it are open; None before, afterwards and without a demo."""
    root = Job.objects.filter(kind=replay.ROOT).order_by("created_at").first()
    if root is None or not (root.is_open or Job.objects.filter(root=root, state__in=OPEN).exists()):
        return None
    done, total = replay.progress()
    return filling.Filling(root, done, total, f"{done} of {total} weeks are replayed.")
