"""An exceeded quota starts no retraining, by rule or by hand, until someone overrides it."""

from datetime import date

import pytest

from audit.base import clock
from audit.base.errors import Refused
from costs.budgets import services as budgets
from governance.retraining import services
from governance.retraining.models import Evaluation, Retraining
from tests.governance.retraining.support import measured, monday
from tests.support.cast import SYSTEM
from tests.support.spending import spend, state


def test_exceeded_quota_starts_no_retraining_until_it_is_overridden(cast, rule, version):
    for index in range(6):
        measured(version, index, 0.6)
    today = clock.now().date()
    spend({today: "120.00"})
    quota = state(cast, hard=True, stage="train", valid_from=date(2013, 1, 1))
    words = f"The quota “{quota}” for {today:%B %Y} is exceeded. An approver or an administrator of this team"
    assert services.why_not_start(cast.actor("owner"), rule).startswith(words)
    with pytest.raises(Refused, match="is exceeded"):
        services.start_retraining(actor=cast.actor("owner"), rule=rule, reason="New carrier.")
    assert services.evaluate(actor=SYSTEM, rule=rule, week=monday(5)) == []
    judged = Evaluation.objects.get()
    assert (judged.fired, judged.code, judged.conclusive) == (False, "quota", True)
    assert f"Not started: the quota “{quota}”" in judged.sentence
    assert judged.inputs["standing"]["quota"].startswith(words)
    budgets.override_quota(actor=cast.actor("approver"), budget=quota, reason="The season.", until=today)
    assert services.why_not_start(cast.actor("owner"), rule) == ""
    assert len(services.evaluate(actor=SYSTEM, rule=rule, week=monday(5))) == 1
    assert Retraining.objects.count() == 1


def test_budget_that_is_no_quota_stops_nothing(cast, rule, version):
    for index in range(6):
        measured(version, index, 0.6)
    spend({clock.now().date(): "120.00"})
    state(cast)
    assert services.why_not_start(cast.actor("owner"), rule) == ""
