"""The broker's edge: a message carries a job's id and nothing else."""

import logging
import os
import socket
import threading
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import beat_init, worker_ready
from django.db import DatabaseError, connection

from audit.jobs import services
from audit.jobs.run import execute

HEARTBEAT_SECONDS = 5
logger = logging.getLogger(__name__)


def _name(role: str) -> str:
    return f"{role} {socket.gethostname()} {os.getpid()}"


@shared_task(name="jobs.run")
def run(job_id: str) -> None:
    """Runs one job."""
    execute(UUID(job_id), worker=_name("worker"))


@shared_task(name="jobs.tick")
def tick() -> None:
    """Starts what is due and sends again what got lost."""
    services.start_scheduled()
    services.sweep()


def _send(job_id: UUID) -> None:
    run.delay(str(job_id))


services.send = _send


def _keep_beating(role: str) -> None:
    def loop() -> None:
        pause = threading.Event()
        while True:
            try:
                services.beat(name=_name(role), role=role)
            except DatabaseError:
                logger.warning("The database did not take the heartbeat of this %s.", role, exc_info=True)
            finally:
                connection.close()
            pause.wait(HEARTBEAT_SECONDS)

    threading.Thread(target=loop, daemon=True, name=f"{role}-heartbeat").start()


@worker_ready.connect
def _worker_lives(**_: Any) -> None:
    _keep_beating("worker")


@beat_init.connect
def _beat_lives(**_: Any) -> None:
    _keep_beating("beat")
