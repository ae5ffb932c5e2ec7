"""The jobs of retraining: judge the rules after each measurement, and run what fired. Ids in, one service call."""

from datetime import date
from typing import Any

from django.db import transaction

from audit.alerts import services as alerts
from audit.base.clock import week_of
from audit.base.errors import TollgateError
from audit.jobs import registry
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.registry import job
from audit.jobs.run import Run
from governance.retraining import comparing, selectors, services, training
from governance.retraining.models import Rule
from governance.retraining.starting import RUN

EVALUATE, COMPARE = "retraining.evaluate", "retraining.compare"


@job(EVALUATE, title="Judge retraining rules", permanent=(TollgateError,))
def evaluate(run: Run, *, model: str, week: str) -> dict[str, Any]:
    """Judges each rule of the model on the week from ``week`` (2013-07-08), and starts what fires.

    What stands out in the week is looked for before: a fault of its data must be known when a rule is judged.
    """
    alerts.weigh_of(actor=run.actor, model_id=model, week=week_of(date.fromisoformat(week)))
    judged, fired, compared = 0, 0, 0
    for rule in Rule.objects.filter(model_id=model, enabled=True).order_by("pk"):
        with transaction.atomic():
            for retraining in services.evaluate(actor=run.actor, rule=rule, week=date.fromisoformat(week)):
                child = run.start(
                    RUN,
                    args={"retraining": str(retraining.pk)},
                    key=retraining.key,
                    subject=retraining,
                    team=run.job.team,
                )
                services.bind_job(retraining=retraining, job=child)
                fired += 1
        compared += _compare_due(run, rule)
        judged += 1
    return {"rules": judged, "fired": fired, "comparisons": compared}


def _compare_due(run: Run, rule: Rule) -> int:
    """Starts the comparison of each challenger whose weeks are labelled now."""
    due = [one for one in selectors.waiting(rule) if comparing.why_wait(one) == ""]
    for retraining in due:
        args = {"retraining": str(retraining.pk)}
        run.start(COMPARE, args=args, key=retraining.key, subject=retraining, team=run.job.team)
    return len(due)


@job(RUN, title="Retrain", permanent=(TollgateError,))
def retrain(run: Run, *, retraining: str) -> dict[str, Any]:
    """Trains a challenger, and puts it beside the version in production."""
    return training.run(actor=run.actor, retraining_id=retraining, report=run.progress, log=run.log)


@job(COMPARE, title="Compare champion and challenger", permanent=(TollgateError,))
def compare(run: Run, *, retraining: str) -> dict[str, Any]:
    """Compares on the same labelled cases, and asks people or opens a review."""
    return comparing.run(actor=run.actor, retraining_id=retraining, report=run.progress, log=run.log)


def judge_after(measured: Job) -> None:
    """Follows a measurement: the rules of its model are judged on its week."""
    if measured.state != State.SUCCEEDED:
        return
    model = measured.args["model"]
    if not Rule.objects.filter(model_id=model, enabled=True).exists():
        return
    jobs.start(
        EVALUATE,
        actor=services.actor_after(measured),
        trigger="chain",
        args={"model": model, "week": measured.args["week"]},
        key=str(measured.pk),
        team=measured.team,
        parent=measured,
    )


registry.follow("monitoring.measure", judge_after)
registry.follow(RUN, lambda ended: services.note_failure(job=ended))
registry.follow(COMPARE, lambda ended: services.note_failure(job=ended))
