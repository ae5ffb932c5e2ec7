"""States, closes and overrides budgets: each is one transaction with its ledger entry."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue.models import Model, UseCase
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.people.models import Team, User
from audit.people.selectors import actor_of
from costs.allocation.domain import STAGES
from costs.billing.amounts import PLACES, currency_of, plain
from costs.budgets import ledger_actions, selectors
from costs.budgets.domain import standing as rules
from costs.budgets.domain.periods import MONTHS
from costs.budgets.evaluating import look_at
from costs.budgets.models import Budget, BudgetState, Override

STATE, OVERRIDE = selectors.STATE, selectors.OVERRIDE
LARGEST = Decimal(10) ** 15
ALL = (50, 80, 100)


@transaction.atomic
def state_budget(
    *,
    actor: Actor,
    name: str,
    team: Team,
    use_case: UseCase | None = None,
    model: Model | None = None,
    stage: str = "",
    measure: str = rules.MONEY,
    currency: str = "",
    amount: Decimal | str | int,
    period: str,
    hard: bool = False,
    thresholds: Iterable[object] = ALL,
    valid_from: date,
    valid_until: date | None = None,
    owner: User,
    reason: str,
) -> Budget:
    """What ``team``, or its ``use_case`` or ``model``, may spend in each ``period``; how it stands is known at once.

    ``amount`` is effective cost in ``currency`` (ISO 4217), or hours that training runs took (``training_hours``). The
    same as an open budget gives that one.

    Raises:
        NotPermitted: the actor may not state budgets for the team.
        InvalidInput: a value cannot be used; ``where`` names it.
    """
    actor.check(STATE, team.pk)
    if model is not None and use_case is not None:
        raise InvalidInput("A budget is of a use case or of a model.", where="model", mend="Leave one out.")
    whose = use_case.team_id if use_case else model.use_case.team_id if model else team.pk
    if whose != team.pk:
        raise InvalidInput("This belongs to another team.", where="team", mend="State the budget for that team.")
    if not name.strip() or len(name.strip()) > 120:
        raise InvalidInput("A budget has a name of at most 120 characters.", where="name")
    if not reason.strip():
        raise InvalidInput("Say where the amount comes from.", where="reason", mend="A sentence is enough.")
    if period not in MONTHS:
        raise InvalidInput(f"{period!r} is no period.", where="period", mend=f"Use {', '.join(MONTHS)}.")
    if valid_until is not None and valid_until < valid_from:
        raise InvalidInput("The budget ends before it starts.", where="valid_until", mend="Swap the two days.")
    if not owner.is_active or not actor_of(owner).may("read", team.pk):
        raise InvalidInput(
            f"{owner.name} cannot see what {team} spends.", where="owner", mend="Name somebody of the team."
        )
    try:
        said = rules.parse_thresholds(thresholds)
    except ValueError as error:
        raise InvalidInput(str(error), where="thresholds") from error
    code, at = _measured(measure, currency, stage)
    Team.objects.select_for_update().get(pk=team.pk)
    budget = Budget(
        name=name.strip(),
        team=team,
        use_case=use_case,
        model=model,
        stage=at,
        measure=measure,
        currency=code,
        amount=_amount(amount),
        period=period,
        hard=hard,
        thresholds=said,
        valid_from=valid_from,
        valid_until=valid_until,
        owner=owner,
        reason=reason.strip(),
    )
    for known in Budget.objects.filter(team=team, name=budget.name, closed_at=None):
        if _said(known) == _said(budget):
            return known
        raise InvalidInput(
            f"{team} has an open budget “{known}”.", where="name", mend="Close it first, or name this anew."
        )
    budget.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.STATED,
        subject=budget,
        team=team.pk,
        reason=budget.reason,
        changes=created(budget),
    )
    look_at(actor=actor, budget=budget)
    return budget


def _said(budget: Budget) -> dict[str, object]:
    """What was stated of a budget, whenever that was."""
    return {name: value for name, value in values(budget).items() if name != "created_at"}


def _measured(measure: str, currency: str, stage: str) -> tuple[str, str]:
    """The currency and the stage of what is measured."""
    if measure not in rules.MEASURES:
        words = f"{measure!r} cannot be measured."
        raise InvalidInput(words, where="measure", mend=f"Use {' or '.join(rules.MEASURES)}.")
    if stage and stage not in STAGES:
        raise InvalidInput(f"{stage!r} is no stage.", where="stage", mend=f"Use one of {', '.join(STAGES)}.")
    if measure == rules.MONEY:
        return currency_of(currency), stage
    if currency:
        raise InvalidInput("Hours have no currency.", where="currency", mend="Leave it empty.")
    if stage not in {"", selectors.TRAINING}:
        raise InvalidInput("Training hours are of the stage train.", where="stage", mend="Leave it empty.")
    return "", selectors.TRAINING


def _amount(said: Decimal | str | int) -> Decimal:
    try:
        number = Decimal(str(said).strip())
    except InvalidOperation:
        raise InvalidInput(f"“{said}” is not a number.", where="amount", mend="Write it like 250.00.") from None
    if not number.is_finite() or not 0 < number < LARGEST or round(number, PLACES) != number:
        words = "The amount is a number above zero and below a quadrillion, with at most 18 decimals."
        raise InvalidInput(words, where="amount")
    return Decimal(plain(number))


@transaction.atomic
def close_budget(*, actor: Actor, budget: Budget, reason: str) -> Budget:
    """The budget, closed for good: it is not looked at any more, and stops nothing.

    Raises:
        NotPermitted: the actor may not state budgets for the team.
        InvalidInput: no reason.
        Refused: it is closed already.
    """
    row = Budget.objects.select_for_update(of=("self",)).select_related("model").get(pk=budget.pk)
    actor.check(STATE, row.team_id)
    if not reason.strip():
        raise InvalidInput("Say why the budget is closed.", where="reason")
    if row.closed_at is not None:
        raise Refused("This budget was closed before.")
    before = values(row)
    row.closed_at = clock.now()
    row.save(update_fields=("closed_at",))
    record(
        actor=actor,
        action=ledger_actions.CLOSED,
        subject=row,
        team=row.team_id,
        reason=reason.strip(),
        changes=changed(before, row),
    )
    return row


@transaction.atomic
def override_quota(*, actor: Actor, budget: Budget, reason: str, until: date) -> Override:
    """Lets the quota be passed until the end of ``until`` (a day of UTC, within its period). A person answers for it.

    Raises:
        NotPermitted: the actor may not override quotas of the team, or is no person.
        InvalidInput: no reason, or the day is past or beyond the quota's period.
        Refused: see ``why_not_override``.
    """
    row = Budget.objects.select_for_update(of=("self",)).select_related("model").get(pk=budget.pk)
    actor.check(OVERRIDE, row.team_id)
    person = User.objects.filter(pk=actor.user_id).first() if actor.user_id and actor.kind == "person" else None
    if person is None:
        raise NotPermitted("An override needs a person who is signed in.", right=OVERRIDE)
    today = clock.now().date()
    why = why_not_override(row, today)
    if why:
        raise Refused(why)
    if not reason.strip():
        raise InvalidInput("Say why the quota may be passed.", where="reason")
    last = row.span(today).last
    if not today <= until <= last:
        words = f"An override ends between today and the end of the period, {last.day} {last:%B %Y}."
        raise InvalidInput(words, where="until")
    found = Override.objects.create(budget=row, until=until, reason=reason.strip(), given_by=person)
    record(
        actor=actor,
        action=ledger_actions.OVERRIDDEN,
        subject=found,
        team=row.team_id,
        reason=found.reason,
        changes=created(found),
    )
    return found


def why_not_override(budget: Budget, today: date) -> str:
    """The sentence that says why there is nothing to override; empty when there is."""
    if not budget.hard:
        return "This budget stops nothing, so there is nothing to override."
    if not budget.holds_on(today):
        return "This quota is not in force today, so there is nothing to override."
    state = BudgetState.objects.filter(budget=budget).first()
    if state is None or state.period_start != budget.span(today).first or state.spent <= budget.amount:
        return "This quota is not exceeded in its present period, so there is nothing to override."
    return ""
