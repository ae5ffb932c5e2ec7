"""States what outcomes are worth: each statement is a new record with its owner and reason, and a ledger entry."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.catalogue.models import UseCase
from audit.ledger.audited import created
from audit.ledger.services import record
from costs.returns import domain, ledger_actions
from costs.returns.models import ValueStatement

RIGHT = "returns.value"


@transaction.atomic
def state_value(
    *,
    actor: Actor,
    use_case: UseCase,
    currency: str,
    values: Mapping[str, Decimal | str | int],
    valid_from: date,
    valid_until: date | None = None,
    reason: str,
) -> ValueStatement:
    """What outcomes of ``use_case`` are worth, each in ``currency`` (ISO 4217), from one day to another inclusive.

    ``values`` maps tp, fp, fn, tn, prediction or unit_of_error to an amount, negative where it costs. The same
    statement as the one recorded last gives that one.

    Raises:
        NotPermitted: the actor may not state values for the team.
        InvalidInput: an outcome, a value, the currency, the days or the reason cannot be used.
    """
    actor.check(RIGHT, use_case.team_id)
    try:
        amounts = domain.parse_values(values)
    except ValueError as error:
        raise InvalidInput(str(error), where="values") from error
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise InvalidInput(f"“{currency}” is no currency.", where="currency", mend="Use its three letters, like USD.")
    if valid_until is not None and valid_until < valid_from:
        raise InvalidInput("The statement ends before it starts.", where="valid_until", mend="Swap the two days.")
    if not reason.strip():
        raise InvalidInput("Say where the values come from.", where="reason", mend="A sentence is enough.")
    texts = {outcome: format(amount, "f") for outcome, amount in amounts.items()}
    UseCase.objects.select_for_update().get(pk=use_case.pk)
    last = ValueStatement.objects.filter(use_case=use_case).first()
    said = (currency.upper(), texts, valid_from, valid_until, reason.strip())
    if last and (last.currency, last.values, last.valid_from, last.valid_until, last.reason) == said:
        return last
    statement = ValueStatement.objects.create(
        use_case=use_case,
        currency=currency.upper(),
        values=texts,
        valid_from=valid_from,
        valid_until=valid_until,
        stated_by=actor.name,
        stated_by_id=actor.on_behalf_of or actor.id,
        reason=reason.strip(),
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
