"""Every class of records is either audited or says why it is not; who forgets one is told its name."""

from django.apps import apps

from audit.ledger.audited import AUDITED, NOT_AUDITED, SALT

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
