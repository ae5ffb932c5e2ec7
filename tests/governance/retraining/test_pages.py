"""The pages of retraining as each member of the cast sees them, and what their forms do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.ledger.models import Entry
from governance.retraining import services
from governance.retraining.models import Evaluation, Retraining, Review
from tests.governance.conftest import COMPARISON
from tests.governance.retraining.support import measured, monday
from tests.support.cast import SYSTEM

OVERVIEW = "/retraining/"
TEAM = ["manager", "owner", "validator", "approver", "auditor", "administrator"]


def body(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def done(rule, version) -> Retraining:
    """A finished retraining that did not help."""
    return Retraining.objects.create(
        rule=rule, model=rule.model, key="done", week=monday(0), started_by="Rule", reason="ROC AUC fell.",
        state="finished", champion=version, candidate=version, comparison=COMPARISON, outcome="not_better",
        sentence="v2 does not differ from v1.",
    )  # fmt: skip


@pytest.fixture
def review(done) -> Review:
    """The review in which it ended."""
    return Review.objects.create(
        model=done.model, retraining=done, reason="Retraining did not help.", opened_at=done.created_at
    )


@pytest.mark.parametrize("name", TEAM)
def test_overview_shows_rules_runs_and_reviews_to_the_team(cast, review, name):
    page = body(cast.client(name).get(OVERVIEW))
    assert "<strong>1 review</strong> is open" in page
    assert "ROC AUC below 0.640 in 3 weeks in a row" in page
    assert "v2 does not differ from v1." in page


def test_overview_of_another_team_is_empty(cast, review):
    page = body(cast.client("outsider").get(OVERVIEW))
    assert "No retraining rule yet" in page and "late-arrival" not in page


@pytest.mark.parametrize("name", ["rule", "run", "review"])
def test_pages_of_another_team_are_not_found(cast, rule, review, name):
    ids = {"rule": rule.pk, "run": review.retraining_id, "review": review.pk}
    address = reverse(f"retraining:{name}", args=[ids[name]])
    assert cast.client("outsider").get(address).status_code == 404
    assert cast.client("nobody").get(address).status_code == 302
    assert cast.client("manager").get(address).status_code == 200


def test_run_shows_its_data_comparison_and_what_followed(cast, review):
    page = body(cast.client("manager").get(reverse("retraining:run", args=[review.retraining_id])))
    assert "v2 does not differ from v1." in page and "No difference" in page
    assert "1 July to 14 July 2013" in page and "Neither version learned from them." in page
    assert "A review of the model" in page and "ROC AUC" in page


def test_rule_lists_each_judgement_in_pages(cast, rule, version):
    for index in range(30):
        measured(version, index, 0.9)
        services.evaluate(actor=SYSTEM, rule=rule, week=monday(index))
    assert Evaluation.objects.count() == 30
    address = reverse("retraining:rule", args=[rule.pk])
    page = body(cast.client("manager").get(address))
    assert "1 to 25 of 30" in page and "Held" in page
    assert "26 to 30 of 30" in body(cast.client("manager").get(address + "?page=2"))
    assert "No judgement fits this filter." in body(cast.client("manager").get(address + "?fired=yes"))
    lines = b"".join(cast.client("manager").get(address + "?format=csv").streaming_content).decode().splitlines()
    assert len(lines) == 31


def test_who_may_not_start_sees_the_sentence_and_is_refused(cast, rule):
    address = reverse("retraining:rule", args=[rule.pk])
    page = body(cast.client("approver").get(address))
    assert "You may not change retraining rules or start retraining here" in page
    answer = cast.client("approver").post(address + "start/", {"reason": "Now."})
    assert answer.status_code == 403 and Entry.objects.filter(action="ledger.refused").count() == 1


def test_owner_starts_retraining_with_a_reason(cast, rule, version, monkeypatch):
    from audit.jobs import services as jobs

    monkeypatch.setattr(jobs, "send", lambda _: None)
    for index in range(20):
        measured(version, index, 0.9)
    address = reverse("retraining:start", args=[rule.pk])
    empty = cast.client("owner").post(address, {"reason": ""})
    assert empty.status_code == 422 and "Say why retraining should start now." in body(empty)
    page = body(cast.client("owner").post(address, {"reason": "A new carrier."}, follow=True))
    assert "Retraining has started." in page and "A new carrier." in page
    assert Retraining.objects.get().job.trigger == "person"


def test_validator_closes_the_review_with_a_comment(cast, review):
    address = reverse("retraining:review", args=[review.pk])
    assert "Until a validator closes this review" in body(cast.client("owner").get(address))
    assert 'aria-disabled="true"' in body(cast.client("owner").get(address))
    empty = cast.client("validator").post(address + "close/", {"comment": " "})
    assert empty.status_code == 422 and "Write a comment" in body(empty)
    assert cast.client("owner").post(address + "close/", {"comment": "Fine."}).status_code == 403
    page = body(cast.client("validator").post(address + "close/", {"comment": "It is the weather."}, follow=True))
    assert "The review is closed" in page and "It is the weather." in page


def test_overview_asks_no_more_queries_with_more_rows(cast, rule, done, version):
    client = cast.client("manager")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(OVERVIEW).status_code == 200
        return len(queries)

    client.get(OVERVIEW)
    before = count()
    for index in range(1, 8):
        Retraining.objects.create(
            rule=rule, model=rule.model, key=f"run {index}", week=monday(index), started_by="Rule", reason="",
            state="finished", champion=version, outcome="better",
        )  # fmt: skip
    assert count() == before


def test_api_reads_rules_evaluations_and_retrainings_and_starts_one(cast, rule, version, done, program, monkeypatch):
    from audit.jobs import services as jobs

    monkeypatch.setattr(jobs, "send", lambda _: None)
    for index in range(20):
        measured(version, index, 0.9)
    services.evaluate(actor=SYSTEM, rule=rule, week=monday(19))
    owner = program("owner")
    [found] = owner.get("/retraining-rules").json()["items"]
    assert (found["metric"], found["threshold"], found["windows"]) == ("roc_auc", 0.64, 3)
    [judged] = owner.get(f"/retraining-rules/{rule.pk}/evaluations").json()["items"]
    assert (judged["fired"], judged["code"], judged["week"]) == (False, "not_broken", str(monday(19)))
    started = owner.post(f"/retraining-rules/{rule.pk}/retrainings", {"reason": "From CI."})
    assert started.status_code == 202 and started.json()["week"] == str(monday(19))
    assert owner.post(f"/retraining-rules/{rule.pk}/retrainings", {"reason": "Again."}).status_code == 409
    assert program("approver").post(f"/retraining-rules/{rule.pk}/retrainings", {"reason": "Me."}).status_code == 403
    assert len(owner.get("/retrainings").json()["items"]) == 2
    assert owner.get(f"/retrainings/{done.pk}").json()["outcome"] == "not_better"


def test_model_page_shows_the_rule_and_the_versions_compared(cast, review):
    page = body(cast.client("manager").get(reverse("catalogue:model", args=[review.model.slug])))
    assert "Versions compared" in page and "ROC AUC below 0.640 in 3 weeks in a row" in page
    assert "Retraining did not make it better, and a review is open." in page
