"""What every page says while the demo organisation is shown: whose data these are, and what is simulated."""

from django.http import HttpRequest

from audit.jobs.models import Job
from config.ui import notices
from governance.demo import replay


def register() -> None:
    """Adds the notice to the shell."""
    notices.register(notice)


def notice(request: HttpRequest) -> str | None:
    """The demo's notice; None where there is no demo, or nobody is signed in."""
    if not request.user.is_authenticated or not Job.objects.filter(kind=replay.ROOT).exists():
        return None
    return (
        "Demo organisation: real flights of 2013, replayed week by week; the bill is simulated, and the values of "
        "outcomes are assumptions. What people decide here carries today’s date."
    )
