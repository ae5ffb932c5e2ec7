"""The pages of jobs, and what is ready."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from audit.jobs import readiness, registry, services
from audit.jobs.models import Job, State
from audit.jobs.run import Run
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """One kind that starts a part."""

    @registry.job("test.tree", title="Import a file")
    def tree(run: Run, *, parts: int) -> dict[str, Any]:
        for number in range(parts):
            run.start("test.tree", args={"parts": 0}, key=f"{run.job.pk}-{number}")
        run.log("read 3 rows")
        return {"rows": 3}

    yield
    del registry.KINDS["test.tree"]


@pytest.fixture
def job(worker: Worker, cast: Cast) -> Job:
    """A job of the team that ended, with two parts."""
    found = services.start(
        "test.tree", actor=cast.actor("owner"), trigger="person", args={"parts": 2}, team=cast.team, subject=cast.team
    )
    worker.run_all()
    found.refresh_from_db()
    return found


def test_list_shows_what_nobody_else_started_with_its_parts(cast: Cast, job: Job) -> None:
    client = cast.client("manager")
    answer = client.get("/jobs/")
    rows = [row.record for row in answer.context["table"].rows]
    assert [(row.pk, row.parts, row.parts_ended) for row in rows] == [(job.pk, 2, 2)]
    assert "Import a file: Flight operations" in answer.content.decode()
    assert len(client.get(f"/jobs/?parent={job.pk}").context["table"].rows) == 2
    assert len(client.get("/jobs/?state=succeeded").context["table"].rows) == 3
    assert len(client.get("/jobs/?state=failed").context["table"].rows) == 0
    assert len(client.get("/jobs/?q=flight").context["table"].rows) == 1
    assert len(cast.client("outsider").get("/jobs/?state=succeeded").context["table"].rows) == 0


def test_csv_has_the_rows_of_the_page(cast: Cast, job: Job) -> None:
    answer = cast.client("manager").get("/jobs/?format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert rows[0] == ["Job", "State", "How far", "Started by", "Asked for", "Took"]
    assert rows[1][:4] == ["Import a file: Flight operations", "Done", "2 of 2 parts ended", "Owner"]


def test_page_shows_counts_log_and_parts(cast: Cast, job: Job) -> None:
    text = cast.client("manager").get(f"/jobs/{job.pk}/").content.decode()
    assert "read 3 rows" in text
    assert "<dt>Rows</dt><dd>3</dd>" in text
    assert "2 parts" in text
    assert "data-poll" not in text
    assert "Only a failed or cancelled job can be retried." not in text
    assert "You may not retry jobs here" in text
    assert cast.client("outsider").get(f"/jobs/{job.pk}/").status_code == 404
    assert cast.client("outsider").get(f"/jobs/{job.pk}/live/").status_code == 404


def test_open_job_is_polled_and_can_be_cancelled_with_a_reason(cast: Cast, worker: Worker) -> None:
    job = services.start("test.tree", actor=SYSTEM, trigger="person", args={"parts": 0}, team=cast.team)
    owner = cast.client("owner")
    text = owner.get(f"/jobs/{job.pk}/").content.decode()
    assert f'data-poll hx-get="/jobs/{job.pk}/live/"' in text
    assert owner.post(f"/jobs/{job.pk}/cancel/", {"reason": ""}).status_code == 422
    assert owner.post(f"/jobs/{job.pk}/cancel/", {"reason": "wrong file"}).status_code == 302
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert owner.post(f"/jobs/{job.pk}/cancel/", {"reason": "again"}).status_code == 409
    assert owner.post(f"/jobs/{job.pk}/retry/", {"reason": "it was right"}).status_code == 302
    worker.run(job)
    assert job.state == State.SUCCEEDED
    assert "Only a failed or cancelled job can be retried." in owner.get(f"/jobs/{job.pk}/").content.decode()


def test_stepping_in_without_the_role_is_refused(cast: Cast) -> None:
    job = services.start("test.tree", actor=SYSTEM, trigger="person", args={"parts": 0}, team=cast.team)
    answer = cast.client("manager").post(f"/jobs/{job.pk}/cancel/", {"reason": "no"})
    assert answer.status_code == 403
    assert "You may not cancel jobs here" in answer.content.decode()
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_api_reads_jobs_of_the_team(program: Callable[..., Program], job: Job) -> None:
    found = program("manager", ("read",)).get(f"/jobs/{job.pk}").json()
    assert (found["state"], found["counts"], found["started_by"]) == ("succeeded", {"rows": 3}, "Owner")
    listed = program("manager", ("read",)).get(f"/jobs?parent={job.pk}").json()
    assert {row["parent"] for row in listed["items"]} == {str(job.pk)}
    assert program("outsider", ("read",)).get(f"/jobs/{job.pk}").status_code == 404


def test_readyz_names_the_parts_that_are_not_ready(db: None) -> None:
    answer = Client().get("/readyz")
    parts = answer.json()["parts"]
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert (parts["database"], parts["migrations"]) == ("ok", "ok")
    assert parts["worker"] == "No worker has been seen in the last 30 seconds."
    services.beat(name="worker a", role="worker")
    services.beat(name="beat a", role="beat")
    answer = Client().get("/readyz")
    assert (answer.status_code, set(answer.json()["parts"].values())) == (200, {"ok"})


def test_readyz_says_what_a_higher_slice_waits_for_and_hides_faults(db: None) -> None:
    before = dict(readiness.CHECKS)

    def fault() -> str | None:
        raise OSError("postgresql://user:secret@host")

    try:
        readiness.register("demo", lambda: "The demo is being filled: 3 of 50 weeks are replayed.")
        readiness.register("other", fault)
        parts = Client().get("/readyz").json()["parts"]
    finally:
        readiness.CHECKS.clear()
        readiness.CHECKS.update(before)
    assert parts["demo"] == "The demo is being filled: 3 of 50 weeks are replayed."
    assert parts["other"] == "This could not be found out; the log has the error."


def test_readyz_says_that_the_queue_does_not_answer(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from celery import Celery

    from audit.jobs import celery_tasks

    gone = Celery("gone", broker="redis://127.0.0.1:1/0", set_as_current=False)
    monkeypatch.setattr(celery_tasks, "queue", lambda: gone)
    assert Client().get("/readyz").json()["parts"]["queue"] == "The queue does not answer; jobs wait until it does."


def test_job_is_kept_when_the_queue_does_not_take_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    from celery import Celery

    from audit.jobs import celery_tasks

    gone = Celery("gone", broker="redis://127.0.0.1:1/0", set_as_current=False)
    monkeypatch.setattr(celery_tasks, "queue", lambda: gone)
    with django_capture_on_commit_callbacks(execute=True):
        job = services.start("test.tree", actor=SYSTEM, trigger="person", args={"parts": 0})
    assert Job.objects.get(pk=job.pk).state == State.QUEUED
