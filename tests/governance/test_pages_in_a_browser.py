"""The pages of decisions and retraining hold what axe asks, light and dark, and fit a phone."""

import pytest
from django.urls import reverse

from audit.catalogue import services as catalogue
from governance.approvals import services as approvals
from governance.retraining import services
from governance.retraining.models import Retraining, Review
from tests.governance.conftest import COMPARISON
from tests.governance.retraining.support import measured, monday
from tests.support.browser import signed_in, violations
from tests.support.cast import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def addresses(cast, asked) -> list[str]:
    """Each page, with something on it."""
    approvals.vote(actor=cast.actor("validator"), request=asked, decision="approve", comment="Holds.")
    model, version = asked.model, asked.replaces
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="trees", engine="local", parameters={})
    rule = services.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.64
    )
    for index in range(4):
        measured(version, index, 0.6)
        services.evaluate(actor=SYSTEM, rule=rule, week=monday(index))
    run = Retraining.objects.create(
        rule=rule, model=model, key="done", week=monday(0), started_by="Rule", reason="ROC AUC fell.", state="finished",
        champion=version, candidate=asked.version, comparison=COMPARISON, outcome="not_better",
        sentence="No difference.",
    )  # fmt: skip
    review = Review.objects.create(model=model, retraining=run, reason="It did not help.", opened_at=run.created_at)
    return [
        reverse("approvals:requests"),
        reverse("approvals:request", args=[asked.pk]),
        reverse("retraining:overview"),
        reverse("retraining:rule", args=[rule.pk]),
        reverse("retraining:run", args=[run.pk]),
        reverse("retraining:review", args=[review.pk]),
    ]


@pytest.mark.parametrize("name", ["approver", "owner"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(live_server, cast, addresses, chromium, name, scheme):
    context = signed_in(live_server, cast, chromium, name, color_scheme=scheme)
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        assert violations(page) == [], address
    context.close()


def test_pages_fit_a_phone(live_server, cast, addresses, chromium):
    context = signed_in(live_server, cast, chromium, "approver", viewport={"width": 390, "height": 800})
    page = context.new_page()
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    context.close()
