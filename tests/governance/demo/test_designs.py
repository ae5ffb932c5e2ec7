"""The document that the demo attaches tells what the version was really made from, and is attached once."""

from datetime import timedelta

from audit.base import clock
from audit.documents import selectors
from audit.documents.models import Document
from governance.demo import designs, flights, organisation
from governance.retraining.engines import Trained
from tests.support.cast import SYSTEM

TRAINED = Trained(
    artefact=b"x",
    digest="1" * 64,
    rows=47_811,
    parameters={"seed": 0, "max_iter": 100},
    compute_seconds=1.5,
    code_version="tollgate 0.1",
    environment={"python": "3.11"},
)


def test_design_is_attached_once_and_tells_the_query_and_the_settings(version):
    demo = organisation.load().models["late-arrival"]
    first = designs.attach(actor=SYSTEM, demo=demo, made=version, trained=TRAINED)
    assert designs.attach(actor=SYSTEM, demo=demo, made=version, trained=TRAINED).pk == first.pk
    assert Document.objects.count() == 1
    text = selectors.content(document=first).decode()
    assert flights.query().strip() in text
    assert "lands more than 15 minutes late. The task is classification, positive from a score of 0.256." in text
    assert "| max_iter | 100 |" in text
    assert "47,811 of them had a known outcome" in text
    assert "| carrier | category |" in text
    assert (first.media_type, first.kind, first.signed_by) == ("text/markdown", "design", "")
    assert abs(first.dated - clock.now().date()) <= timedelta(days=1)
