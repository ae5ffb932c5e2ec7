"""The pages of decisions as each member of the cast sees them, and what their forms do."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.catalogue import services as catalogue
from audit.catalogue.selectors import holder_of
from audit.ledger.models import Entry
from governance.approvals import services
from governance.approvals.models import PromotionRequest, State
from tests.support.cast import SYSTEM

LIST = "/decisions/"


def url(row: PromotionRequest, name: str = "request") -> str:
    return reverse(f"approvals:{name}", args=[row.pk])


def body(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("name", ["manager", "owner", "validator", "approver", "auditor", "administrator"])
def test_request_is_shown_to_the_team_and_to_who_sees_all(cast, asked, name):
    page = body(cast.client(name).get(url(asked)))
    assert "Shall late-arrival v2 replace v1 in production?" in page
    assert "Version 2 is better than v1: ROC AUC 0.660 against 0.610, a difference of +0.050." in page
    assert "It is worse in Brier score." in page
    assert "The same 12,345 labelled cases, 1 July to 14 July 2013" in page
    assert ('value="approve"' in page) == (name in {"validator", "approver"})


def test_request_of_another_team_is_not_found(cast, asked):
    assert cast.client("outsider").get(url(asked)).status_code == 404
    assert b"late-arrival" not in cast.client("outsider").get(LIST).content


def test_nobody_is_led_to_the_sign_in(cast, asked):
    assert cast.client("nobody").get(url(asked)).status_code == 302


def test_who_may_not_vote_sees_disabled_buttons_with_the_sentence(cast, asked):
    page = body(cast.client("owner").get(url(asked)))
    assert page.count('aria-disabled="true" aria-describedby="why-not"') == 3
    assert (
        "You cannot decide on this: a validator or an approver of this team can. Approver and Validator can."
        not in page
    )
    assert "you asked for this promotion and you are the author of the version. Approver and Validator can." in page


def test_unknown_measure_says_so_and_is_not_drawn(cast, asked):
    page = body(cast.client("manager").get(url(asked)))
    assert '<span class="tag unknown">Unknown</span>' in page and "not drawn" in page


def test_stated_value_gives_the_difference_in_money(cast, asked):
    from costs.returns import services as returns

    returns.state_value(
        actor=SYSTEM, use_case=asked.model.use_case, currency="USD",
        values={"tp": Decimal("3.20"), "fp": Decimal("-1.10")}, valid_from=date(2013, 1, 1), reason="Staff time.",
    )  # fmt: skip
    page = body(cast.client("manager").get(url(asked)))
    assert "On the compared cases it would have returned $75.00 more." in page  # 20 x 3.20 + 10 x 1.10


def test_two_people_click_approve_and_the_version_is_in_production(cast, asked):
    for name in ("validator", "approver"):
        answer = cast.client(name).post(url(asked, "vote"), {"decision": "approve", "comment": "Holds."}, follow=True)
        assert answer.status_code == 200
    page = body(answer)
    assert "Approved: late-arrival v2 is in production now." in page
    assert holder_of(model=asked.model).number == 2
    assert "Validator" in page and "Holds." in page


def test_vote_without_comment_brings_the_page_back_with_the_error(cast, asked):
    answer = cast.client("approver").post(url(asked, "vote"), {"decision": "approve", "comment": " "})
    assert answer.status_code == 422
    assert "There is a problem" in body(answer) and '<a href="#id_comment">Write a comment' in body(answer)
    assert asked.votes.count() == 0


@pytest.mark.parametrize("name", ["manager", "owner", "auditor", "administrator"])
def test_vote_by_who_may_not_is_refused_and_recorded(cast, asked, name):
    before = Entry.objects.filter(action="ledger.refused").count()
    answer = cast.client(name).post(url(asked, "vote"), {"decision": "approve", "comment": "Please."})
    assert answer.status_code == 403 and asked.votes.count() == 0
    assert Entry.objects.filter(action="ledger.refused").count() == before + 1


def test_owner_withdraws_and_the_request_is_closed(cast, asked):
    page = body(cast.client("owner").post(url(asked, "withdraw"), {"reason": "Too early."}, follow=True))
    assert "The request is withdrawn." in page and "Too early." in page
    assert cast.client("approver").post(url(asked, "vote"), {"decision": "approve", "comment": "x"}).status_code == 409


def test_list_says_what_waits_for_whom(cast, asked):
    assert "<strong>1 request</strong> waits for your vote" in body(cast.client("approver").get(LIST))
    assert "Nothing waits for you. 1 request waits for others." in body(cast.client("owner").get(LIST))
    assert '<span class="count">1<span class="visually-hidden"> wait for you</span></span>' in body(
        cast.client("approver").get(LIST)
    )


def test_list_as_csv_has_each_request(cast, asked):
    lines = b"".join(cast.client("auditor").get(LIST + "?format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 2 and lines[1].split(",")[1:4] == [
        "Shall late-arrival v2 replace v1 in production?",
        "Open",
        "Rule",
    ]


def test_comparison_as_csv_has_each_measure(cast, asked):
    lines = b"".join(cast.client("auditor").get(url(asked) + "?format=csv").streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["measure", "ROC AUC", "Brier score", "Precision"]


def test_list_asks_no_more_queries_with_more_rows(cast, asked, model):
    client = cast.client("approver")

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    services.withdraw(actor=cast.actor("owner"), request=asked)
    client.get(LIST)
    before = count()
    for number in range(3, 9):
        built = catalogue.register_version(
            actor=SYSTEM, model=model, artefact=f"a/{number}", artefact_digest=f"{number}" * 64, author=cast.owner
        )
        row = services.request_promotion(actor=SYSTEM, version=built, reason="More.", on_behalf_of=cast.owner)
        services.vote(actor=cast.actor("validator"), request=row, decision="reject", comment="No.")
    assert PromotionRequest.objects.filter(state=State.REJECTED).count() == 6
    assert count() == before
