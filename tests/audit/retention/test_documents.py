"""A file leaves the lake when its clock has run out for every record that points at it, and no hold is on it."""

from datetime import date, timedelta

import pytest
from django.conf import settings

from audit.base.errors import NotFound
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, UseCase
from audit.documents import services as attached
from audit.lake import store
from audit.ledger import selectors
from audit.ledger.models import Entry
from audit.monitoring import services as monitoring
from audit.retention import running, services
from audit.retention.documents import PROVIDERS
from audit.retention.models import Removed
from audit.retention.policy import in_force
from costs.billing.models import BillFile
from tests.audit.retention.conftest import NOW, OLD, Clock, verified
from tests.support import bills
from tests.support.cast import SYSTEM, Cast
from tests.support.servers import S3

LABELS = b"prediction_id,label\nf1,1\n"


@pytest.fixture(autouse=True)
def taken_up(cast: Cast, lake: None) -> None:
    """The policy that is given has been seen by a run."""
    running.prune(actor=SYSTEM)


def upload(model: Model, content: bytes = LABELS) -> str:
    return monitoring.receive_upload(actor=SYSTEM, model=model, kind="labels", filename="w.csv", chunks=[content]).path


def there(path: str) -> bool:
    try:
        return store.local(path).is_file()
    except NotFound:
        return False


def removed() -> list[str]:
    return list(Removed.objects.order_by("path").values_list("path", flat=True))


def test_every_kind_that_the_lake_keeps_has_a_clock() -> None:
    assert set(PROVIDERS) == {"upload", "partition", "artefact", "dataset", "attachment", "bill", "bundle"}
    for kind in PROVIDERS:
        assert str(in_force().policy.of_kind(kind).keep) == "10 years"


def test_file_goes_after_its_clock_and_an_entry_of_its_model_says_so(cast: Cast, time: Clock, model: Model) -> None:
    time.at = OLD
    old = upload(model)
    time.at = NOW - timedelta(days=9 * 365)
    young = upload(model, LABELS + b"f2,0\n")
    time.at = NOW
    run = running.prune(actor=SYSTEM)
    assert (there(old), there(young), removed()) == (False, True, [old])
    assert (run.documents, run.bytes) == (1, len(LABELS))
    (told,) = selectors.told(Entry.objects.filter(action="retention.documents_removed"))
    assert (told.model, told.use_case, told.team) == (model.pk, model.use_case_id, cast.team.pk)
    assert told.changes["digests"] == [[Removed.objects.get().digest], None]
    assert running.prune(actor=SYSTEM).documents == 0
    verified()


def path_of(bill: BillFile) -> str:
    return bill.parts.get().path


def test_content_that_a_younger_record_needs_stays(time: Clock, model: Model, cast: Cast) -> None:
    content = bills.bill([{}])
    time.at = OLD
    first = bills.receive(content, source="one")
    time.at = NOW - timedelta(days=30)
    second = bills.receive(content, source="two")
    assert path_of(first) == path_of(second)
    time.at = NOW
    assert running.prune(actor=SYSTEM).documents == 0
    assert there(path_of(first))
    BillFile.objects.filter(pk=second.pk).update(created_at=OLD)
    assert running.prune(actor=SYSTEM).documents == 1
    assert not there(path_of(first))


@pytest.mark.parametrize("kind", ["all", "model", "use_case", "team", "person"])
def test_hold_keeps_a_document(cast: Cast, time: Clock, model: Model, kind: str) -> None:
    time.at = OLD
    owner = cast.actor("owner")
    path = monitoring.receive_upload(actor=owner, model=model, kind="labels", filename="w.csv", chunks=[LABELS]).path
    time.at = NOW
    targets = {
        "model": model.pk,
        "use_case": model.use_case_id,
        "team": cast.team.pk,
        "person": cast.owner.pk,
    }
    hold = services.place_hold(actor=SYSTEM, kind=kind, target=str(targets.get(kind, "")), reason="case 14")
    run = running.prune(actor=SYSTEM)
    assert (there(path), run.documents) == (True, 0)
    told = selectors.told(Entry.objects.filter(action="retention.pruning_refused"))[0]
    assert told.changes["documents"] == [None, 1]
    services.release_hold(actor=SYSTEM, hold=hold, reason="over")
    assert running.prune(actor=SYSTEM).documents == 1
    assert not there(path)


def test_artefact_is_kept_for_as_long_as_its_version_is_in_use(cast: Cast, time: Clock, model: Model) -> None:
    time.at = OLD
    kept, unused = store.put_bytes("artefacts/m", b"one"), store.put_bytes("artefacts/m", b"two")
    used = catalogue.register_version(
        actor=SYSTEM, model=model, artefact=kept.path, artefact_digest=kept.digest, author=cast.owner
    )
    catalogue.register_version(
        actor=SYSTEM, model=model, artefact=unused.path, artefact_digest=unused.digest, author=cast.owner
    )
    elsewhere = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="s3://elsewhere/model", artefact_digest="3" * 64, author=cast.owner
    )
    deployment = catalogue.deploy(actor=SYSTEM, version=used, environment="production", mode="batch", since=OLD)
    time.at = NOW
    running.prune(actor=SYSTEM)
    assert (there(kept.path), there(unused.path), removed()) == (True, False, [unused.path])
    catalogue.end_deployment(actor=SYSTEM, deployment=deployment, until=NOW - timedelta(days=3 * 365))
    running.prune(actor=SYSTEM)
    assert there(kept.path)
    time.at = NOW + timedelta(days=8 * 366)
    running.prune(actor=SYSTEM)
    assert not there(kept.path)
    assert elsewhere.artefact not in removed()


def test_data_are_kept_for_as_long_as_what_learned_from_them(cast: Cast, time: Clock, model: Model) -> None:
    time.at = OLD
    used, unused = store.put_bytes("datasets/f", b"one"), store.put_bytes("datasets/f", b"two")
    dataset = catalogue.register_dataset(actor=SYSTEM, team=cast.team, slug="f", name="F")
    first, _ = (
        catalogue.register_dataset_version(actor=SYSTEM, dataset=dataset, digest=one.digest, location=one.path, rows=3)
        for one in (used, unused)
    )
    version = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest="4" * 64, author=cast.owner, training_data=[first]
    )
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    time.at = NOW
    running.prune(actor=SYSTEM)
    assert (there(used.path), there(unused.path)) == (True, False)


def test_attachment_goes_through_its_slice_once_nothing_is_in_use(time: Clock, use_case: UseCase) -> None:
    time.at = OLD
    paper = attached.attach_document(
        actor=SYSTEM, scope=use_case, kind="policy", title="Policy", filename="p.txt", chunks=[b"We do."],
        dated=date(2015, 1, 1),
    )  # fmt: skip
    path = paper.path
    time.at = NOW
    running.prune(actor=SYSTEM)
    paper.refresh_from_db()
    assert paper.content_removed_at is not None
    assert not there(path)
    assert removed() == [path]
    assert Entry.objects.filter(action="documents.content_removed", subject_id=str(paper.pk)).count() == 1
    assert running.prune(actor=SYSTEM).documents == 0


def test_team_document_that_stands_is_in_use(cast: Cast, time: Clock) -> None:
    time.at = OLD
    paper = attached.attach_document(
        actor=SYSTEM, scope=cast.team, kind="policy", title="Policy", filename="p.txt", chunks=[b"We do."],
        dated=date(2015, 1, 1),
    )  # fmt: skip
    time.at = NOW
    running.prune(actor=SYSTEM)
    assert there(paper.path)


def test_content_that_is_stored_again_is_a_new_document(cast: Cast, time: Clock) -> None:
    content = bills.bill([{}])
    time.at = OLD
    path = path_of(bills.receive(content, source="one"))
    time.at = NOW
    running.prune(actor=SYSTEM)
    assert not there(path)
    bills.receive(content, source="two")
    assert there(path)
    running.prune(actor=SYSTEM)
    assert there(path)
    time.at = NOW + timedelta(days=11 * 366)
    assert running.prune(actor=SYSTEM).documents == 1
    assert not there(path)


def test_file_that_was_missing_is_told_once(time: Clock, model: Model) -> None:
    """A run that was killed between the file and its entry: the next one finds the file gone."""
    time.at = OLD
    path = upload(model)
    store.remove(path)
    time.at = NOW
    run = running.prune(actor=SYSTEM)
    assert (run.documents, run.bytes) == (1, 0)
    assert running.prune(actor=SYSTEM).documents == 0


def test_lake_in_s3_tells_sizes_and_removes(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(settings, "LAKE_URL", s3.environment["LAKE_URL"])
    monkeypatch.setattr(settings, "LAKE_ENDPOINT_URL", s3.environment["LAKE_ENDPOINT_URL"])
    store._store.cache_clear()
    try:
        stored = store.put_bytes("raw", b"kept")
        assert (store.size(stored.path), store.size("raw/nothing")) == (4, None)
        store.remove(stored.path)
        assert store.size(stored.path) is None
        assert not there(stored.path)
    finally:
        store._store.cache_clear()
