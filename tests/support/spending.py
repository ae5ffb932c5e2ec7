"""Money that was spent on given days, as a bill that is read, and budgets that someone stated."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from audit.jobs.models import Job
from costs.budgets import services
from costs.budgets.models import Budget
from tests.support.bills import bill, read, receive
from tests.support.cast import SYSTEM, Cast


def spend(
    days: Mapping[date, str],
    *,
    slug: str = "late-arrival",
    stage: str = "train",
    currency: str = "USD",
    source: str = "test",
    simulated: bool = False,
) -> Job:
    """A bill with one charge a day of the model at the stage, read and tied; budgets are looked at after it."""
    rows = [
        {
            "Tags": f'{{"tollgate:model": "{slug}", "tollgate:stage": "{stage}"}}',
            "EffectiveCost": amount,
            "BillingCurrency": currency,
            "BillingPeriodStart": f"{min(days).replace(day=1)}T00:00:00Z",
            "BillingPeriodEnd": f"{max(days) + timedelta(days=32)}T00:00:00Z",
            "ChargePeriodStart": f"{day}T10:00:00Z",
            "ChargePeriodEnd": f"{day}T11:00:00Z",
        }
        for day, amount in days.items()
    ]
    return read(receive(bill(rows), source=source, simulated=simulated))


def state(cast: Cast, **fields: Any) -> Budget:
    """A budget of the cast's team: 100 dollars a month from 2013 on, unless ``fields`` say otherwise."""
    given = {
        "actor": SYSTEM,
        "name": "Training in the cloud",
        "team": cast.team,
        "currency": "USD",
        "amount": Decimal("100.00"),
        "period": "month",
        "valid_from": date(2013, 1, 1),
        "owner": cast.owner,
        "reason": "Agreed with finance.",
    }
    return services.state_budget(**{**given, **fields})
