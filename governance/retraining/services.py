"""Sets rules, judges weeks, opens and ends retrainings and reviews. Each is one transaction with its ledger entry."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from audit.alerts import selectors as alerts
from audit.alerts.models import Alert
from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue.followers import tell
from audit.catalogue.models import Model, ModelVersion, Pipeline, Task
from audit.catalogue.selectors import holder_of
from audit.jobs.models import Job
from audit.jobs.models import State as JobState
from audit.ledger.audited import changed, created, values
from audit.ledger.services import Changes, record
from audit.monitoring.domain.meaning import METRICS
from costs.budgets.selectors import TRAINING, blocked_by
from governance.approvals import selectors as approvals
from governance.retraining import domain, ledger_actions, selectors
from governance.retraining.models import Evaluation, Mode, Retraining, Review, ReviewState, Rule, State

MANAGE, REVIEW = "retraining.manage", "retraining.review"
FIELDS = (
    "metric", "comparison", "threshold", "windows", "min_n", "mode", "train_weeks", "compare_weeks", "cooldown_weeks",
    "shadow", "enabled",
)  # fmt: skip
MAX_COMMENT = 10_000


@transaction.atomic
def create_rule(
    *,
    actor: Actor,
    model: Model,
    pipeline: Pipeline,
    metric: str,
    comparison: str,
    threshold: float,
    windows: int = 3,
    min_n: int = 200,
    mode: str = Mode.ASK,
    train_weeks: int = 8,
    compare_weeks: int = 4,
    cooldown_weeks: int = 4,
    shadow: bool = True,
    enabled: bool = True,
) -> Rule:
    """A rule for ``metric`` of ``model``: new, or the one that says exactly this already.

    Raises:
        NotPermitted: the actor may not manage retraining for the team.
        InvalidInput: a value is out of its range, the pipeline is another model's, or the metric has another rule.
    """
    actor.check(MANAGE, model.use_case.team_id)
    Model.objects.select_for_update().get(pk=model.pk)
    rule = Rule(
        model=model,
        pipeline=pipeline,
        metric=metric,
        comparison=comparison,
        threshold=threshold,
        windows=windows,
        min_n=min_n,
        mode=mode,
        train_weeks=train_weeks,
        compare_weeks=compare_weeks,
        cooldown_weeks=cooldown_weeks,
        shadow=shadow,
        enabled=enabled,
    )
    _validate(rule)
    known = Rule.objects.filter(model=model, metric=metric).first()
    if known is not None:
        if _values(known) == _values(rule) and known.pipeline_id == pipeline.pk:
            return known
        raise InvalidInput(f"{model} has a rule for {metric}.", where="metric", mend="Change that rule instead.")
    rule.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.RULE_CREATED,
        subject=rule,
        team=model.use_case.team_id,
        changes=created(rule),
    )
    tell([model])
    return rule


@transaction.atomic
def change_rule(*, actor: Actor, rule: Rule, changes: dict[str, Any], reason: str) -> Rule:
    """The rule with ``changes`` (field -> value). Past evaluations keep what they saw.

    Raises:
        NotPermitted: the actor may not manage retraining for the team.
        InvalidInput: a field is unknown or out of its range.
    """
    rule = Rule.objects.select_for_update(of=("self",)).select_related(selectors.TEAM, "pipeline").get(pk=rule.pk)
    actor.check(MANAGE, rule.model.use_case.team_id)
    unknown = set(changes) - set(FIELDS) | {"metric"} & set(changes)
    if unknown:
        raise InvalidInput(f"A rule has no {', '.join(sorted(unknown))} that could be changed.", where="changes")
    before = _values(rule)
    for name, value in changes.items():
        setattr(rule, name, value)
    _validate(rule)
    after = _values(rule)
    told: Changes = {name: (before[name], after[name]) for name in FIELDS if before[name] != after[name]}
    if told:
        rule.save()
        record(
            actor=actor,
            action=ledger_actions.RULE_CHANGED,
            subject=rule,
            team=rule.model.use_case.team_id,
            reason=reason,
            changes=told,
        )
        tell([rule.model])
    return rule


def _values(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in FIELDS}


def _validate(rule: Rule) -> None:
    if rule.pipeline.model_id != rule.model_id:
        raise InvalidInput("This pipeline trains another model.", where="pipeline")
    known = METRICS.get(rule.model.task, ())
    if not known:
        words = f"What {rule.model} predicts is unknown."
        raise InvalidInput(words, where="model", mend="Say it on the model's page first.")
    if rule.model.task == Task.MULTICLASS:
        raise InvalidInput(
            f"{rule.model} has more than two classes, and versions of such a model cannot be compared yet.",
            where="model",
            mend="Retrain it outside of Tollgate and register the version.",
        )
    if rule.metric not in known:
        raise InvalidInput(f"{rule.metric} is not measured for {rule.model}.", where="metric", mend=f"Use {known[0]}.")
    try:
        rule.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(" ".join(messages), where=field) from None


@transaction.atomic
def evaluate(*, actor: Actor, rule: Rule, week: date) -> list[Retraining]:
    """Judges the rule on the weeks that the week from ``week`` (a Monday) completes; what fired, if anything did.

    That is the week itself and those after it, whose run of weeks holds it. Weeks older than the last one that could
    be judged are left alone. Each judgement is kept; a week fires at most once, and again gives the same retraining.
    """
    rule = Rule.objects.select_for_update(of=("self",)).select_related(selectors.TEAM, "pipeline").get(pk=rule.pk)
    if not rule.enabled:
        return []
    champion = holder_of(model=rule.model)
    last = week + (rule.windows - 1) * WEEK
    known = selectors.weeks(version=champion, metric=rule.metric, until=last) if champion else []
    if any(one.start == week and one.n == 0 for one in known):
        return []  # its labels are still to come, and measuring them asks again
    due = [week] + [one.start for one in known if one.start > week and one.complete(rule.min_n)]
    fired = []
    for monday in due:
        judged = rule.evaluations.filter(conclusive=True).aggregate(last=Max("week"))["last"]
        earlier = rule.evaluations.filter(week=monday, fired=True).first()
        if earlier is not None:
            fired += list(earlier.retrainings.all())
        elif judged is None or monday >= judged:
            fired += _judge(actor, rule, champion, known, monday)
    return fired


def _judge(
    actor: Actor, rule: Rule, champion: ModelVersion | None, known: list[domain.Week], monday: date
) -> list[Retraining]:
    seen = selectors.in_a_row(known, until=monday, count=rule.windows)
    standing = _standing(rule, known, monday, [one.start for one in seen])
    if champion is None:
        verdict = domain.Verdict(False, "no_version", f"Not judged: no version of {rule.model} is in production.")
    else:
        verdict = domain.judge(rule.condition(), seen, standing)
    inputs = {
        "rule": _values(rule),
        "version": champion.number if champion else None,
        "weeks": [
            {"week": one.start.isoformat(), "value": one.value, "n": one.n, "predictions": one.predictions}
            for one in seen
        ],
        "standing": {name: getattr(standing, name) for name in domain.Standing.__dataclass_fields__},
    }
    evaluation, made = Evaluation.objects.get_or_create(
        rule=rule,
        week=monday,
        inputs_digest=domain.digest_of(inputs),
        defaults={
            "fired": verdict.fired,
            "code": verdict.code,
            "conclusive": verdict.conclusive,
            "sentence": verdict.sentence,
            "inputs": inputs,
            "at": clock.now(),
        },
    )
    if made:
        record(
            actor=actor,
            action=ledger_actions.JUDGED,
            subject=evaluation,
            team=rule.model.use_case.team_id,
            reason=verdict.sentence,
            changes=created(evaluation),
        )
    if not (made and verdict.fired and champion):
        return []
    return [_open(actor, rule, monday, champion, reason=verdict.sentence, by=f"Rule: {rule.condition().words()}",
                  evaluation=evaluation)]  # fmt: skip


def _standing(rule: Rule, known: list[domain.Week], monday: date, seen: list[date]) -> domain.Standing:
    request = approvals.open_request(model=rule.model)
    fault = alerts.fault(model=rule.model, weeks=[clock.start_of(day) for day in seen])
    previous = rule.retrainings.filter(week__lt=monday).aggregate(last=Max("week"))["last"]
    return domain.Standing(
        request_open=str(request.version) if request else "",
        review_open=Review.objects.filter(model=rule.model, state=ReviewState.OPEN).exists(),
        data_fault=_words(fault) if fault else "",
        quota=blocked_by(model=rule.model, stages={TRAINING}),
        running=selectors.is_running(rule),
        since_last=(monday - previous).days // 7 if previous else None,
        cooldown=rule.cooldown_weeks,
        history=sum(week.complete(rule.min_n) for week in known if week.start <= monday),
        needed=rule.train_weeks,
    )


def _words(fault: Alert) -> str:
    first, last = (domain.say_day(at.date()) for at in (fault.first_week, fault.last_week))
    weeks = f"the week of {first}" if first == last else f"the weeks of {first} to {last}"
    return f"an alert says that the data of {weeks} are at fault."


def _open(
    actor: Actor, rule: Rule, monday: date, champion: ModelVersion, *, reason: str, by: str,
    evaluation: Evaluation | None = None,
) -> Retraining:  # fmt: skip
    retraining = Retraining.objects.create(
        rule=rule,
        model=rule.model,
        evaluation=evaluation,
        key=f"{rule.pk}:{monday}",
        week=monday,
        started_by=by,
        reason=reason,
        champion=champion,
    )
    record(
        actor=actor,
        action=ledger_actions.FIRED,
        subject=retraining,
        team=rule.model.use_case.team_id,
        reason=reason,
        changes=created(retraining) | {"replaces": (None, str(champion))},
    )
    return retraining


@transaction.atomic
def start_retraining(*, actor: Actor, rule: Rule, reason: str) -> Retraining:
    """A retraining that a person or program asks for, on the newest labelled weeks, as the rule would do it.

    Raises:
        NotPermitted: the actor may not manage retraining for the team.
        InvalidInput: no reason.
        Refused: nothing is in production, weeks are missing, one is running, a request is open, a quota is exceeded,
            or these very weeks were trained on before.
    """
    rule = Rule.objects.select_for_update(of=("self",)).select_related(selectors.TEAM, "pipeline").get(pk=rule.pk)
    actor.check(MANAGE, rule.model.use_case.team_id)
    if not reason.strip():
        raise InvalidInput("Say why retraining should start now.", where="reason")
    why = why_not_start(actor, rule)
    if why:
        raise Refused(why)
    champion, complete = _labelled_weeks(rule)
    assert champion is not None
    return _open(actor, rule, complete[-1].start, champion, reason=reason.strip(), by=actor.name)


def why_not_start(actor: Actor, rule: Rule) -> str:
    """The sentence that says why retraining cannot start on demand; empty when it can."""
    if not actor.may(MANAGE, rule.model.use_case.team_id):
        return actor.why_not(MANAGE)
    champion, complete = _labelled_weeks(rule)
    if champion is None:
        return f"No version of {rule.model} is in production, so there is nothing to compare with."
    if len(complete) < rule.train_weeks:
        return f"{len(complete)} labelled weeks are there; {rule.train_weeks} are needed to train."
    if selectors.is_running(rule):
        return "A retraining of this model is under way."
    fault = alerts.fault(model=rule.model, weeks=())
    if fault is not None:
        words = _words(fault)
        return f"{words[:1].upper()}{words[1:]} Mend them and close it first: data at fault start no retraining."
    request = approvals.open_request(model=rule.model)
    if request is not None:
        return f"A request to promote {request.version} waits for its decision."
    quota = blocked_by(model=rule.model, stages={TRAINING})
    if quota:
        return quota
    if Retraining.objects.filter(key=f"{rule.pk}:{complete[-1].start}").exists():
        return f"These weeks, until that of {domain.say_day(complete[-1].start)}, were retrained on before."
    return ""


def _labelled_weeks(rule: Rule) -> tuple[ModelVersion | None, list[domain.Week]]:
    champion = holder_of(model=rule.model)
    if champion is None:
        return None, []
    known = selectors.weeks(version=champion, metric=rule.metric, until=clock.now().date())
    return champion, [week for week in known if week.complete(rule.min_n)]


def bind_job(*, retraining: Retraining, job: Job) -> None:
    """Keeps which job runs the retraining, so that its page shows the progress."""
    Retraining.objects.filter(pk=retraining.pk, job=None).update(job=job)


@transaction.atomic
def begin(*, actor: Actor, retraining_id: str) -> Retraining | None:
    """The retraining, training from now; None when an earlier attempt of the job has trained."""
    rows = Retraining.objects.select_for_update(of=("self",))
    retraining = rows.select_related(selectors.TEAM, "model__owner", "rule__pipeline", "champion").get(pk=retraining_id)
    if retraining.state in (State.WAITING, State.FINISHED):
        return None
    move(actor=actor, retraining=retraining, event="start", action=ledger_actions.BEGAN)
    return retraining


def move(*, actor: Actor, retraining: Retraining, event: str, action: str) -> None:
    """Takes the locked retraining to the state after ``event``; where that is another one, it is an entry."""
    before = retraining.state
    retraining.state = domain.RETRAINING.after(before, event)
    if retraining.state == before:
        return
    retraining.save(update_fields=("state",))
    record(
        actor=actor,
        action=action,
        subject=retraining,
        team=retraining.model.use_case.team_id,
        changes={"state": (before, retraining.state)},
    )


@transaction.atomic
def note_failure(*, job: Job) -> None:
    """Marks the retraining of a job that failed for good."""
    if job.state != JobState.FAILED:
        return
    rows = Retraining.objects.select_for_update(of=("self",)).select_related(selectors.TEAM)
    retraining = rows.filter(pk=job.args.get("retraining")).first()
    if retraining is None or not domain.RETRAINING.allows(retraining.state, "fail"):
        return
    before = values(retraining)
    retraining.state = domain.RETRAINING.after(retraining.state, "fail")
    retraining.sentence = job.error
    retraining.save(update_fields=("state", "sentence"))
    record(
        actor=Actor.service("retraining", origin=f"job {job.pk}"),
        action=ledger_actions.FAILED,
        subject=retraining,
        team=retraining.model.use_case.team_id,
        reason=job.error,
        changes=changed(before, retraining),
    )


@transaction.atomic
def close_review(*, actor: Actor, review: Review, comment: str) -> Review:
    """The review, closed by a person with a comment that says what was found; the rule may fire again.

    Raises:
        NotPermitted: the actor is not a person with the right to close reviews of the team.
        Refused: it has been closed.
        InvalidInput: no comment.
    """
    rows = Review.objects.select_for_update(of=("self",))
    review = rows.select_related(selectors.TEAM).get(pk=review.pk)
    why = why_not_close(actor, review)
    if domain.REVIEW.is_end(review.state):
        raise Refused(why)
    if why:
        raise NotPermitted(why, right=REVIEW)
    comment = comment.strip()
    if not comment or len(comment) > MAX_COMMENT:
        raise InvalidInput("Write a comment: it says what the review found.", where="comment")
    before = values(review)
    review.state = domain.REVIEW.after(review.state, "close")
    review.closed_at, review.comment = clock.now(), comment
    review.closed_by_id = actor.user_id
    review.save()
    record(
        actor=actor,
        action=ledger_actions.REVIEW_CLOSED,
        subject=review,
        team=review.model.use_case.team_id,
        reason=comment,
        changes=changed(before, review),
    )
    return review


def why_not_close(actor: Actor, review: Review) -> str:
    """The sentence that says why the actor cannot close the review; empty when the actor can."""
    if domain.REVIEW.is_end(review.state):
        return domain.REVIEW.why_not(review.state)
    if actor.kind != "person":
        return "A review needs a person who is signed in; a program may not close it."
    if not actor.may(REVIEW, review.model.use_case.team_id):
        return actor.why_not(REVIEW)
    return ""


def actor_after(job: Job) -> Actor:
    """The service that goes on where ``job`` ended."""
    return Actor.service("retraining", origin=f"job {job.pk}", on_behalf_of=job.actor_id)
