"""Bills of a folder come in once, an export's through its manifest; what cannot be used is told and stops no other."""

import json
import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from audit.jobs.models import State
from audit.sources.models import Source
from costs.billing.models import BillFile
from costs.feeds.connectors.folder import BillFolderConnector, BillFolderForm
from tests.costs.feeds.support import billed, connect, pull
from tests.support.bills import bill
from tests.support.cast import Cast
from tests.support.jobs import Worker

MANIFEST = "focus/metadata/BILLING_PERIOD=2013-06/focus-Manifest.json"
DATA = "focus/data/BILLING_PERIOD=2013-06/focus-00001.csv"


@pytest.fixture
def source(cast: Cast, inbox: Path) -> Source:
    """A folder of bills."""
    (inbox / "bills").mkdir()
    return connect(cast, "bill-folder", {"path": "bills"})


def put(inbox: Path, path: str, content: bytes, *, age: float = 10) -> None:
    """A file that was written ``age`` seconds ago."""
    file = inbox / "bills" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    os.utime(file, (time.time() - age, time.time() - age))


def export(inbox: Path, *files: str, path: str = MANIFEST) -> None:
    """A manifest of these files, which it knows by their addresses in S3."""
    put(inbox, path, json.dumps({"dataFiles": [f"s3://bills/exports/{file}" for file in files]}).encode())


def test_bill_comes_in_once_and_a_changed_one_replaces_it(worker: Worker, source: Source, inbox: Path) -> None:
    put(inbox, "by-hand/june.csv", bill([{"BilledCost": "2.50"}]))
    put(inbox, "notes.txt", b"x")
    assert pull(worker, source).counts == {"new": 1, "known": 0, "waiting": 0, "unusable": 0}
    assert billed() == Decimal("2.5") and BillFile.objects.get().team is None
    assert pull(worker, source).counts == {"new": 0, "known": 1, "waiting": 0, "unusable": 0}
    put(inbox, "by-hand/june.csv", bill([{"BilledCost": "3.75"}]))
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("3.75")
    put(inbox, "by-hand/copy.csv", bill([{"BilledCost": "3.75"}]))
    assert pull(worker, source).counts["new"] == 0, "the same content under another name"
    assert pull(worker, source, anew=True).counts["new"] == 0, "everything anew"
    assert BillFile.objects.count() == 2


def test_export_is_taken_through_its_manifest_alone(worker: Worker, source: Source, inbox: Path) -> None:
    put(inbox, DATA, bill([{"BilledCost": "2.50"}]))
    put(inbox, "focus/data/BILLING_PERIOD=2013-06/left-over.csv", bill([{"BilledCost": "99"}]))
    export(inbox, DATA)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("2.5")
    export(inbox, DATA)
    put(inbox, DATA, bill([{"BilledCost": "4"}]))
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("4")


def test_files_of_a_manifest_are_one_bill_and_one_that_is_wrong_takes_none(
    worker: Worker, source: Source, inbox: Path
) -> None:
    second = DATA.replace("00001", "00002")
    put(inbox, DATA, bill([{"BilledCost": "2.50"}]))
    put(inbox, second, bill([{"BilledCost": "1.25"}, {"BilledCost": "0.25"}]))
    export(inbox, DATA, second)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("4.00") and BillFile.objects.get().parts.count() == 2
    put(inbox, second, bill([{"BilledCost": "a lot"}]))
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("4.00"), "the figures of before stand"
    pull(worker, source)
    assert len(source.problems) == 1 and "“a lot” is not a number" in source.problems[0]


def test_manifest_that_cannot_be_used_is_told_and_stops_no_other(worker: Worker, source: Source, inbox: Path) -> None:
    put(inbox, DATA, bill([{"BilledCost": "2.50"}]))
    export(inbox, DATA, DATA.replace("00001", "00002"))
    export(inbox, DATA, DATA, path=MANIFEST.replace("2013-06", "2013-05"))
    put(inbox, MANIFEST.replace("2013-06", "2013-04"), b'{"dataFiles": [')
    put(inbox, "by-hand.csv", bill([{"BilledCost": "1.25", "BillingAccountId": "2"}]))
    job = pull(worker, source)
    assert (job.state, job.counts) == (State.SUCCEEDED, {"new": 1, "known": 0, "waiting": 0, "unusable": 3})
    april, may, june = source.problems
    assert "2013-04/focus-Manifest.json: it is no JSON" in april
    assert "2013-05/focus-Manifest.json: it names s3://bills/exports/focus/data" in may and "twice" in may
    assert "2013-06/focus-Manifest.json: it names" in june and "00002.csv, which is not there" in june
    assert billed() == Decimal("1.25")
    export(inbox, DATA)
    assert pull(worker, source).counts["new"] == 1
    assert billed() == Decimal("3.75")


def test_bill_that_cannot_be_read_is_told_until_it_is_mended(worker: Worker, source: Source, inbox: Path) -> None:
    put(inbox, "june.csv", bill([{"BilledCost": "a lot"}]))
    pull(worker, source)
    pull(worker, source)
    assert len(source.problems) == 1
    assert source.problems[0].startswith("june.csv: row 1, column BilledCost: “a lot” is not a number.")
    put(inbox, "june.csv", bill([{"BilledCost": "7"}]))
    pull(worker, source)
    pull(worker, source)
    assert source.problems == [] and billed() == Decimal("7")


def test_file_being_written_waits_and_a_link_is_not_followed(
    worker: Worker, source: Source, inbox: Path, tmp_path: Path
) -> None:
    put(inbox, DATA, bill([{}]), age=0)
    export(inbox, DATA)
    (tmp_path / "secret.csv").write_bytes(bill([{}]))
    (inbox / "bills" / "secret.csv").symlink_to(tmp_path / "secret.csv")
    (inbox / "bills" / "out").symlink_to(tmp_path)
    assert pull(worker, source).counts == {"new": 0, "known": 0, "waiting": 1, "unusable": 0}
    assert not BillFile.objects.exists()


def test_settings_say_what_the_manifests_name(source: Source, inbox: Path) -> None:
    put(inbox, DATA, bill([{}]))
    export(inbox, DATA)
    export(inbox, "none.csv", path=MANIFEST.replace("2013-06", "2013-05"))
    checks = BillFolderConnector().test(source.settings)
    assert [check.ok for check in checks] == [True, False, True]
    assert "2 manifests and 0 other bills" in checks[0].sentence and "not there" in checks[1].sentence
    assert not BillFolderConnector().test({"path": "nowhere"})[0].ok


def test_form_takes_a_folder_of_its_own(inbox: Path) -> None:
    assert BillFolderForm({"path": "bills", "bills_as": "aws-main"}).is_valid()
    for path in ("", ".", "./", "../elsewhere"):
        assert "path" in BillFolderForm({"path": path, "bills_as": "aws-main"}).errors
