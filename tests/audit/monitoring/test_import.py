"""Files become partitions and windows, once, whatever their format and however often they are sent."""

import pytest

from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring.models import Partition, Upload, Window
from tests.audit.monitoring import logs

pytestmark = pytest.mark.django_db
ROWS = (
    "a,2013-01-01T10:00:00Z,1,0.9,10,UA",
    "b,2013-01-01T11:00:00Z,1,0.4,11,AA",
    "c,2013-01-02T00:30:00+01:00,1,0.6,,UA",
    "d,2013-01-03T12:00:00Z,1,0.1,12,",
)
LABELS = ("a,1", "b,0", "c,0", "d,1")


def test_import_of_csv_measures_its_week(model, version):
    upload = logs.send(model, "predictions", logs.csv(*ROWS))
    assert (upload.state, upload.error, upload.rows) == ("imported", "", 4)
    assert [(str(part.day), part.rows) for part in Partition.objects.order_by("day")] == [
        ("2013-01-01", 3),
        ("2013-01-03", 1),
    ]
    window = Window.objects.get()
    assert (window.predictions, window.labelled, str(window.start)) == (4, 0, "2012-12-31 00:00:00+00:00")
    upload = logs.send(model, "labels", logs.csv(*LABELS, header="prediction_id,label"))
    assert upload.error == ""
    window = Window.objects.get(superseded_at=None)
    assert (window.tp, window.fp, window.fn, window.tn) == (1, 1, 1, 1)
    assert window.measurements.get(metric="roc_auc").value == 0.5
    assert Entry.objects.filter(action="monitoring.measured").count() == 2
    assert Window.objects.count() == 2


def test_import_of_the_same_file_twice_changes_nothing(model, version):
    first = logs.send(model, "predictions", logs.csv(*ROWS))
    entries = Entry.objects.count()
    second = logs.send(model, "predictions", logs.csv(*ROWS))
    assert first.pk == second.pk
    assert (Upload.objects.count(), Partition.objects.count(), Entry.objects.count()) == (1, 2, entries)
    Job.objects.update(state="queued", lease_token=None, lease_until=None)
    logs.run_all()
    assert (Partition.objects.count(), Window.objects.count(), Entry.objects.count()) == (2, 1, entries)
