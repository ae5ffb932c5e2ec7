"""What slices keep of people beside columns of text goes with them: bundles in the lake, the demo's sign-ins."""

import json
from pathlib import Path
from uuid import UUID

from audit.base import clock
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.exports.models import Export
from audit.lake import store
from audit.ledger import selectors
from audit.ledger.models import Entry, Head
from audit.ledger.sealing import seal
from audit.retention import erasing, services
from audit.retention.models import Removed
from governance.demo import people as demo
from tests.audit.retention.conftest import Ines, verified
from tests.support.cast import SYSTEM, Cast


def bundle(kind: str, scope: UUID | None, content: bytes) -> Export:
    stored = store.put_bytes("evidence", content, suffix=".zip")
    return Export.objects.create(
        kind=kind,
        scope=scope,
        name="x",
        size=Head.objects.get(pk=1).size,
        checkpoint="",
        asked_by="administrator@example.org",
        asked_name="Administrator",
        digest=stored.digest,
        path=stored.path,
        bytes=stored.size,
        built_at=clock.now(),
    )


def test_bundles_that_tell_of_the_person_leave_the_lake(
    cast: Cast, ines: Ines, model: Model, regression: Model, lake: None
) -> None:
    catalogue.register_version(actor=ines.actor, model=model, artefact="a", artefact_digest="9" * 64, author=cast.owner)
    seal()
    hers, twice, others = (
        bundle("model", model.pk, b"1"),
        bundle("all", None, b"1"),
        bundle("model", regression.pk, b"2"),
    )
    assert erasing.plan(ines.user).own["evidence bundles in the lake"] == 2
    services.erase_person(actor=cast.actor("administrator"), user=ines.user, reason="asked for")
    assert store.size(hers.path) is None
    assert store.size(others.path) == 1
    assert twice.path == hers.path
    assert list(Removed.objects.values_list("path", "kind")) == [(hers.path, "bundle")]
    (told,) = selectors.told(Entry.objects.filter(action="retention.documents_removed"))
    assert told.changes["digests"] == [[hers.digest], None]
    assert erasing.to_be_settled(ines.user.__class__.objects.get(pk=ines.user.pk))
    verified()


def test_bundle_that_is_built_again_is_seen_again(cast: Cast, ines: Ines, model: Model, lake: None) -> None:
    seal()
    first = bundle("all", None, b"1")
    Removed.objects.create(path=first.path, kind="bundle", digest=first.digest, size=1, at=clock.now())
    assert erasing.plan(ines.user).own["evidence bundles in the lake"] == 0
    bundle("all", None, b"1")
    assert erasing.plan(ines.user).own["evidence bundles in the lake"] == 1


def test_sign_in_of_the_demo_goes_from_its_file(cast: Cast, ines: Ines, home: Path) -> None:
    path = demo.signins_path()
    demo.write({"validator": {"email": ines.email, "password": "x"}, "owner": {"email": "o@x.org", "password": "y"}})
    try:
        services.erase_person(actor=SYSTEM, user=ines.user, reason="asked for")
        assert json.loads(path.read_text()) == {"owner": {"email": "o@x.org", "password": "y"}}
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        path.unlink()
