"""From a sample each column is guessed, with its reason and its doubt; a person states what it is."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.base.errors import InvalidInput
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.monitoring.mapping.guessing import classes_in, guess
from audit.monitoring.mapping.sampling import look
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Upload
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db
URL = "/models/late-arrival/mapping/"
HEADER = "case_id,eventTime,model_version,proba,actual,HOUR,carrier,gender,dest,empty,seen_at,remark"
ROWS = [
    f"c{at},2013-01-01T10:00:{at % 60:02}Z,1,0.{at + 1:03},{at % 2},{at % 24},{'UA' if at % 3 else 'AA'},"
    f"{'f' if at % 2 else 'm'},D{at % 4},,2013-01-01 10:00:00,some words {at}"
    for at in range(100)
]
SAMPLE = logs.csv(*ROWS, header=HEADER)
FEATURES = {"hour": "number", "carrier": "category"}


def guessed(content=SAMPLE, filename="s.csv", task="classification", features=None, classes=()):
    seen = look(filename=filename, chunks=[content])
    return {one.seen.name: one for one in guess(seen, task=task, features=features or {}, classes=classes)}


def test_each_column_is_guessed_with_its_reason():
    found = guessed()
    assert {name: one.role for name, one in found.items()} == {
        "case_id": "prediction_id", "eventTime": "at", "model_version": "version", "proba": "score", "actual": "label",
        "HOUR": "number", "carrier": "category", "gender": "category", "dest": "category", "empty": "category",
        "seen_at": "", "remark": "",
    }  # fmt: skip
    assert found["eventTime"].reason == "its name says so, and all 100 values are times with a zone"
    assert found["proba"].reason == "its name says so, and 0.001 to 0.1, all 100 values are different"
    assert found["actual"].reason == "its name says so, and 0 or 1, 2 different values in 100 rows"
    assert found["case_id"].doubt == "only its values say so; remark could be it too"
    assert found["empty"].doubt == "nothing says what it holds"
    assert (found["gender"].cut, found["dest"].cut, found["remark"].cut) == ("sensitive", "segment", "")
    assert found["carrier"].seen.first == ("AA", "UA", "UA")


def test_declared_features_are_found_whatever_their_spelling():
    found = guessed(features=FEATURES)
    assert (found["HOUR"].role, found["carrier"].role, found["dest"].role) == ("feature:hour", "feature:carrier", "")
    spoilt = guessed(SAMPLE.replace(b",0,AA,", b",none,AA,"), features=FEATURES)
    assert "declared as a number" in spoilt["HOUR"].doubt


def test_names_that_are_alike_and_lone_truths_are_guessed_with_a_doubt():
    rows = [
        f"e{at},2013-05-01T00:00:{at % 60:02}Z,1,0.{at + 1:03},{at % 9}.5,{'UA' if at % 3 else 'AA'},w,{at % 2}"
        for at in range(90)
    ]
    content = logs.csv(*rows, header="event_id,ts,model_version,proba,wind,carrier_code,win,landed_late")
    found = guessed(content, features={"wind_speed": "number", "carrier": "category"})
    assert {name: one.role for name, one in found.items() if one.doubt} == {
        "wind": "feature:wind_speed", "carrier_code": "feature:carrier", "landed_late": "label",
    }  # fmt: skip
    assert found["win"].role == ""
    twice = guessed(content, features={"wind_speed": "number", "wind_gust": "number"})
    assert (twice["wind"].role, twice["landed_late"].role) == ("", "label")


def test_two_candidates_are_a_doubt():
    content = logs.csv(*(f"{at},0.{at + 1:03},0.5{at}" for at in range(50)), header="id,score,probability")
    found = guessed(content)
    assert (found["score"].role, found["probability"].role) == ("score", "number")
    assert found["score"].doubt == "probability could be it too"


def test_times_without_zone_are_named():
    found = guessed(SAMPLE.replace(b"Z,1,", b",1,"))
    assert "some have no zone" in found["eventTime"].reason


def test_codes_of_few_numbers_are_a_doubt():
    content = logs.csv(*(f"{at},{at % 3}" for at in range(50)), header="id,cabin")
    assert "codes of categories" in guessed(content)["cabin"].doubt


def test_classes_and_their_scores_are_found():
    lines = [f"{at},{'crew' if at % 2 else 'fog'},0.{at + 10},0.{at + 11}" for at in range(50)]
    content = logs.csv(*lines, header="id,prediction,p_crew,score:fog")
    classes = classes_in(look(filename="s.csv", chunks=[content]))
    assert classes == ["crew", "fog"]
    found = guessed(content, task="multiclass", classes=classes)
    assert [one.role for one in found.values()] == ["prediction_id", "prediction", "score:crew", "score:fog"]


@pytest.mark.parametrize("filename", ["s.parquet", "s.ndjson"])
def test_other_formats_are_sampled_too(filename):
    rows = [{"id": f"a{at}", "prediction": at / 7, "carrier": "UA", "flag": at % 2 == 0} for at in range(20)]
    content = logs.ndjson(rows)
    if filename == "s.parquet":
        content = logs.parquet({name: [row[name] for row in rows] for name in rows[0]})
    found = guessed(content, filename, task="regression")
    assert [found[name].role for name in ("id", "prediction", "carrier", "flag")] == [
        "prediction_id", "prediction", "category", "category"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "filename", "sentence"),
    [
        (b"", "s.csv", "file: This file is empty."),
        (b"a,b\n", "s.csv", "file: This file has no rows."),
        (b"a,b\n1\n", "s.csv", "row 2: This row has 1 fields and the header has 2."),
        (b"PAR1x", "s.parquet", "file: This Parquet file is cut off"),
        (b"a\n\xff\n", "s.csv", "row 2: There is a byte that is not UTF-8 text."),
        ((",".join(f"c{at}" for at in range(401)) + "\n").encode(), "s.csv", "file: This file has 401 columns"),
    ],
)
def test_sample_that_cannot_be_read_says_why(content, filename, sentence):
    with pytest.raises(InvalidInput) as caught:
        look(filename=filename, chunks=[content])
    assert caught.value.sentence.startswith(sentence)


def test_sample_is_not_kept(settings):
    guessed()
    assert not [path for path in (settings.TOLLGATE_HOME / "tmp").iterdir() if path.is_file()]


def wizard(client, content=SAMPLE, url=URL):
    return client.post(f"{url}sample/", {"file": SimpleUploadedFile("s.csv", content)})


def posted(page, **changes):
    """What a browser sends of the wizard: its token and each select as it stands, and ``changes``."""
    html = page.content.decode()
    said = {"sample": re.search(r'name="sample" value="([^"]+)"', html)[1], "reason": "as the airline writes them"}
    for name, options in re.findall(r'<select name="((?:role|cut)-\d+)".*?>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        said[name] = chosen[1] if chosen else ""
    return said | changes


def test_owner_states_what_the_wizard_understood(cast, model, version):
    client = cast.client("owner")
    page = wizard(client)
    html = page.content.decode()
    assert "Its name says so, and all 100 values are times with a zone" in html
    assert "In doubt: only its values say so" in html
    said = posted(page)
    assert said["cut-7"] == ""
    answer = client.post(URL, said | {"role-7": "group", "cut-7": "sensitive", "role-8": "group", "cut-8": "segment"})
    assert answer.status_code == 302
    found = LogMapping.of(model)
    assert found.columns == {
        "prediction_id": "case_id", "at": "eventTime", "version": "model_version", "score": "proba", "label": "actual",
        "hour": "HOUR",
    }  # fmt: skip
    assert (found.segments, found.sensitive) == (["dest"], ["gender"])
    assert found.ignored == ["empty", "remark", "seen_at"]
    upload = logs.send(model, "predictions", SAMPLE)
    assert (upload.state, upload.error, upload.rows) == ("imported", "", 100)
    page = client.get(URL).content.decode()
    assert "Results are cut by dest, gender." in page
    assert "case_id" in b"".join(client.get(f"{URL}?format=csv").streaming_content).decode()


def test_what_a_later_sample_does_not_hold_stays_stated(cast, model, version):
    client = cast.client("owner")
    client.post(URL, posted(wizard(client)) | {"cut-7": "sensitive", "role-7": "group"})
    labels = logs.csv("c1,1", "c2,0", header="case_id,outcome")
    assert client.post(URL, posted(wizard(client, labels))).status_code == 302
    found = LogMapping.of(model)
    assert (found.columns["score"], found.columns["label"], found.sensitive) == ("proba", "outcome", ["gender"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"role-0": ""}, "No column is the prediction’s id"),
        ({"role-5": "score"}, "proba and HOUR cannot both be score."),
        ({"role-7": "group"}, "Say how results are cut by gender."),
        ({"cut-3": "segment"}, "Results cannot be cut by proba."),
        ({"cut-5": "segment"}, "hour is a number, and results are cut by groups."),
        ({"reason": ""}, "This field is required"),
        ({"sample": "forged"}, "did not come back"),
        ({"role-7": "nonsense"}, "nonsense"),
    ],
)
def test_wizard_says_what_cannot_be(cast, model, version, changes, sentence):
    client = cast.client("owner")
    answer = client.post(URL, posted(wizard(client)) | changes)
    assert answer.status_code == 422
    assert sentence.replace("’", "'") in answer.content.decode().replace("&#x27;", "'").replace("’", "'")
    assert not LogMapping.objects.exists()


def test_wizard_declares_features_of_a_model_that_has_none(cast, use_case):
    catalogue.register_model(
        actor=SYSTEM, use_case=use_case, slug="bare", name="bare", task="classification", owner=cast.owner,
        outcome="is late", threshold=0.5,
    )  # fmt: skip
    client, url = cast.client("owner"), "/models/bare/mapping/"
    said = posted(wizard(client, url=url)) | {"role-9": "", "role-5": "number"}
    assert client.post(url, said).status_code == 302
    assert Model.objects.get(slug="bare").features == {
        "HOUR": "number", "carrier": "category", "gender": "category", "dest": "category"
    }  # fmt: skip


def test_bad_sample_says_why_and_nothing_is_kept(cast, model, version):
    answer = wizard(cast.client("owner"), b"a,b\n1\n")
    assert answer.status_code == 422
    assert "This row has 1 fields and the header has 2." in answer.content.decode()
    assert Upload.objects.count() == 0


def test_others_see_what_is_stated_and_why_they_cannot(cast, model, version):
    for name in ("manager", "auditor"):
        client = cast.client(name)
        assert "You may not send predictions, labels or metrics here" in client.get(URL).content.decode()
        assert wizard(client).status_code == 403
    assert cast.client("outsider").get(URL).status_code == 404
    assert wizard(cast.client("outsider")).status_code == 404
