"""The broker's edge: a message carries a job's id and nothing else."""

import logging
import os
import socket
import threading
from typing import Any
from uuid import UUID

from celery import Celery, shared_task
from celery.exceptions import OperationalError
from celery.signals import beat_init, worker_ready
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError as BrokerError

from audit.jobs import services
from audit.jobs.registry import TICKS
from audit.jobs.run import execute
from audit.ledger import indexing, sealing

HEARTBEAT_SECONDS = 5
SEAL_SECONDS = 3
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
    for start_due in TICKS:
        start_due()
    services.sweep()


def queue() -> Celery:
    """The Celery app that the settings name. Celery's own "current app" is one for each thread, so it is not used."""
    return import_string(settings.QUEUE_APP)


def _send(job_id: UUID) -> None:
    try:
        queue().send_task(run.name, args=[str(job_id)], retry=False)
    except (BrokerError, OperationalError, OSError) as error:
        logger.warning("The queue did not take job %s (%s); the sweep sends it again.", job_id, error)


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


def _index() -> None:
    try:
        indexing.catch_up()
    except Exception:  # what ails the index must not stop the sealer: searches only take longer
        logger.warning("The index of the ledger's words was not brought up to date.", exc_info=True)


def _keep_sealing() -> None:
    """Seals and indexes every few seconds, by a clock that nobody can turn back. More than one beat does no harm."""

    def loop() -> None:
        pause = threading.Event()
        while True:
            try:
                sealing.seal_or_say_why()
            except DatabaseError:
                logger.warning("The database did not let the log be sealed; entries wait.", exc_info=True)
            else:
                _index()
            finally:
                connection.close()
            pause.wait(SEAL_SECONDS)

    threading.Thread(target=loop, daemon=True, name="sealer").start()


@worker_ready.connect
def _worker_lives(**_: Any) -> None:
    _keep_beating("worker")


@beat_init.connect
def _beat_lives(**_: Any) -> None:
    _keep_beating("beat")
    _keep_sealing()
