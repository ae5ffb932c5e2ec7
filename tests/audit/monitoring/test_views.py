"""The page of files sends one, shows what became of it, and says to others why they cannot."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.catalogue import services as catalogue
from audit.monitoring.models import Upload
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db
URL = "/models/late-arrival/upload/"
LINE = "a,2013-01-07T12:00:00Z,1,0.9,10,UA"


def sent(client, content=None):
    file = SimpleUploadedFile("january.csv", content or logs.csv(LINE))
    return client.post(URL, {"kind": "predictions", "file": file, "version": ""})


def test_owner_sends_a_file_and_sees_it_imported(cast, model, version):
    client = cast.client("owner")
    answer = sent(client)
    upload = Upload.objects.get()
    assert answer.status_code == 302
    assert str(upload.pk) in answer["Location"]
    assert "nothing of it counts before" in client.get(answer["Location"]).content.decode()
    logs.run_all()
    assert "rows count" in client.get(answer["Location"]).content.decode()
    assert client.get(f"{answer['Location']}?part=job").status_code == 200
    page = client.get(URL).content.decode()
    assert "january.csv" in page
    assert "Imported" in page


def test_failed_file_shows_its_sentence(cast, model, version):
    client = cast.client("owner")
    answer = sent(client, logs.csv("a,2013-01-07T12:00:00Z,1,high,10,UA"))
    logs.run_all()
    for url in (URL, answer["Location"]):
        assert "row 2, column score" in client.get(url).content.decode()
    assert "row 2, column score" in b"".join(client.get(f"{URL}?format=csv").streaming_content).decode()


@pytest.mark.parametrize(("name", "status"), [("manager", 403), ("auditor", 403), ("outsider", 404), ("nobody", 302)])
def test_others_cannot_send(cast, model, version, name, status):
    assert sent(cast.client(name)).status_code == status
    assert Upload.objects.count() == 0


def test_manager_sees_why_sending_is_not_for_them(cast, model, version):
    page = cast.client("manager").get(URL).content.decode()
    assert "You may not send predictions, labels or metrics here" in page


def test_form_without_a_file_says_so(cast, model, version):
    answer = cast.client("owner").post(URL, {"kind": "predictions"})
    assert answer.status_code == 422


def test_model_page_shows_the_measured_week(cast, model, version):
    rows = [
        f"{name},2013-01-07T12:00:00Z,1,{score},10,UA"
        for name, score in (("a", 0.9), ("b", 0.2), ("c", 0.6), ("d", 0.4))
    ]
    logs.send(model, "predictions", logs.csv(*rows))
    client = cast.client("manager")
    assert "how well the model does is unknown" in client.get("/models/late-arrival/").content.decode()
    logs.send(model, "labels", logs.csv("a,1", "b,0", "c,0", "d,1", header="prediction_id,label"))
    page = client.get("/models/late-arrival/").content.decode()
    assert "ROC AUC was 0.750 in the week of 7 January 2013" in page
    assert "Flagged, and rightly: <strong>1</strong>" in page


def test_queries_of_the_list_do_not_grow_with_files(cast, model, version, django_assert_max_num_queries):
    client = cast.client("owner")

    def queries():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            client.get(URL)
        return len(caught)

    logs.send(model, "predictions", logs.csv(LINE))
    few = queries()
    for at in range(5):
        logs.send(model, "predictions", logs.csv(LINE.replace("a,", f"b{at},", 1)))
    assert queries() <= few


def test_week_is_named_by_its_monday_in_every_zone(cast, model, version):
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=datetime(2013, 1, 1, tzinfo=UTC))
    logs.send(model, "predictions", logs.csv(LINE))
    logs.send(model, "labels", logs.csv("a,1", header="prediction_id,label"))
    logs.run_all()
    type(cast.manager).objects.filter(pk=cast.manager.pk).update(zone="America/New_York")
    page = cast.client("manager").get("/models/late-arrival/").content.decode()
    assert '<time datetime="2013-01-07">7 January 2013</time> v1 made 1 prediction' in page
