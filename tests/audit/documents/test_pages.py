"""The pages say which documents stand, which kinds are missing, and what to do next; what is forbidden says why."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.documents import services
from audit.documents.models import Document
from audit.ledger.models import Entry
from tests.audit.documents import files
from tests.support.cast import SYSTEM, Cast


def text(answer: Any) -> str:
    """The page, without breaks."""
    return " ".join(answer.content.decode().split())


def form(**changes: Any) -> dict[str, Any]:
    """What a person sends."""
    return {
        "scope": "model:late-arrival",
        "kind": "risk-file",
        "title": "Risk file 2013",
        "file": SimpleUploadedFile("risks.pdf", files.pdf()),
        "dated": "2013-03-01",
        "signed_by": "Ines Duarte",
        **changes,
    }


def test_list_without_documents_says_the_next_step(cast: Cast, model) -> None:
    page = text(cast.client("validator").get("/documents/"))
    assert "None yet. Attach what people wrote and signed outside of Tollgate" in page
    assert 'href="/documents/attach/">Attach a document</a>' in page
    page = text(cast.client("manager").get("/documents/"))
    assert "You may not attach documents here: a model owner, a validator or an administrator of this team can." in page


def test_list_before_the_first_model_says_so(cast: Cast) -> None:
    assert "There is no model yet" in text(cast.client("owner").get("/documents/"))


def test_list_counts_models_and_names_those_without_any(cast: Cast, attach, regression) -> None:
    attach(signed_by="Ines Duarte")
    page = text(cast.client("owner").get("/documents/"))
    assert "A document stands behind 1 of 2 models." in page
    assert '<a href="/models/arrival-delay/#documents">arrival-delay</a>' in page
    attach(scope=cast.team, kind="policy")
    page = text(cast.client("owner").get("/documents/"))
    assert "A document stands behind 2 of 2 models." in page
    assert "Models without any" not in page


def test_list_narrows_by_kind_and_by_model(cast: Cast, attach, regression) -> None:
    attach(title="Of the first")
    attach(title="Of the team", scope=cast.team, kind="policy")
    attach(title="Of the second", scope=regression)
    client = cast.client("owner")

    def titles(query: str) -> set[str]:
        page = text(client.get(f"/documents/{query}"))
        return {name for name in ("Of the first", "Of the team", "Of the second") if f">{name}</a>" in page}

    assert titles("") == {"Of the first", "Of the team", "Of the second"}
    assert titles("?kind=policy") == {"Of the team"}
    assert titles("?model=late-arrival") == {"Of the first", "Of the team"}
    assert titles("?model=late-arrival&kind=risk-file") == {"Of the first"}
    assert titles("?kind=novel&model=%00") == {"Of the first", "Of the team", "Of the second"}
    page = text(client.get("/documents/?kind=contract"))
    assert "No document matches" in page
    assert 'href="/documents/">Show all</a>' in page


def test_list_as_csv_has_every_column(cast: Cast, attach, use_case) -> None:
    first = attach(signed_by="=1+1")
    second = attach(content=files.pdf("b"), replaces=first)
    services.withdraw_document(actor=cast.actor("owner"), document=second, reason="Signed by nobody.")
    attach(scope=use_case, kind="policy", filename="policy.pdf")
    answer = cast.client("manager").get("/documents/?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    found = [[row[name] for name in ("of", "name", "state", "signed_by", "sha256", "withdrawn_why")] for row in rows]
    assert found == [
        ["use case", "Late arrival alert", "Current", "", first.digest, ""],
        ["model", "late-arrival", "Withdrawn", "", second.digest, "Signed by nobody."],
        ["model", "late-arrival", "Current", "'=1+1", first.digest, ""],
    ]
    assert rows[1]["replaces"] == str(first.pk)


def test_person_attaches_reads_and_takes_a_document(cast: Cast, model) -> None:
    client = cast.client("validator")
    page = text(client.get("/documents/attach/?model=late-arrival&kind=risk-file"))
    assert '<option value="model:late-arrival" selected>late-arrival</option>' in page
    assert '<option value="risk-file" selected>Risk management file</option>' in page
    answer = client.post("/documents/attach/", form())
    document = Document.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/documents/{document.pk}/")
    page = text(client.get(answer["Location"]))
    assert "Yes. It stands behind the model" in page
    assert document.digest in page
    assert "Ines Duarte, as Validator stated" in page
    assert f'attached the document <a href="/documents/{document.pk}/">Risk file 2013</a>' in page
    taken = client.get(f"/documents/{document.pk}/content/")
    assert taken.content == files.pdf()
    assert taken["Content-Disposition"] == 'attachment; filename="risks.pdf"'
    assert taken["Content-Type"] == "application/pdf"
    assert taken["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": SimpleUploadedFile("a.pdf", b"MZ\x90\x00")}, "This type of file cannot be attached."),
        ({"file": ""}, "This field is required."),
        ({"dated": "2999-01-01"}, "This date lies ahead."),
        ({"dated": "soon"}, "Enter a valid date."),
        ({"scope": "team:catering"}, "Select a valid choice."),
        ({"kind": "novel"}, "Select a valid choice."),
    ],
)
def test_form_that_cannot_be_used_says_why_beside_the_field(
    cast: Cast, model, changes: dict[str, Any], sentence: str
) -> None:
    answer = cast.client("owner").post("/documents/attach/", form(**changes))
    assert answer.status_code == 422
    page = text(answer)
    assert sentence in page
    assert f'href="#id_{next(iter(changes))}"' in page
    assert not Document.objects.exists()


def test_form_with_the_same_file_again_says_so_on_top(cast: Cast, attach) -> None:
    attach()
    answer = cast.client("owner").post("/documents/attach/", form())
    assert answer.status_code == 422
    assert "This very file is attached already, as “Risk file” of 1 March 2013." in text(answer)


def test_newer_version_is_attached_from_the_page_of_the_older_one(cast: Cast, attach) -> None:
    first = attach(signed_by="Ines Duarte")
    client = cast.client("owner")
    address = f"/documents/attach/?replaces={first.pk}"
    assert f'href="{address}"' in text(client.get(f"/documents/{first.pk}/"))
    page = text(client.get(address))
    assert "What replaces “Risk file”?" in page
    assert 'value="Ines Duarte"' in page
    assert "arrival-delay" not in page
    sent = form(title="Risk file 2", file=SimpleUploadedFile("b.pdf", files.pdf("b")), dated="2013-06-01")
    assert client.post(address, sent).status_code == 302
    page = text(client.get(f"/documents/{first.pk}/"))
    assert "Risk file 2</a>, dated" in page
    assert "A newer version replaces it already." in page
    assert "Versions" in page
    assert client.get("/documents/attach/?replaces=x").status_code == 404
    assert cast.client("outsider").get(address).status_code == 404


def test_owner_withdraws_with_a_reason_and_the_page_shows_it(cast: Cast, attach) -> None:
    document = attach()
    client = cast.client("owner")
    assert client.post(f"/documents/{document.pk}/withdraw/", {"reason": " "}).status_code == 422
    assert client.post(f"/documents/{document.pk}/withdraw/", {"reason": "Signed by nobody."}).status_code == 302
    page = text(client.get(f"/documents/{document.pk}/"))
    assert "No. Owner withdrew it on" in page
    assert "“Signed by nobody.”" in page
    assert "It was withdrawn before." in page
    assert client.post(f"/documents/{document.pk}/withdraw/", {"reason": "again"}).status_code == 409
    assert Entry.objects.filter(action="documents.withdrawn").count() == 1


def test_validator_sees_why_they_may_not_withdraw(cast: Cast, attach) -> None:
    page = text(cast.client("validator").get(f"/documents/{attach().pk}/"))
    assert "You may not register or change models here" in page


def test_document_whose_content_was_removed_says_so(cast: Cast, attach, django_capture_on_commit_callbacks) -> None:
    document = attach()
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=document, reason="Ten years have passed.")
    client = cast.client("owner")
    page = text(client.get(f"/documents/{document.pk}/"))
    assert "Its content was removed on" in page
    assert f'href="/documents/{document.pk}/content/"' not in page
    assert "Ten years have passed." in page
    answer = client.get(f"/documents/{document.pk}/content/")
    assert answer.status_code == 409
    assert "was removed; its SHA-256" in text(answer)


def test_model_page_lists_documents_and_missing_kinds(cast: Cast, attach, use_case) -> None:
    client = cast.client("owner")
    page = text(client.get("/models/late-arrival/"))
    assert "Nothing that people wrote or signed is attached to this model, its team or its use case." in page
    attach(signed_by="Ines Duarte")
    attach(scope=use_case, kind="policy", title="AI policy")
    page = text(client.get("/models/late-arrival/"))
    assert "2 current documents" in page
    assert "Not attached: list of the standards applied, copy of the declaration of conformity" in page
    assert "risk management file, " not in page.partition("Not attached:")[2]
    assert 'href="/documents/attach/?model=late-arrival"' in page
    assert "attached the document Risk file" in page, "the timeline of the model tells of it"
    assert "You may not attach documents here" in text(cast.client("manager").get("/models/late-arrival/"))


def test_use_case_page_lists_its_documents(cast: Cast, attach, use_case) -> None:
    client = cast.client("owner")
    assert "is attached to this use case, its team." in text(client.get("/use-cases/late-arrival-alert/"))
    attach(scope=use_case, kind="policy", title="AI policy")
    attach(title="Of the model")
    page, _, happened = text(client.get("/use-cases/late-arrival-alert/")).partition("What happened to it?")
    assert "AI policy" in page
    assert "Of the model" not in page
    assert "Of the model" in happened, "it is an entry in the life of the use case"
    assert 'href="/documents/attach/?use_case=late-arrival-alert"' in page


def test_panel_shows_the_newest_eight_and_leads_to_all(cast: Cast, attach) -> None:
    for number in range(9):
        attach(content=files.pdf(str(number)), title=f"Report {number}", dated=date(2013, 3, 1 + number))
    page = text(cast.client("owner").get("/models/late-arrival/"))
    assert "The newest 8 of 9" in page
    assert ">Report 0</a>" not in page
    assert 'href="/documents/?model=late-arrival"' in page
