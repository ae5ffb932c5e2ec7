"""Every class of records is either audited or says why it is not; who forgets one is told its name."""

from datetime import datetime, timedelta, timezone

import pytest
from django.apps import apps

from audit.catalogue.models import ModelVersion
from audit.ledger.audited import (
    AUDITED,
    NOT_AUDITED,
    SALT,
    audited,
    changed,
    created,
    digest_of,
    digests_of,
    removed,
    values,
)
from audit.people.models import User
from tests.support.cast import Cast
from tests.support.world import World

ALL = {model._meta.label_lower: model for model in apps.get_models(include_auto_created=True)}


def test_every_class_is_audited_or_says_why_not() -> None:
    missing = sorted(set(ALL) - set(AUDITED) - set(NOT_AUDITED))
    assert missing == [], "say audited() or not_audited(why=…) of these in the slice's ledger_records.py"
    assert sorted(set(AUDITED) & set(NOT_AUDITED)) == []
    assert sorted((set(AUDITED) | set(NOT_AUDITED)) - set(ALL)) == []


def test_each_reason_is_a_sentence() -> None:
    assert [label for label, why in NOT_AUDITED.items() if not (why.endswith(".") and len(why) > 20)] == []


def test_fields_are_columns_and_personal_ones_have_a_salt() -> None:
    for label, about in AUDITED.items():
        columns = {field.attname for field in about.model._meta.concrete_fields}
        assert set(about.fields) <= columns, label
        assert about.fields, label
        assert not about.personal or SALT in about.fields, label
        assert SALT not in columns or SALT in about.secret, label


def test_digest_is_the_same_before_and_after_the_database(world: World) -> None:
    """Whatever form a value had when it was set: a record is known again by its digest."""
    np = pytest.importorskip("numpy")
    version = ModelVersion(
        model_id=world.rows["model"].pk,
        number=np.int64(7),
        artefact="a",
        artefact_digest="c" * 64,
        author=world.cast.owner,
        metrics={"auc": np.float64(0.1), "n": 3.0, "tiny": 1e-7, "large": 2.0**60, "minus": -0.0, "none": None},
        parameters={"b": [1, 2.5, "é\u2028"], "a": {"z": True, "10": 1}},
        data_from=datetime(2013, 3, 4, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-5))),
    )
    before = digest_of(version)
    version.save(force_insert=True)
    stored = ModelVersion.objects.get(pk=version.pk)
    about = AUDITED["catalogue.modelversion"]
    row = ModelVersion.objects.values_list(*about.fields).get(pk=version.pk)
    assert digest_of(stored) == before
    assert list(digests_of(about, [row])) == [before]
    stored.metrics["auc"] = 0.2
    assert digest_of(stored) != before


def test_changes_name_each_field_and_hide_what_is_secret_or_personal(cast: Cast) -> None:
    user = cast.owner
    assert "password" not in values(user) and "salt" not in values(user) and "email" not in values(user)
    assert values(user, personal=True)["email"] == "owner@example.org"
    assert set(created(user)) == {"created_at", "zone", "is_active"}
    before = values(user)
    user.zone = "Europe/Vienna"
    assert changed(before, user) == {"zone": ("UTC", "Europe/Vienna")}
    assert removed(user)["zone"] == ("Europe/Vienna", None)


def test_personal_fields_without_a_salt_are_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="with a salt"):
        audited(User, fields=("name",), personal=("name",))
    assert AUDITED["people.user"].personal == ("email", "name")
