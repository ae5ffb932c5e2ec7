"""How gunicorn serves Tollgate, on one machine and in a container: small, quiet, never outliving its parent.

Read by ``gunicorn -c python:config.web config.wsgi``. ``WEB_WORKERS`` and ``WEB_THREADS`` size it.
"""

import gc
import os
from pathlib import Path
from typing import Any

from config.guard import settings_or_exit
from config.lifeline import tie_to_parent

worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or 1)
threads = int(os.environ.get("WEB_THREADS") or 8)
timeout = 60
keepalive = 5
accesslog = None
loglevel = "warning"
# A heartbeat file on a slow disk can stall a worker; memory cannot.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# The control socket lives in the home folder by default: nothing here uses it, and two servers would share it.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Read the settings before a worker does: a worker that cannot would be started again for ever."""
    settings_or_exit()


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to its arbiter: a killed arbiter must not leave a worker that holds the port."""
    tie_to_parent(worker.ppid)


def post_worker_init(worker: Any) -> None:
    """Before its first request, a worker settles."""
    settle()


def settle() -> None:
    """What every page needs is loaded, and stays: a collection of garbage does not look through it again."""
    from django.urls import get_resolver

    list(get_resolver().url_patterns)
    gc.collect()
    gc.freeze()
