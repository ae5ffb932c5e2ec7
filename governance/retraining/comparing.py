"""Compares champion and challenger on the same labelled cases, which neither has seen, and hands the result to people.

The cases are those of the weeks after the ones that fired the rule, as the champion met and logged them. Running twice
gives one request.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK, start_of
from audit.base.errors import Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Environment, ModelVersion, Task
from audit.catalogue.selectors import holder_of
from audit.lake import store
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import frames
from governance.approvals import services as approvals
from governance.approvals.domain import words_of
from governance.retraining import domain, engines, ledger_actions, measures, selectors, services, training
from governance.retraining.models import Retraining, Review, State
from governance.retraining.training import SEED, TARGET, Report


def why_wait(retraining: Retraining) -> str:
    """The sentence that says what the comparison waits for; empty when it can be made."""
    if holder_of(model=retraining.model) != retraining.champion:
        return ""
    there, needed = len(selectors.compared_weeks(retraining)), retraining.rule.compare_weeks
    return "" if there >= needed else f"{there} of {needed} weeks after it are labelled."


def run(*, actor: Actor, retraining_id: str, report: Report, log: Callable[[str], None]) -> dict[str, Any]:
    """Compares, and concludes; counts for the job's page.

    Raises:
        Refused: the weeks to compare on are not labelled yet.
    """
    retraining = begin(actor=actor, retraining_id=retraining_id)
    if retraining is None:
        log("This retraining was finished by an earlier attempt.")
        return {}
    candidate = retraining.candidate
    assert candidate is not None
    report(0, 2, f"Comparing {candidate} with v{retraining.champion.number}")
    present = holder_of(model=retraining.model)
    if present != retraining.champion:
        comparison = _overtaken(retraining, candidate, present)
    else:
        comparison = _compare(actor, retraining, candidate)
    report(1, 2, "Deciding what follows")
    done = conclude(actor=actor, retraining=retraining, candidate=candidate, comparison=comparison)
    log(done.sentence)
    report(2, 2, done.get_outcome_display())
    return {"compared on": comparison["rows"], "days": comparison["days"]}


@transaction.atomic
def begin(*, actor: Actor, retraining_id: str) -> Retraining | None:
    """The retraining, being compared from now; None when it has been finished before."""
    rows = Retraining.objects.select_for_update(of=("self",))
    retraining = rows.select_related(
        selectors.TEAM, "model__owner", "rule__pipeline", "rule__model", "champion", "candidate__model"
    ).get(pk=retraining_id)
    if retraining.state == State.FINISHED:
        return None
    services.move(actor=actor, retraining=retraining, event="compare", action=ledger_actions.COMPARED_AGAIN)
    return retraining


def _overtaken(retraining: Retraining, candidate: ModelVersion, present: ModelVersion | None) -> dict[str, Any]:
    """The evidence when another version went into production meanwhile: there are no common cases to compare on."""
    now = f"v{present.number} is in production now" if present else "nothing is in production now"
    return {
        "champion": retraining.champion.number,
        "candidate": candidate.number,
        "rows": 0,
        "days": 0,
        "measures": [],
        "changed": f"{now}, no longer v{retraining.champion.number}, so later weeks cannot be compared.",
        "retraining": str(retraining.pk),
    }


def _compare(actor: Actor, retraining: Retraining, candidate: ModelVersion) -> dict[str, Any]:
    """The evidence: both versions on the same labelled cases, as the champion met them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    model, champion, rule = retraining.model, retraining.champion, retraining.rule
    why = why_wait(retraining)
    if why:
        raise Refused(f"There is nothing to compare on yet: {why}")
    weeks = selectors.compared_weeks(retraining)
    since, until = start_of(weeks[0].start), start_of(weeks[-1].start + WEEK)
    rows = training.typed(frames.labelled(model, champion.number, since, until), model)
    rows = rows.sort_by([("at", "ascending"), ("prediction_id", "ascending")])
    column = "score" if model.task == Task.CLASSIFICATION else "prediction"
    before = rows[column].to_numpy().astype("float64")
    known = ~np.isnan(before)
    if not known.all():
        rows, before = rows.filter(pa.array(known)), before[known]
    truth = rows[TARGET].to_numpy()
    days = pc.floor_temporal(rows["at"], unit="day").cast(pa.int64()).to_numpy()
    engine = engines.engine(rule.pipeline.engine)
    after = engine.predict(store.read_bytes(candidate.artefact), rows, digest=candidate.artefact_digest)
    kept = training.keep(
        actor, model, rows.append_column("challenger", pa.array(after)), since, until, "compared", "compared cases"
    )
    evidence: dict[str, Any] = {
        "champion": champion.number,
        "candidate": candidate.number,
        "rows": len(rows),
        "days": int(np.unique(days).size),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "data": {"name": str(kept), "digest": kept.digest},
        "learned": _learned(champion, since),
        "min_n": rule.min_n,
        "retraining": str(retraining.pk),
    }
    answers = measures.Answers(truth, before, np.asarray(after, dtype=float), days)
    evidence["measures"] = _measures(retraining, answers) if len(rows) >= rule.min_n else []
    if model.task == Task.CLASSIFICATION and model.threshold is not None:
        evidence["threshold"] = model.threshold
        evidence["outcomes"] = {
            "champion": measures.confusion(truth, before >= model.threshold),
            "candidate": measures.confusion(truth, after >= model.threshold),
        }
    elif model.task == Task.REGRESSION:
        evidence["outcomes"] = {
            "champion": {"absolute_error": float(np.abs(before - truth).sum())},
            "candidate": {"absolute_error": float(np.abs(after - truth).sum())},
        }
    return evidence


def _measures(retraining: Retraining, answers: measures.Answers) -> list[dict[str, Any]]:
    model = retraining.model
    if model.task == Task.CLASSIFICATION:
        assert model.threshold is not None
        return measures.classification(answers, threshold=model.threshold, seed=SEED)
    return measures.regression(answers, seed=SEED)


def _learned(champion: ModelVersion, since: datetime) -> str:
    """Whether the comparison is fair: what the champion is known to have learned from."""
    if champion.data_until is None:
        return f"The challenger did not learn from them; what v{champion.number} learned from is unknown."
    if champion.data_until > since:
        return f"The challenger did not learn from them; v{champion.number} did, which favours it."
    return "Neither version learned from them."


@transaction.atomic
def conclude(
    *, actor: Actor, retraining: Retraining, candidate: ModelVersion, comparison: dict[str, Any]
) -> Retraining:
    """Ends the retraining: a request, a review or neither, by ``domain.OUTCOMES``."""
    locked = Retraining.objects.select_for_update(of=("self",)).select_related(
        selectors.TEAM, "model__owner", "rule", "champion"
    )
    row = locked.get(pk=retraining.pk)
    if row.state == State.FINISHED:
        return row
    before = values(row)
    main = comparison["measures"][0] if comparison["measures"] else None
    words = words_of(main) if main else "unknown"
    row.outcome, follows = domain.OUTCOMES[words]
    row.sentence = outcome_sentence(row, candidate, comparison, main)
    row.candidate, row.comparison = candidate, comparison
    row.state, row.finished_at = domain.RETRAINING.after(row.state, "finish"), clock.now()
    if follows == domain.REQUEST_OPENS:
        _ask(actor, row, candidate, comparison)
    else:
        _leave_shadow(actor, row, candidate)
    row.save()
    if follows == domain.REVIEW_OPENS:
        _open_review(actor, row)
    record(
        actor=actor,
        action=ledger_actions.FINISHED,
        subject=row,
        team=row.model.use_case.team_id,
        reason=row.sentence,
        changes=changed(before, row) | {"version": (None, str(candidate))},
    )
    return row


def outcome_sentence(
    row: Retraining, candidate: ModelVersion, comparison: dict[str, Any], main: dict[str, Any] | None
) -> str:
    """The comparison in one sentence."""
    cases = f"{comparison['rows']:,} labelled cases of {comparison['days']} days"
    if comparison.get("changed"):
        return f"Undecided: {comparison['changed']}"
    if main is None or main["difference"] is None:
        return f"Undecided: {cases} do not suffice to tell {candidate} from v{row.champion.number}; that is not a pass."
    condition = row.rule.condition()
    metric = main["metric"]
    say = domain.Condition(metric, "", 0.0, 1, 1, condition.unit).say
    verdict = {
        domain.BETTER: f"{candidate} is better than v{row.champion.number}",
        domain.WORSE: f"{candidate} is worse than v{row.champion.number}",
    }.get(row.outcome, f"{candidate} does not differ from v{row.champion.number}")
    return (
        f"{verdict}: {main['name']} {say(main['candidate'])} against {say(main['champion'])} on the same {cases} "
        f"(difference {_signed(main['difference'])}, 95% interval {_signed(main['low'])} to {_signed(main['high'])})."
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")


def _ask(actor: Actor, row: Retraining, candidate: ModelVersion, comparison: dict[str, Any]) -> None:
    try:
        row.request = approvals.request_promotion(
            actor=actor,
            version=candidate,
            mode=training.mode_of(row.champion),
            reason=f"{row.sentence} {row.reason}",
            evidence=comparison,
            on_behalf_of=row.model.owner,
            requester=f"Retraining rule of {row.model}",
        )
    except Refused as refusal:
        row.sentence += f" No request was opened: {refusal.sentence}"


def _leave_shadow(actor: Actor, row: Retraining, candidate: ModelVersion) -> None:
    """A challenger that is not asked for does not run on."""
    live = Deployment.objects.filter(version=candidate, environment=Environment.SHADOW, until=None)
    end = selectors.compared_weeks(row)
    until = start_of(end[-1].start + WEEK) if end else None
    for deployment in live.select_related(f"version__{selectors.TEAM}"):
        catalogue.end_deployment(actor=actor, deployment=deployment, until=until, reason=row.sentence)


def _open_review(actor: Actor, row: Retraining) -> None:
    if Review.objects.filter(model=row.model, state=domain.OPEN).exists():
        return
    review = Review.objects.create(
        model=row.model,
        retraining=row,
        reason=f"Retraining did not help. {row.sentence}",
        opened_at=clock.now(),
    )
    record(
        actor=actor,
        action=ledger_actions.REVIEW_OPENED,
        subject=review,
        team=row.model.use_case.team_id,
        reason=review.reason,
        changes=created(review),
    )
