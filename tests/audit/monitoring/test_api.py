"""Programs send files, rows and metrics, and read back what became of them."""

import json

import pytest
from django.test import Client

from audit.monitoring.models import Partition, Upload, Window
from audit.people import services as people
from tests.audit.monitoring import logs

pytestmark = pytest.mark.django_db
ROW = {"prediction_id": "a", "at": "2013-01-07T12:00:00Z", "version": 1, "score": 0.9, "hour": 10, "carrier": "UA"}


@pytest.fixture
def client_of(cast):
    def make(name="owner", scopes=("read", "write")):
        _, text = people.issue_token(
            actor=cast.actor(name), user=getattr(cast, name), name="test", scopes=list(scopes), days=1
        )
        return Client(headers={"Authorization": f"Bearer {text}"})

    return make


def test_file_sent_over_the_api_is_imported_and_measured(model, version, client_of):
    client = client_of()
    answer = client.post(
        "/api/v1/models/late-arrival/predictions", logs.ndjson([ROW]), content_type="application/x-ndjson"
    )
    assert answer.status_code == 202, answer.content
    again = client.post(
        "/api/v1/models/late-arrival/predictions", logs.ndjson([ROW]), content_type="application/x-ndjson"
    )
    assert again.json()["upload"] == answer.json()["upload"]
    assert again.json()["job"] == answer.json()["job"]
    logs.run_all()
    answer = client.post(
        "/api/v1/models/late-arrival/labels",
        json.dumps({"rows": [{"prediction_id": "a", "label": True}]}),
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.content
    logs.run_all()
    found = client.get(answer.json()["upload_url"]).json()
    assert (found["state"], found["rows"], found["model"]) == ("imported", 1, "late-arrival")
    window = client.get("/api/v1/models/late-arrival/metrics").json()["items"][0]
    assert (window["version"], window["tp"], window["source"]) == (1, 1, "computed")
    assert next(row for row in window["metrics"] if row["metric"] == "recall")["value"] == 1.0


def test_wrong_file_says_why_at_its_address(model, version, client_of):
    client = client_of()
    answer = client.post("/api/v1/models/late-arrival/predictions?format=csv", b"", content_type="text/csv")
    logs.run_all()
    found = client.get(answer.json()["upload_url"]).json()
    assert (found["state"], Partition.objects.count()) == ("failed", 0)
    assert found["error"].startswith("file: This file is empty.")


@pytest.mark.parametrize("body", ["[]", "{}", '{"rows": []}', '{"rows": [1]}', "{", '{"rows": [{"score": NaN}]}'])
def test_json_that_breaks_the_schema_is_a_problem(model, version, client_of, body):
    answer = client_of().post("/api/v1/models/late-arrival/predictions", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert Upload.objects.count() == 0


def test_unknown_model_version_and_format_are_problems(model, version, client_of):
    client, url = client_of(), "/api/v1/models/late-arrival/predictions"
    assert client.post("/api/v1/models/nothing/predictions", b"x", content_type="text/csv").status_code == 404
    assert client.post(f"{url}?version=7", b"x", content_type="text/csv").status_code == 422
    assert client.post(f"{url}?format=xls", b"x", content_type="text/csv").status_code == 422


def test_metric_sent_is_read_back_as_sent(model, version, client_of):
    client, url = client_of(), "/api/v1/models/late-arrival/metrics"
    said = {"version": 1, "start": "2013-01-07T00:00:00Z", "end": "2013-01-14T00:00:00Z", "metric": "roc_auc",
            "value": 0.7, "low": 0.65, "high": 0.75, "n": 400}  # fmt: skip
    answer = client.post(url, json.dumps(said), content_type="application/json")
    assert (answer.status_code, answer.json()["source"]) == (201, "sent"), answer.content
    assert client.get(f"{url}?source=computed").json()["items"] == []
    assert client.get(f"{url}?source=sent").json()["items"][0]["metrics"][0]["value"] == 0.7
    wrong = json.dumps(said | {"start": "2013-01-07T00:00:00"})
    assert client.post(url, wrong, content_type="application/json").status_code == 422
    wrong = json.dumps(said | {"low": 0.72})
    assert client.post(url, wrong, content_type="application/json").status_code == 422
    assert Window.objects.count() == 1


def test_token_that_may_only_read_sends_nothing(model, version, client_of):
    answer = client_of(scopes=("read",)).post("/api/v1/models/late-arrival/labels", b"x", content_type="text/csv")
    assert answer.status_code == 403
    assert Upload.objects.count() == 0
