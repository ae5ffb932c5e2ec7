"""States what outcomes are worth and what was promised: each a new record with its reason, and a ledger entry."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.models import UseCase
from audit.ledger.audited import created
from audit.ledger.services import record
from costs.billing.amounts import currency_of
from costs.returns import domain, ledger_actions
from costs.returns.models import Promise, ValueStatement

RIGHT = "returns.value"
RATE_STEP = Decimal("0.00001")


@transaction.atomic
def state_value(
    *,
    actor: Actor,
    use_case: UseCase,
    currency: str,
    values: Mapping[str, object],
    valid_from: date,
    valid_until: date | None = None,
    reason: str,
    owner: str = "",
    source: str = "",
    baseline: Mapping[str, Any] | None = None,
    discount_rate: Decimal | None = None,
) -> ValueStatement:
    """What outcomes of ``use_case`` are worth, each in ``currency`` (ISO 4217), from one day to another inclusive.

    ``values`` maps tp, fp, fn, tn, prediction or unit_of_error to an amount, negative where it costs, or to a range:
    low, high and perhaps likely. ``owner`` answers for them (the actor where nobody is named), ``source`` says where
    they come from; ``baseline`` is what comes without the model (kind, and what the kind needs), and ``discount_rate``
    a share per year, 0 to less than 10. The same statement as the one recorded last gives that one.

    Raises:
        NotPermitted: the actor may not state values for the team.
        InvalidInput: an outcome, a value, the baseline, the rate, the currency, the days or the reason cannot be used.
    """
    actor.check(RIGHT, use_case.team_id)
    try:
        ranges = domain.parse_values(values)
    except ValueError as error:
        raise InvalidInput(str(error), where="values") from error
    try:
        without = domain.parse_baseline(baseline)
    except ValueError as error:
        raise InvalidInput(str(error), where="baseline") from error
    if discount_rate is not None and not (discount_rate.is_finite() and 0 <= discount_rate < 10):
        raise InvalidInput(
            "The discount rate is a share per year.", where="discount_rate", mend="Write 0.08 for 8 percent."
        )
    if valid_until is not None and valid_until < valid_from:
        raise InvalidInput("The statement ends before it starts.", where="valid_until", mend="Swap the two days.")
    if not reason.strip():
        raise InvalidInput("Say why these values hold.", where="reason", mend="A sentence is enough.")
    texts = domain.texts(ranges)
    said: dict[str, Any] = {
        "currency": currency_of(currency),
        "values": texts,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "reason": reason.strip(),
        "owner": owner.strip() or actor.name,
        "source": source.strip(),
        "baseline": without.stored(),
        "discount_rate": None if discount_rate is None else discount_rate.quantize(RATE_STEP),
    }
    UseCase.objects.select_for_update().get(pk=use_case.pk)
    last = ValueStatement.objects.filter(use_case=use_case).first()
    if last and all(getattr(last, name) == value for name, value in said.items()):
        return last
    statement = ValueStatement.objects.create(
        use_case=use_case, stated_by=actor.name, stated_by_id=actor.on_behalf_of or actor.id, **said
    )
    record(
        actor=actor,
        action=ledger_actions.STATED,
        subject=statement,
        team=use_case.team_id,
        reason=statement.reason,
        changes=created(statement)
        | {
            "values": (last.values if last else None, texts),
            "currency": (last.currency if last else None, statement.currency),
        },
    )
    return statement


@transaction.atomic
def promise_value(
    *,
    actor: Actor,
    use_case: UseCase,
    currency: str,
    monthly: Decimal,
    since: date,
    until: date | None = None,
    reason: str,
) -> Promise:
    """The net value a month of ``use_case`` that is promised from one day to another inclusive (None: for good).

    The same promise as the one recorded last gives that one.

    Raises:
        NotPermitted: the actor may not state values for the team.
        InvalidInput: the amount, the currency, the days or the reason cannot be used.
    """
    actor.check(RIGHT, use_case.team_id)
    if not domain.is_amount(monthly):
        raise InvalidInput(f"“{monthly}” is no amount.", where="monthly", mend="Write it like 1200.00.")
    if until is not None and until < since:
        raise InvalidInput("The promise ends before it starts.", where="until", mend="Swap the two days.")
    if not reason.strip():
        raise InvalidInput("Say what the promise rests on.", where="reason", mend="A sentence is enough.")
    said: dict[str, Any] = {
        "currency": currency_of(currency),
        "monthly": monthly,
        "since": since,
        "until": until,
        "reason": reason.strip(),
    }
    UseCase.objects.select_for_update().get(pk=use_case.pk)
    last = Promise.objects.filter(use_case=use_case).first()
    if last and all(getattr(last, name) == value for name, value in said.items()):
        return last
    promise = Promise.objects.create(
        use_case=use_case, promised_by=actor.name, promised_by_id=actor.on_behalf_of or actor.id, **said
    )
    record(
        actor=actor,
        action=ledger_actions.PROMISED,
        subject=promise,
        team=use_case.team_id,
        reason=promise.reason,
        changes=created(promise),
    )
    return promise
