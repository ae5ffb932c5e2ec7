"""What workers and beat load. A worker runs one job at a time (pool solo); more work means more workers."""

from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu.transport import TRANSPORT_ALIASES

from config.guard import settings_or_exit

settings_or_exit()
TRANSPORT_ALIASES["filesystem"] = "config.queue:Transport"
app = Celery("tollgate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["audit.jobs"], related_name="celery_tasks")


@worker_ready.connect
def stop_soon(sender: Any, **_: Any) -> None:
    """Look for a stop twice a second: the loop for queues in files otherwise takes up to four seconds to notice."""
    drain = sender.connection.drain_events
    sender.connection.drain_events = lambda timeout=None, **kw: drain(timeout=min(timeout or 0.5, 0.5), **kw)
