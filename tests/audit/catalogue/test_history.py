"""The history answers for any day from two times, says who allowed it and what it cost, and never guesses."""

import csv
from datetime import UTC, date, datetime
from typing import Any

import pytest

from audit.base.errors import InvalidInput
from audit.catalogue import answers, production
from audit.catalogue import services as catalogue
from audit.catalogue.domain.spans import Span
from audit.catalogue.models import AliasPeriod, Deployment, Model, ModelVersion
from audit.documents import services as documents
from governance.approvals import services as approvals
from governance.approvals.models import PromotionRequest
from tests.support.bills import bill, read, receive
from tests.support.cast import SYSTEM, Cast

MARCH = datetime(2013, 3, 4, 6, tzinfo=UTC)
JUNE = datetime(2013, 6, 3, 6, tzinfo=UTC)
JULY = datetime(2013, 7, 8, 6, tzinfo=UTC)
LATER = datetime(2013, 7, 20, tzinfo=UTC)


@pytest.fixture
def gone(cast: Cast, model: Model, version: ModelVersion) -> ModelVersion:
    """Version 1 in production from 4 March until 3 June; then nothing; version 2 from 8 July on."""
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=MARCH)
    first = catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch", since=MARCH)
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="two", artefact_digest="2" * 64, author=cast.owner
    )
    catalogue.end_deployment(actor=SYSTEM, deployment=first, until=JUNE)
    AliasPeriod.objects.filter(model=model).update(until=JUNE, ended_recorded_at=LATER)
    catalogue.move_alias(actor=SYSTEM, version=second, alias="production", since=JULY)
    catalogue.deploy(actor=SYSTEM, version=second, environment="production", mode="batch", since=JULY)
    return second


def _on(cast: Cast, model: Model, day: date, known: date | None = None) -> production.Answer:
    return production.on_day(model=model, viewer=cast.actor("owner"), day=day, known=known)


@pytest.mark.parametrize(
    ("day", "numbers"),
    [
        (date(2013, 3, 3), []),
        (date(2013, 3, 4), [1]),
        (date(2013, 6, 3), [1]),
        (date(2013, 6, 4), []),
        (date(2013, 7, 7), []),
        (date(2013, 7, 8), [2]),
    ],
)
def test_day_is_answered_before_during_in_the_gap_and_after(
    cast: Cast, model: Model, gone: ModelVersion, day: date, numbers: list[int]
) -> None:
    assert [held.version.number for held in _on(cast, model, day).held] == numbers


def test_answer_says_since_when_and_until_when(cast: Cast, model: Model, gone: ModelVersion) -> None:
    assert _on(cast, model, date(2013, 5, 1)).sentences == [
        "v1 was in production on 1 May 2013: since 4 March 2013, 06:00 UTC until 3 June 2013, 06:00 UTC."
    ]
    assert _on(cast, model, date(2013, 6, 20)).sentences == ["Nothing was in production on 20 June 2013."]


def test_answer_as_known_then_leaves_out_what_was_recorded_later(cast: Cast, model: Model, gone: ModelVersion) -> None:
    for rows in (
        AliasPeriod.objects.filter(version__number=1),
        Deployment.objects.filter(version__number=1),
    ):
        rows.update(created_at=MARCH, ended_recorded_at=LATER)
    day = date(2013, 6, 20)
    assert _on(cast, model, day).held == ()
    then = _on(cast, model, day, known=date(2013, 7, 19))
    assert [held.version.number for held in then.held] == [1]
    assert then.sentences == [
        (
            "v1 was in production on 20 June 2013, as was known at the end of 19 July 2013: "
            "since 4 March 2013, 06:00 UTC, and no end of that was known."
        )
    ]
    assert _on(cast, model, day, known=date(2013, 7, 20)).held == ()
    assert _on(cast, model, day, known=date(2013, 3, 3)).held == ()


def test_name_and_deployment_that_disagree_are_told(cast: Cast, model: Model, gone: ModelVersion) -> None:
    Deployment.objects.filter(version=gone).update(version=model.versions.get(number=1))
    assert _on(cast, model, date(2013, 8, 1)).sentences[-1] == (
        "The records disagree: the name points at v2, and v1 ran."
    )


def test_day_that_has_not_come_is_refused(cast: Cast, model: Model) -> None:
    with pytest.raises(InvalidInput, match="This day has not come yet"):
        _on(cast, model, date.max)
    with pytest.raises(InvalidInput, match="This day has not come yet"):
        _on(cast, model, date(2013, 1, 1), known=date.max)
    client = cast.client("owner")
    assert client.get("/models/late-arrival/?on=9999-12-31").status_code == 422
    assert client.get("/models/late-arrival/history/?on=9999-12-31").status_code == 422
    assert client.get("/models/late-arrival/history/?on=March").status_code == 422


def test_span_that_ends_when_the_day_begins_does_not_touch_it() -> None:
    span = Span(MARCH, datetime(2013, 6, 3, tzinfo=UTC), MARCH, LATER)
    assert not span.touches(datetime(2013, 6, 3, tzinfo=UTC), datetime(2013, 6, 4, tzinfo=UTC))
    assert span.touches(datetime(2013, 6, 2, tzinfo=UTC), datetime(2013, 6, 3, tzinfo=UTC))


def _lines(cast: Cast, model: Model, day: date, name: str = "owner", known: date | None = None) -> dict[str, str]:
    (held,) = production.on_day(model=model, viewer=cast.actor(name), day=day, known=known).held
    return {line.label: line.words for line in held.lines}


def test_answer_names_who_allowed_it_by_which_request(cast: Cast, model: Model, gone: ModelVersion) -> None:
    third = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="three", artefact_digest="3" * 64, author=cast.owner
    )
    asked = approvals.request_promotion(
        actor=SYSTEM, version=third, reason="Better.", evidence={}, on_behalf_of=cast.owner
    )
    for name in ("validator", "approver"):
        approvals.vote(actor=cast.actor(name), request=asked, decision="approve", comment="Looked at it.")
    decided = PromotionRequest.objects.get(pk=asked.pk).decided_at
    assert decided is not None
    said = _lines_of(cast, model, decided.date(), 3)
    words = f"Validator and Approver, on {decided.day} {decided:%B} {decided.year}"
    assert (said["Allowed by"], said["By which request"]) == (
        words,
        "Shall late-arrival v3 replace v2 in production?",
    )
    assert _lines(cast, model, date(2013, 5, 1))["Allowed by"] == "Nobody: no approved request for it is on record"


def _lines_of(cast: Cast, model: Model, day: date, number: int) -> dict[str, str]:
    held = production.on_day(model=model, viewer=cast.actor("owner"), day=day).held
    return {line.label: line.words for one in held if one.version.number == number for line in one.lines}


def test_approval_after_the_day_is_told_as_afterwards(cast: Cast, model: Model, version: ModelVersion) -> None:
    asked = approvals.request_promotion(
        actor=SYSTEM, version=version, reason="First.", evidence={}, on_behalf_of=cast.owner
    )
    for name in ("validator", "approver"):
        approvals.vote(actor=cast.actor(name), request=asked, decision="approve", comment="Looked at it.")
    AliasPeriod.objects.update(since=MARCH)
    said = _lines(cast, model, date(2013, 5, 1))
    assert said["Not allowed that day"] == "It was allowed only afterwards"
    assert said["Allowed by"].startswith("Validator and Approver, on ")


def test_answer_counts_cost_of_the_day_and_of_the_month(cast: Cast, model: Model, gone: ModelVersion) -> None:
    tag = {"Tags": '{"tollgate:model": "late-arrival", "tollgate:stage": "serve_batch"}'}
    next_day = {"ChargePeriodStart": "2013-06-04T10:00:00Z", "ChargePeriodEnd": "2013-06-04T11:00:00Z"}
    rows = [tag | {"EffectiveCost": "20.00"}, tag | next_day | {"EffectiveCost": "3.50"}, {"EffectiveCost": "9.00"}]
    read(receive(bill(rows), simulated=True))
    assert _lines(cast, model, date(2013, 6, 3))["Cost"] == (
        "$20.00 that day, $23.50 in June 2013, from a simulated bill; the model, all its versions"
    )
    assert _lines(cast, model, date(2013, 5, 1))["Cost"] == ("Unknown: no charge of May 2013 is tied to the model")


def test_answer_counts_documents_dated_by_that_day(cast: Cast, model: Model, gone: ModelVersion) -> None:
    documents.attach_document(
        actor=SYSTEM, scope=model, kind="risk-file", title="Risks", filename="r.md", chunks=[b"# R\n"],
        dated=date(2013, 5, 2),
    )  # fmt: skip
    assert _lines(cast, model, date(2013, 5, 1))["Documents"] == "None dated that day or before"
    assert _lines(cast, model, date(2013, 5, 2))["Documents"] == "1 document dated that day or before"


def test_answer_counts_entries_that_the_viewer_may_read(cast: Cast, model: Model, gone: ModelVersion) -> None:
    assert _lines(cast, model, date(2013, 5, 1), "auditor")["Evidence"] == (
        "4 entries of the audit log about the version and where it ran"
    )


def test_history_page_answers_and_lists_each_period(cast: Cast, model: Model, gone: ModelVersion) -> None:
    page = cast.client("auditor").get("/models/late-arrival/history/?on=2013-05-01").content.decode()
    assert "What of late-arrival was in production on 1 May 2013?" in page
    assert "since 4 March 2013, 06:00 UTC until 3 June 2013, 06:00 UTC" in page
    assert "2 periods, newest first" in page
    assert "Nobody: no approved request for it is on record" in page
    empty = cast.client("auditor").get("/models/late-arrival/history/?on=2013-01-01").content.decode()
    assert "Nothing was in production on 1 January 2013." in empty


def test_history_without_a_period_says_the_next_step(cast: Cast, model: Model) -> None:
    page = cast.client("owner").get("/models/late-arrival/history/").content.decode()
    assert "No name points anywhere yet" in page


def test_history_as_csv_has_each_period_and_who_moved_it(cast: Cast, model: Model, gone: ModelVersion) -> None:
    catalogue.move_alias(actor=cast.actor("owner"), version=model.versions.get(number=1), alias="staging", since=LATER)
    answer = cast.client("auditor").get("/models/late-arrival/history/?format=csv")
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert [(row["name"], row["version"], row["moved_by"]) for row in rows] == [
        ("staging", "1", "Owner"),
        ("production", "2", "test"),
        ("production", "1", "test"),
    ]


def test_api_answers_what_was_in_production(program: Any, cast: Cast, model: Model, gone: ModelVersion) -> None:
    answer = program("owner").get("/models/late-arrival/production?on=2013-05-01").json()
    assert (answer["on"], [one["version"] for one in answer["versions"]]) == ("2013-05-01", [1])
    (held,) = answer["versions"]
    assert (held["since"], held["until"]) == ("2013-03-04T06:00:00Z", "2013-06-03T06:00:00Z")
    assert [one["what"] for one in held["records"]] == ["Named “production”", "Deployed in production, batch"]
    assert {"label": "Allowed by", "words": "Nobody: no approved request for it is on record", "url": ""} in held[
        "lines"
    ]
    gap = program("owner").get("/models/late-arrival/production?on=2013-06-20").json()
    assert (gap["versions"], gap["words"]) == ([], ["Nothing was in production on 20 June 2013."])
    assert program("owner").get("/models/late-arrival/production").json()["versions"][0]["version"] == 2
    assert program("owner").get("/models/late-arrival/production?on=9999-12-31").status_code == 422
    assert program("outsider").get("/models/late-arrival/production?on=2013-05-01").status_code == 404


def test_provider_whose_name_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="Two providers of answers are named cost"):
        answers.register("cost", lambda asked, viewer: [], order=1)
