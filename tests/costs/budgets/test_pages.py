"""The pages say in words whether a budget holds, show where it is heading, and take what people state and override."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client

from audit.base import clock
from audit.base.actors import Role
from audit.catalogue.models import Model
from audit.people import services as people
from costs.budgets.models import Budget, BudgetState, Override
from tests.support.cast import PASSWORD, SYSTEM, Cast
from tests.support.spending import spend, state

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Serving", "stage": "", "measure": "money", "currency": "usd", "amount": "250.00", "period": "quarter",
    "hard": "on", "thresholds": "90, 100", "valid_from": "2013-01-01", "valid_until": "", "owner": "OWNER@example.org",
    "reason": "Agreed with finance.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def june(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 20 June 2013, noon."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2013, 6, 20, 12, tzinfo=UTC))


def text(client: Client, address: str) -> str:
    return " ".join(unescape(client.get(address).content.decode()).split())


def words(client: Client, address: str) -> str:
    """The text of the page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", "", text(client, address)).split())


def lines(client: Client, address: str) -> list[str]:
    return b"".join(client.get(address).streaming_content).decode().splitlines()  # type: ignore[attr-defined]


def test_list_without_budgets_says_the_next_step_and_who_may_take_it(cast: Cast) -> None:
    assert 'href="/budgets/state/"' in text(cast.client("manager"), "/budgets/")
    said = text(cast.client("owner"), "/budgets/")
    assert "No budget is open, so this is unknown." in said
    assert "You may not state or close budgets here: a manager or an administrator of this team can." in said
    assert 'href="/budgets/state/"' not in said


def test_list_says_what_is_exceeded_first_and_what_is_unknown(cast: Cast, model: Model) -> None:
    spend({date(2013, 6, 3): "120.00"})
    state(cast, name="A wide one", amount=1000)
    state(cast, name="Of euros", currency="EUR", valid_from=date(2013, 6, 19))
    state(cast, name="Training quota", hard=True)
    assert "<strong>1 of 3 budgets</strong> is" in text(cast.client("validator"), "/budgets/")
    said = words(cast.client("validator"), "/budgets/")
    assert "1 of 3 budgets is exceeded, of 1 nothing is known." in said
    assert "1 of those exceeded is a quota: while its period runs, retraining and promotion wait." in said
    assert said.index("Training quota") < said.index("Of euros") < said.index("A wide one")
    assert "$120.00" in said and "120%" in said and "Costs known until 3 June 2013" in said
    rows = lines(cast.client("validator"), "/budgets/?format=csv")
    head = "Flight operations,Money"
    assert rows[1] == f"Training quota,{head},USD,Calendar month,100,yes,Exceeded,2013-06-03,120,,,,0,0"
    assert rows[2] == f"Of euros,{head},EUR,Calendar month,100,no,Unknown,,,,,,,"
    assert "Training quota" not in text(cast.client("outsider"), "/budgets/")


def test_budget_page_shows_course_forecast_coverage_and_what_it_reached(cast: Cast, model: Model) -> None:
    first = date(2013, 3, 1)
    spend({first + timedelta(days=at): "2.00" for at in range(111)}, simulated=True)
    budget = state(cast, amount=50)
    said = text(cast.client("validator"), f"/budgets/{budget.pk}/")
    assert "By 19 June 2013 $38.00 was spent of $50.00 for June 2013, 76%;" in said
    assert "by the end it will be <strong>$60.00</strong>, in 9 of 10 cases $60.00 to $60.00." in said
    assert "Will exceed" in said and "<strong>Simulated bill</strong>" in said
    assert "Of 1 held-back month of this series 1 lay inside the interval." in said
    assert '<th scope="row">July 2013</th><td class="num">$62.00</td>' in said
    assert "100% forecast" in said and "50% spent" in said
    assert "stated budget Training in the cloud" in words(cast.client("validator"), f"/budgets/{budget.pk}/"), (
        "its record in the ledger"
    )
    assert lines(cast.client("validator"), f"/budgets/{budget.pk}/?format=csv") == [
        "day,spent,low,forecast,high,held-back months,inside the interval",
        "2013-06-19,38,60,60,60,1,1",
    ]


def test_budget_page_says_why_there_is_no_forecast_or_no_state(cast: Cast, model: Model) -> None:
    budget = state(cast)
    page = f"/budgets/{budget.pk}/"
    assert "How it stands is unknown: no bill is known for a day on which it is in force." in text(
        cast.client("owner"), page
    )
    spend({date(2013, 6, 3): "1.00", date(2013, 6, 5): "1.00"})
    assert "Unknown: 3 days are known, and a forecast needs 42." in text(cast.client("owner"), page)
    assert "which are never added" not in text(cast.client("owner"), page)


def test_budget_page_names_what_was_spent_in_other_currencies(cast: Cast, model: Model) -> None:
    spend({date(2013, 6, 3): "1.00"})
    spend({date(2013, 5, 3): "40.00", date(2013, 6, 2): "80.00"}, currency="EUR", source="b")
    said = text(cast.client("owner"), f"/budgets/{state(cast).pk}/")
    assert "In other currencies, which are never added: EUR 80.00." in said


def test_form_states_a_budget_and_shows_errors(cast: Cast, model: Model) -> None:
    client, said = cast.client("manager"), FORM | {"scope": f"model:{model.pk}"}
    page = text(client, "/budgets/state/")
    assert f'value="team:{cast.team.pk}"' in page and f'value="model:{model.pk}"' in page
    for wrong in ({"scope": f"team:{cast.other_team.pk}"}, {"owner": "who@example.org"}, {"thresholds": "much"}):
        assert client.post("/budgets/state/", said | wrong).status_code == 422
    assert cast.client("owner").post("/budgets/state/", said).status_code == 403
    answer = client.post("/budgets/state/", said)
    budget = Budget.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/budgets/{budget.pk}/")
    assert (budget.model, budget.team, budget.owner) == (model, cast.team, cast.owner)
    assert (budget.amount, budget.currency, budget.period, budget.hard) == (Decimal("250"), "USD", "quarter", True)
    assert budget.thresholds == [90, 100]
    hours = said | {"measure": "training_hours", "name": "Hours"}
    assert client.post("/budgets/state/", hours).status_code == 302
    assert Budget.objects.get(name="Hours").currency == ""


def test_exceeded_quota_is_overridden_on_its_page_with_reason_and_end(cast: Cast, model: Model) -> None:
    spend({date(2013, 6, 3): "120.00"})
    budget = state(cast, hard=True)
    page = f"/budgets/{budget.pk}/"
    said = text(cast.client("manager"), page)
    assert "It is a quota, so retraining and promotion wait until it is overridden." in said
    assert (
        "You may not override a quota that is used up here: an approver or an administrator of this team can." in said
    )
    client = cast.client("approver")
    assert 'name="until" value="2013-06-30"' in text(client, page)
    assert client.post(f"{page}override/", {"until": "2013-07-01", "reason": "x"}).status_code == 422
    assert client.post(f"{page}override/", {"until": "2013-06-25"}).status_code == 422
    assert not Override.objects.exists()
    assert client.post(f"{page}override/", {"until": "2013-06-25", "reason": "The season."}).status_code == 302
    said = words(client, page)
    assert "Approver lets it be passed until 25 June 2013." in said and "The season." in said
    assert "retraining and promotion wait" not in said
    assert "May be passed until 25 June 2013" in words(client, "/budgets/")


def test_budget_is_closed_on_its_page(cast: Cast) -> None:
    budget = state(cast)
    client = cast.client("manager")
    assert client.post(f"/budgets/{budget.pk}/close/", {}).status_code == 422
    assert client.post(f"/budgets/{budget.pk}/close/", {"reason": "A new contract."}).status_code == 302
    assert "State the first budget" in text(client, "/budgets/"), "none is left"
    assert "Training in the cloudFlight operations Closed" in words(client, "/budgets/?closed=yes")
    assert ",Closed," in lines(client, "/budgets/?closed=yes&format=csv")[1]
    said = text(client, f"/budgets/{budget.pk}/")
    assert "This budget was closed." in said and "A new contract." in said


def test_auditor_limited_to_days_or_a_model_sees_no_more_than_these(
    cast: Cast, model: Model, regression: Model
) -> None:
    spend({date(2013, 6, 3): "120.00"})
    state(cast, name="Whole team")
    own = state(cast, name="Own model", model=model)
    state(cast, name="Other model", model=regression)
    guest = people.create_user(actor=SYSTEM, email="guest@audit.example", name="Guest", password=PASSWORD)
    people.grant_role(actor=SYSTEM, user=guest, role=Role.AUDITOR, team=None, only_models=[model.pk])
    client = Client()
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    said = text(client, "/budgets/")
    assert "Own model" in said and "Whole team" not in said and "Other model" not in said
    late = people.create_user(actor=SYSTEM, email="late@audit.example", name="Late", password=PASSWORD)
    people.grant_role(actor=SYSTEM, user=late, role=Role.AUDITOR, team=None, seen_since=date(2013, 6, 4))
    client.force_login(late, backend="django.contrib.auth.backends.ModelBackend")
    said = text(client, f"/budgets/{own.pk}/")
    assert "How it stands is unknown" in said and "$120.00" not in said


def test_api_states_and_tells_how_a_budget_stands(cast: Cast, model: Model) -> None:
    spend({date(2013, 6, 3): "120.00"})
    _, token = people.issue_token(actor=SYSTEM, user=cast.manager, name="t", scopes=["write"], days=1)
    headers = {"Authorization": f"Bearer {token}"}
    said = {
        "name": "Training", "team": "flight-operations", "model": "late-arrival", "currency": "USD",
        "amount": "100.00", "period": "month", "hard": True, "valid_from": "2013-01-01", "reason": "Agreed.",
    }  # fmt: skip

    def post(**other: object) -> Any:
        return Client().post("/api/v1/budgets", {**said, **other}, content_type="application/json", headers=headers)

    made = post().json()
    assert made["state"] == "exceeded" and (made["spent"], made["amount"]) == ("120", "100")
    assert (made["known_until"], made["period_start"], made["forecast"]) == ("2013-06-03", "2013-06-01", None)
    assert post().json()["id"] == made["id"]
    assert post(name="x", use_case="none").status_code == 404
    assert post(name="x", owner="who@example.org").status_code == 422
    assert post(name="x", amount="much").status_code == 422
    assert Budget.objects.get().owner == cast.manager
    listed = Client().get("/api/v1/budgets", headers=headers).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert Client().get(f"/api/v1/budgets/{made['id']}", headers=headers).json() == made
    assert BudgetState.objects.count() == 1
