"""A use case: the answer with its interval, its assumptions and promises, and the scenario of the address."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from audit.base.errors import InvalidInput, NotPermitted
from audit.base.periods import Period
from audit.catalogue.models import Model, ModelVersion, UseCase
from audit.ledger.audited import digest_of
from audit.ledger.models import Entry
from costs.returns import services
from costs.returns.case import case_of
from costs.returns.models import Promise
from tests.costs.returns.test_returns import MONDAY, WEEK, charge, deploy, state, window
from tests.costs.test_api import token
from tests.support.bills import SYSTEM, bill, read, receive
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/returns/use-cases/late-arrival-alert/"
FOUR = Period(MONDAY, MONDAY + 4 * WEEK, "4w", "4 weeks")


def day(start: datetime, amount: str) -> dict[str, str]:
    return charge(amount=amount) | {
        "ChargePeriodStart": start.isoformat().replace("+00:00", "Z"),
        "ChargePeriodEnd": (start + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
    }


@pytest.fixture
def summer(cast: Cast, model: Model, version: ModelVersion) -> Model:
    """Four weeks of the same counts, and 20 dollars of training in each."""
    deploy(version, MONDAY)
    for number in range(4):
        window(version, MONDAY + number * WEEK)
    read(receive(bill([day(MONDAY + number * WEEK, "20.00") for number in range(4)]), team=cast.team, simulated=True))
    return model


def promise(use_case: UseCase, **fields: object) -> Promise:
    given = {"currency": "USD", "monthly": Decimal("60.875"), "since": date(2013, 6, 1), "reason": "The plan of 2013."}
    return services.promise_value(actor=SYSTEM, use_case=use_case, **{**given, **fields})  # type: ignore[arg-type]


def test_case_is_the_exact_sum_of_its_weeks_with_an_interval_around_it(summer: Model, use_case: UseCase) -> None:
    state(use_case)
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert case.sums is not None
    assert (case.sums.value, case.sums.cost, case.sums.net) == (Decimal("110.40"), Decimal("80"), Decimal("30.40"))
    assert case.evidence is not None
    (measured,) = case.evidence.measured
    assert (measured.counts.tp, measured.counts.tn, measured.labelled) == (40, 240, (80.0,) * 4)
    assert (case.evidence.fixed, case.evidence.variable) == ((20.0,) * 4, (0.0,) * 4)
    found = case.result()
    assert found is not None and found.net.low is not None and found.net.high is not None
    assert found.net.low < 30.40 < found.net.high
    assert found.cost.low == found.cost.high == pytest.approx(80)
    assert found.npv is None


def test_case_whose_values_ran_out_is_unsupported_and_stops_at_the_last_supported_week(
    cast: Cast, summer: Model, use_case: UseCase
) -> None:
    state(use_case, valid_until=date(2013, 6, 11))
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert (case.expired, case.last_supported) == (date(2013, 6, 11), date(2013, 6, 10))
    assert case.weeks == [date(2013, 6, 3), date(2013, 6, 10)]
    assert case.sums is not None and case.sums.net == Decimal("15.20")
    client = cast.client("manager")
    text = client.get(PAGE).content.decode()
    assert "the stated values ran out on 11 June 2013, and the last supported week began on 10 June 2013" in text
    assert "Unsupported" in text
    assert "What late-arrival returns is <strong>unsupported</strong>" in client.get("/returns/").content.decode()
    panel = client.get("/models/late-arrival/").content.decode()
    assert 'The stated values ran out on <time datetime="2013-06-11">' in panel


def test_case_takes_the_baseline_away(summer: Model, use_case: UseCase) -> None:
    """Everything positive would have found the 6 missed ones too, and flagged the 60 that were rightly left alone."""
    state(use_case, baseline={"kind": "positive"})
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert case.sums is not None
    assert case.sums.value == 4 * (Decimal("27.60") - (16 * Decimal("3.20") - 64 * Decimal("1.10")))


def test_case_without_statement_or_weeks_has_no_figures(cast: Cast, summer: Model, use_case: UseCase) -> None:
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert (case.result(), case.sums, case.payback, case.expired) == (None, None, None, None)
    text = cast.client("manager").get(PAGE).content.decode()
    assert "nobody has stated what its outcomes are worth" in text
    assert "No return to show for this period" in text


def test_week_without_labels_yet_is_left_out_with_its_cost(
    summer: Model, version: ModelVersion, use_case: UseCase
) -> None:
    state(use_case)
    version.windows.filter(start=MONDAY + 3 * WEEK).update(labelled=0, tp=0, fp=0, fn=0, tn=0)
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert case.left_out == 1
    assert case.sums is not None and (case.sums.cost, case.sums.net) == (Decimal("60"), Decimal("22.80"))


def test_promise_is_held_against_the_days_of_the_same_weeks(summer: Model, use_case: UseCase) -> None:
    """60.875 a month is 2 a day: 28 days make 56; from 17 June on, 14 days make 28."""
    state(use_case)
    promise(use_case)
    case = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert case.promised is not None and case.promised.due == Decimal(56)
    promise(use_case, since=date(2013, 6, 17))
    later = case_of(viewer=SYSTEM, use_case=use_case, period=FOUR)
    assert later.promised is not None and later.promised.due == Decimal(28)
    promise(use_case, currency="EUR")
    assert case_of(viewer=SYSTEM, use_case=use_case, period=FOUR).promised == later.promised


def test_promise_is_a_record_with_entry_and_same_again_is_not(cast: Cast, use_case: UseCase) -> None:
    first = promise(use_case)
    assert promise(use_case) == first
    assert Entry.objects.filter(action="returns.value_promised").count() == 1
    for fields in ({"monthly": Decimal("NaN")}, {"until": date(2012, 1, 1)}, {"reason": " "}, {"currency": "dollar"}):
        with pytest.raises(InvalidInput):
            promise(use_case, **fields)
    for name in ("validator", "auditor", "outsider", "nobody"):
        with pytest.raises(NotPermitted):
            services.promise_value(
                actor=cast.actor(name), use_case=use_case, currency="USD", monthly=Decimal(1), since=date(2013, 1, 1),
                reason="x",
            )  # fmt: skip
    assert Promise.objects.count() == 1


def test_page_says_the_answer_first_then_figures_and_assumptions(cast: Cast, summer: Model, use_case: UseCase) -> None:
    state(
        use_case,
        values={"tp": {"low": "2.50", "likely": "3.20", "high": "4.50"}, "fp": "-1.10"},
        source="https://example.org/study",
        owner="Ground handling",
        discount_rate=Decimal("0.08"),
    )
    promise(use_case)
    client = cast.client("manager")
    text = client.get(PAGE).content.decode()
    for words in (
        "Late arrival alert returned between",
        "in the 4 weeks to 30 June 2013; likely",
        "320 of 400 (80%)",
        "measured $30.40 at the likely values",
        "Net present value at 8.0% a year",
        "A false negative against a true positive",
        "$2.50 to $4.50, likely $3.20",
        "Ground handling",
        "https://example.org/study",
        "Promised for these weeks are $56.00",
        "calls a case positive from a score of 0.500",
        "served best from 0.256",
        "Simulated",
        "Ground staff learn too late",
    ):
        assert words in text, words
    lines = b"".join(client.get(f"{PAGE}?format=csv")).decode().splitlines()
    assert lines[0] == "week,model,predictions,labelled,value,cost,net,currency,statement"
    assert lines[1].startswith("2013-06-03,late-arrival,100,80,27.60,20")
    assert len(lines) == 5
    assert cast.client("outsider").get(PAGE).status_code == 404


def test_scenario_of_the_address_stands_beside_what_was_measured(cast: Cast, summer: Model, use_case: UseCase) -> None:
    """At twice the cost, half a dollar and certain: 320 predictions of which 40 true positives pay 20, cost 160."""
    state(use_case, values={"tp": "3.20"})
    client = cast.client("manager")
    text = client.get(f"{PAGE}?volume=100&cost=200&rate=8&v_tp=0.5").content.decode()
    assert "In the scenario" in text
    assert "Cost, percent of billed: 200" in text
    assert "Net present value" in text and "<strong>−$1" in text
    assert client.get(f"{PAGE}?volume=9000").status_code == 422
    assert client.get(f"{PAGE}?volume=much").status_code == 422
    assert "In the scenario" not in client.get(PAGE).content.decode()
    kept = client.get(f"{PAGE}?p=4w").content.decode()
    assert '<input type="hidden" name="p" value="4w">' in kept


def test_values_form_takes_ranges_baseline_and_rate(cast: Cast, model: Model, use_case: UseCase) -> None:
    url, client = f"/returns/values/{use_case.slug}/", cast.client("manager")
    said = {
        "tp": "3.20", "tp_low": "2.5", "tp_high": "4.5", "fp": "-1.10", "currency": "USD", "valid_from": "2013-01-01",
        "reason": "Asked.", "baseline": "rates", "baseline_caught": "0.4", "baseline_flagged": "0.1",
        "discount_rate": "8", "owner": "Ground handling", "source": "Study 7",
    }  # fmt: skip
    assert client.post(url, said | {"tp_high": ""}).status_code == 422
    assert client.post(url, said | {"tp_low": "4", "tp_high": "3"}).status_code == 422
    assert client.post(url, said | {"baseline_caught": ""}).status_code == 422
    assert client.post(url, said).status_code == 302
    statement = use_case.value_statements.get()
    assert statement.values == {"tp": {"low": "2.5", "likely": "3.20", "high": "4.5"}, "fp": "-1.10"}
    assert statement.baseline == {"kind": "rates", "caught": "0.4", "flagged": "0.1"}
    assert (statement.discount_rate, statement.owner, statement.source) == (
        Decimal("0.08"), "Ground handling", "Study 7",
    )  # fmt: skip
    shown = client.get(url).content.decode()
    assert 'value="2.5"' in shown and "It catches 40% of the positives" in shown
    lines = b"".join(client.get(f"{url}?format=csv")).decode().splitlines()
    assert lines[1].startswith("2013-01-01,,tp,2.5,3.20,4.5,USD,Ground handling,Study 7,It catches 40%")


def test_promise_form_promises_and_shows_errors(cast: Cast, model: Model, use_case: UseCase) -> None:
    url, client = f"/returns/promises/{use_case.slug}/", cast.client("manager")
    said = {"monthly": "1200", "currency": "USD", "since": "2013-06-01", "reason": "The plan."}
    assert client.post(url, said | {"until": "2013-01-01"}).status_code == 422
    assert client.post(url, said | {"monthly": "much"}).status_code == 422
    assert client.post(url, said).status_code == 302
    assert "$1,200.00" in client.get(url).content.decode()
    lines = b"".join(client.get(f"{url}?format=csv")).decode().splitlines()
    assert lines[1].startswith("2013-06-01,,1200,USD,Manager,")
    assert "You may not state what outcomes are worth here" in cast.client("validator").get(url).content.decode()


def test_portfolio_sets_value_against_cost_and_names_what_never_ran(
    cast: Cast, summer: Model, use_case: UseCase, regression: Model
) -> None:
    state(use_case)
    read(receive(bill([charge("arrival-delay", "7.50")]), source="other", team=cast.team))
    text = cast.client("manager").get("/returns/").content.decode()
    assert "1 of 1 model with a known value earned more than it cost" in text
    never = text.split('id="never"')[1].split("</table>")[0]
    assert "arrival-delay" in never and "$7.50" in never and "late-arrival<" not in never


def test_api_tells_exact_sums_and_intervals(cast: Cast, summer: Model, use_case: UseCase) -> None:
    state(use_case)
    promise(use_case)
    headers, url = token(cast, "owner", "write"), f"/api/v1/use-cases/{use_case.slug}"
    client = cast.client("nobody")
    found = client.get(f"{url}/returns?since=2013-06-03&until=2013-06-30&rate=0.1", headers=headers).json()
    assert (found["net"], found["cost"], found["weeks"]) == ("30.40", "80", 4)
    assert Decimal(found["promised"]) == 56
    net = found["intervals"]["net"]
    assert net["low"] < 30.40 < net["high"]
    assert {"npv", "roi", "break_even", "each"} <= set(found["intervals"])
    said = {"currency": "USD", "monthly": "900", "since": "2013-01-01", "reason": "Again."}
    answer = client.post(f"{url}/promises", said, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["monthly"]) == (201, "900")
    bad = client.post(f"{url}/promises", said | {"monthly": "x"}, content_type="application/json", headers=headers)
    assert bad.status_code == 422
    values = {
        "currency": "USD", "values": {"tp": {"low": "1", "high": "2"}}, "valid_from": "2013-01-01", "reason": "Asked.",
        "baseline": {"kind": "negative"}, "discount_rate": "0.08",
    }  # fmt: skip
    answer = client.post(f"{url}/values", values, content_type="application/json", headers=headers)
    assert answer.status_code == 201, answer.content
    assert answer.json()["values"]["tp"]["high"] == "2"
    assert answer.json()["discount_rate"] == "0.08000"


def test_use_case_page_says_who_answers_and_what_was_promised(cast: Cast, model: Model, use_case: UseCase) -> None:
    client, url = cast.client("manager"), f"/use-cases/{use_case.slug}/"
    assert "Nobody has stated what its outcomes are worth" in client.get(url).content.decode()
    state(use_case, owner="Ground handling")
    promise(use_case, monthly=Decimal("1200"))
    text = client.get(url).content.decode()
    assert "Ground handling answers for what its outcomes are worth" in text
    assert "test promised $1,200.00 a month" in text
    assert PAGE in text


def test_records_are_what_their_entries_answer_for_once_they_are_read_again(use_case: UseCase) -> None:
    rows = [promise(use_case, monthly=Decimal("1200.00")), state(use_case, discount_rate=Decimal("0.1"))]
    for row in rows:
        before = digest_of(row)
        row.refresh_from_db()
        assert digest_of(row) == before != ""
