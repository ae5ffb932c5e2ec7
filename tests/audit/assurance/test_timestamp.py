"""Tokens of a real time-stamp authority (openssl) over the newest checkpoint, checked against its root."""

import base64
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rfc3161_client import decode_timestamp_response

from audit.assurance import checking, delivery, services
from audit.assurance.models import Receipt, Witness
from audit.assurance.witnesses.timestamp import TimestampForm
from audit.base import clock
from audit.ledger.models import Checkpoint, Head, Incident
from tests.support import authority as authorities
from tests.support import tampering
from tests.support.authority import Authority
from tests.support.cast import SYSTEM
from tests.support.jobs import Worker
from tests.support.tampering import grow


@pytest.fixture(autouse=True)
def nothing_beside(settings: Any, tmp_path: Path) -> None:
    """No other folder is asked."""
    settings.TOLLGATE_WITNESS = tmp_path / "not-there"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A running authority."""
    with authorities.running(tmp_path_factory.mktemp("authority")) as found:
        yield found


def add(authority: Authority, **more: Any) -> Witness:
    """The authority as witness, at most once an hour."""
    settings = {"url": authority.url, "certificates": authority.root, "every_minutes": 60, **more}
    return services.add_witness(actor=SYSTEM, kind="timestamp", name="Authority", settings=settings)


def test_token_is_for_the_newest_checkpoint_and_openssl_agrees(db: None, authority: Authority, tmp_path: Path) -> None:
    witness = add(authority)
    size = grow(3, 4)
    done = delivery.deliver(witness=witness)
    assert (done.count, done.size, done.error) == (1, size, "")
    receipt = Receipt.objects.get()
    text = Checkpoint.objects.get(size=size).note
    assert receipt.size == size and receipt.stated_at is not None
    assert abs(receipt.stated_at - clock.now()) < timedelta(minutes=1)
    (tmp_path / "note").write_text(text)
    (tmp_path / "token").write_bytes(base64.b64decode(receipt.answer))
    (tmp_path / "root.pem").write_text(authority.root)
    argv = ["openssl", "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "root.pem"]
    assert "Verification: OK" in subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert witness.place().proves(text, receipt.answer) is True
    assert witness.place().proves(Checkpoint.objects.exclude(size=size)[0].note, receipt.answer) is False


def test_authority_whose_certificate_is_known_need_not_send_it(db: None, authority: Authority) -> None:
    witness = add(authority, certificates=(authority.folder / "signer.pem").read_text() + authority.root)
    size = grow(3)
    assert delivery.deliver(witness=witness).error == ""
    receipt, text = Receipt.objects.get(), Checkpoint.objects.get(size=size).note
    assert witness.place().proves(text, receipt.answer) is True
    assert decode_timestamp_response(base64.b64decode(receipt.answer)).signed_data.certificates == set()


def test_authority_is_asked_at_most_so_often(
    worker: Worker, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(authority, every_minutes=30)
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    begun = len(authority.stamps)
    for _ in range(13):  # an hour, with an entry every five minutes
        grow(1)
        services.start_due()
        worker.run_all()
        at += timedelta(minutes=5)
    assert len(authority.stamps) - begun == 3
    assert list(Receipt.objects.order_by("size").values_list("size", flat=True)) == [2, 8, 14]


def test_certificate_of_another_root_is_not_believed(db: None, authority: Authority, tmp_path: Path) -> None:
    authorities._certify(tmp_path)
    witness = add(authority, certificates=(tmp_path / "root.pem").read_text())
    grow(1)
    done = delivery.deliver(witness=witness)
    assert done.count == 0 and "does not hold" in done.error and not Receipt.objects.exists()


def test_rewritten_entry_does_not_fit_the_token(db: None, authority: Authority) -> None:
    witness = add(authority)
    sizes = []
    for count in (4, 10, 10):
        sizes.append(grow(count))
        Witness.objects.update(last_success_at=None)
        witness.refresh_from_db()
        assert delivery.deliver(witness=witness).count == 1
    tampering.rewrite(sizes[1] + 2)
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is False and finding.within is not None
    assert (finding.within.first, finding.within.last) == (sizes[1] + 1, sizes[2])
    assert Incident.objects.get(kind="fork").first_number == sizes[1] + 1


def test_token_put_under_another_checkpoint_is_found(db: None, authority: Authority) -> None:
    witness = add(authority)
    grow(4)
    delivery.deliver(witness=witness)
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is True
    size = grow(3)
    Receipt.objects.update(size=size)
    Witness.objects.update(delivered_size=size)
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is False


def test_authority_that_is_down_or_refuses_is_said(db: None, authority: Authority) -> None:
    witness = add(authority, url="http://127.0.0.1:9/stamp")
    grow(1)
    assert "does not answer" in delivery.deliver(witness=witness).error
    (check,) = witness.place().test()
    assert not check.ok
    (works,) = add_works(authority)
    assert works.ok and "stamps" in works.sentence
    assert Head.objects.get().size > 0


def add_works(authority: Authority) -> Any:
    """What the test of good settings finds."""
    settings = {"url": authority.url, "certificates": authority.root, "every_minutes": 60}
    return services.add_witness(actor=SYSTEM, kind="timestamp", name="Works", settings=settings).place().test()


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_form_wants_a_root(text: str) -> None:
    form = TimestampForm({"url": "https://tsa.example", "certificates": text, "every_minutes": "60"})
    assert "certificates" in form.errors


def test_form_takes_no_signer_for_a_root(authority: Authority) -> None:
    signer = (authority.folder / "signer.pem").read_text()
    form = TimestampForm({"url": "https://tsa.example", "certificates": signer, "every_minutes": "60"})
    assert "root" in str(form.errors["certificates"])
    good = TimestampForm({"url": "https://tsa.example", "certificates": signer + authority.root, "every_minutes": "60"})
    assert good.is_valid(), good.errors


@pytest.mark.parametrize("url", ["https://user:word@tsa.example", "ftp://tsa.example", "tsa"])
def test_form_takes_no_password_in_the_address(url: str, authority: Authority) -> None:
    form = TimestampForm({"url": url, "certificates": authority.root, "every_minutes": "60"})
    assert "url" in form.errors
