"""Evidence of maturity: the level that counted at the moment, for the scope and no wider."""

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.exports.domain.scope import Scope
from governance.maturity import evidence, services
from governance.maturity.models import Assessment
from tests.support.cast import SYSTEM


def told(scope, as_of):
    found = evidence.section(scope, SYSTEM, as_of)
    return [] if found is None else [row[0] for row in found.tables[0].rows]


def test_scope_is_told_its_own_levels(cast, version):
    services.assess(actor=SYSTEM)
    model, team, as_of = version.model, cast.team, clock.now()
    assert told(Scope("model", model.pk, model.name, models=(model.pk,)), as_of) == ["late-arrival"]
    assert told(Scope("team", team.pk, team.name, models=(model.pk,)), as_of) == ["late-arrival", "Flight operations"]
    assert told(Scope("all", None, "", models=(model.pk,)), as_of) == [
        "Organisation",
        "late-arrival",
        "Flight operations",
    ]


def test_assessment_of_then_is_told_after_it_was_superseded(version):
    services.assess(actor=SYSTEM)
    then = clock.now()
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    services.assess(actor=SYSTEM)
    assert Assessment.objects.filter(key="model:late-arrival").count() == 2
    scope = Scope("model", version.model_id, "late-arrival", models=(version.model_id,))
    before, now = evidence.section(scope, SYSTEM, then), evidence.section(scope, SYSTEM, clock.now())
    assert before is not None and now is not None
    assert before.tables[0].rows[0][6] != "" and before.tables != now.tables
    figures = [int(str(cell)) for cell in before.tables[0].rows[0][3:6]]
    assessment = Assessment.objects.filter(key="model:late-arrival").order_by("created_at")[0]
    assert figures == [assessment.results.filter(state=state).count() for state in ("met", "not_met", "unknown")]


def test_without_an_assessment_there_is_no_section(version):
    scope = Scope("model", version.model_id, "late-arrival", models=(version.model_id,))
    assert evidence.section(scope, SYSTEM, clock.now()) is None
