"""A report gathers sections from every floor; the same scope as of the same moment gives the same sections again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.exports import bom, card, sections
from audit.exports.report import Claim, Section
from audit.exports.selectors import scope_of
from audit.people import services as people
from audit.people.models import Membership
from audit.sources import services as sources
from governance.approvals import services as approvals
from governance.approvals.models import PromotionRequest
from governance.retraining import services as retraining
from tests.audit.exports.conftest import MONDAY, WEEK, Traced, measure
from tests.support.cast import SYSTEM, Cast


def gather(traced: Traced, as_of):
    return {
        scope.kind: {one.key: one for one in sections.gather(scope=scope, viewer=SYSTEM, as_of=as_of)}
        for scope in (traced.one, traced.everything)
    }


def test_every_floor_has_its_say(traced: Traced):
    found = gather(traced, clock.now())["model"]
    assert list(found) == [
        *("models", "versions", "running", "performance", "people", "sources"),
        *("decisions", "retraining", "costs", "value"),
    ]


def test_claims_are_of_all_models(traced: Traced):
    found = gather(traced, clock.now())
    one = {claim.name: claim for section in found["model"].values() for claim in section.claims}
    both = {claim.name: claim for section in found["all"].values() for claim in section.claims}
    assert one["performance"].holds and not both["performance"].holds
    assert both["performance"].words == "1 of 2 models with measured weeks, cases and intervals"
    assert (one["training-data"].held, one["training-data"].of) == (2, 2)
    assert (one["run"].held, one["run"].of) == (1, 2)
    assert one["purpose"].said and one["purpose"].holds


@pytest.fixture
def then(traced: Traced, cast: Cast):
    """A moment with a rule, a request with one vote, and a source."""
    pipeline = catalogue.register_pipeline(
        actor=SYSTEM, model=traced.model, name="boosting", engine="local", parameters={}
    )
    rule = retraining.create_rule(
        actor=SYSTEM, model=traced.model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.66
    )
    source = sources.add_source(actor=SYSTEM, kind="folder", name="Arrivals", team=cast.team, settings={"path": ""})
    request = approvals.request_promotion(
        actor=SYSTEM,
        version=traced.second,
        reason="AUC fell.",
        evidence={},
        on_behalf_of=cast.manager,
        requester="Rule",
    )
    return rule, source, request, clock.now()


def test_what_is_learned_later_changes_nothing(traced: Traced, cast: Cast, then):
    rule, source, request, as_of = then
    before = gather(traced, as_of)
    cards = card.cards(scope=traced.one, viewer=SYSTEM, as_of=as_of)
    bill = bom.render(scope=traced.one, viewer=SYSTEM, as_of=as_of, origin="o", size=1)

    for name in ("validator", "approver"):
        approvals.vote(actor=cast.actor(name), request=request, decision="approve", comment="Holds.")
    assert PromotionRequest.objects.get().state == "approved"
    retraining.change_rule(actor=SYSTEM, rule=rule, changes={"threshold": 0.7, "enabled": False}, reason="Stricter.")
    sources.switch_source(actor=SYSTEM, source=source, enabled=False, reason="Moved.")
    people.revoke_role(actor=SYSTEM, membership=Membership.objects.get(user=cast.validator), reason="Left.")
    measure(traced.first, MONDAY, 0.5)
    measure(traced.first, MONDAY + 2 * WEEK, 0.4)
    catalogue.register_version(
        actor=SYSTEM, model=traced.model, artefact="artefacts/3", artefact_digest="4" * 64, author=cast.owner
    )
    with timezone.override("Pacific/Auckland"):
        assert gather(traced, as_of) == before
        assert card.cards(scope=traced.one, viewer=SYSTEM, as_of=as_of) == cards
        assert bom.render(scope=traced.one, viewer=SYSTEM, as_of=as_of, origin="o", size=1) == bill

    now = gather(traced, clock.now())
    changed = {key for key, one in now["model"].items() if one != before["model"][key]}
    assert changed == {"versions", "running", "performance", "people", "sources", "decisions", "retraining"}


def test_number_of_queries_does_not_grow_with_models(traced: Traced, cast: Cast):
    def queries() -> int:
        scope = scope_of(viewer=SYSTEM, kind="all")
        with CaptureQueriesContext(connection) as seen:
            sections.gather(scope=scope, viewer=SYSTEM, as_of=clock.now())
        return len(seen)

    queries()
    few = queries()
    for number in range(6):
        model = catalogue.register_model(
            actor=SYSTEM,
            use_case=traced.model.use_case,
            slug=f"more-{number}",
            name=f"more-{number}",
            task="classification",
            owner=cast.owner,
            outcome="lands late",
            features={"hour": "number"},
            threshold=0.5,
        )
        version = catalogue.register_version(
            actor=SYSTEM, model=model, artefact="a", artefact_digest=f"{number}" * 64, author=cast.owner
        )
        catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
        measure(version, MONDAY, 0.6)
    assert queries() <= few + 1


def _nothing(scope, viewer, as_of):
    return Section(key="own", title="Own", order=1, sentences=(), claims=(Claim("never-declared", 1, 1, "1 of 1"),))


def test_undeclared_claim_and_twin_keys_are_refused(traced: Traced, monkeypatch):
    monkeypatch.setattr(sections, "PROVIDERS", [_nothing])
    with pytest.raises(RuntimeError, match="never-declared, which nobody declared"):
        gather(traced, clock.now())
    monkeypatch.setattr(sections, "PROVIDERS", [_nothing, lambda *given: _nothing(*given)])
    with pytest.raises(RuntimeError, match="Two sections bear one key: own, own"):
        gather(traced, clock.now())


def test_claim_is_declared_once(monkeypatch):
    monkeypatch.setattr(sections, "PROVIDERS", [])
    monkeypatch.setattr(sections, "CLAIMS", {"purpose": "a purpose"})
    with pytest.raises(ValueError, match="purpose is declared twice"):
        sections.register(_nothing, claims={"purpose": "another"})
