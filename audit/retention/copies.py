"""No text column of any table keeps the name or the e-mail of an erased person; what changes leaves its digest."""

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import CharField, Field, JSONField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from audit.base import ids
from audit.base.models import Salted
from audit.ledger.audited import AUDITED
from audit.retention.domain.traces import Traces
from audit.retention.erasers import LEFT, NAMES

Columns = list["Field[Any, Any]"]


def classes() -> Iterator[tuple[type[Model], Columns]]:
    """Every class of records that is searched, with its columns of text."""
    for kind in apps.get_models(include_auto_created=True):
        columns = _columns(kind)
        if columns and kind._meta.managed and not kind._meta.proxy and kind._meta.label_lower not in LEFT:
            yield kind, columns


def _columns(kind: type[Model]) -> Columns:
    """Its columns of free text: choices and keys hold none."""
    texts = (CharField, TextField, JSONField)
    return [
        field
        for field in kind._meta.concrete_fields
        if isinstance(field, texts) and not field.choices and not field.primary_key
    ]


def of_names(kind: type[Model]) -> set[str]:
    """Those of its columns that hold people's names."""
    label = kind._meta.label_lower
    audited = AUDITED.get(label)
    return {*NAMES.get(label, ()), *(audited.personal if audited else ())}


def _matching(kind: type[Model], columns: Columns, traces: Traces) -> "QuerySet[Any]":
    """Rows in which something may stand that tells of the person; more than do, never fewer."""
    rows = kind._base_manager.all()
    wanted: list[Q] = []
    for field in columns:
        name = field.attname
        if isinstance(field, JSONField):
            name = f"text_of_{field.attname}"
            rows = rows.annotate(**{name: Cast(field.attname, TextField())})
        needles = traces.needles(of_names=field.attname in of_names(kind))
        wanted += [Q(**{f"{name}__icontains": needle}) for needle in needles]
    return rows.filter(reduce(or_, wanted))


def _rewritten(row: Model, columns: Columns, traces: Traces, *, shared: bool) -> dict[str, Any]:
    """The columns that change, with what they then hold. A name that others share counts only beside the e-mail."""
    values = {field.attname: getattr(row, field.attname) for field in columns}
    name_too = not shared or any(traces.mailed(value) for value in values.values())
    names = of_names(type(row))
    found = {}
    for field in columns:
        before = values[field.attname]
        after = traces.without(before, of_names=field.attname in names, name_too=name_too)
        if after != before:
            longest = getattr(field, "max_length", None)
            found[field.attname] = after[:longest] if isinstance(after, str) else after
    return found


def count(traces: Traces, *, shared: bool) -> "Counter[str]":
    """How many records would change, by what they are called."""
    found: Counter[str] = Counter()
    for kind, columns in classes():
        for row in _matching(kind, columns, traces).iterator(chunk_size=500):
            found[str(kind._meta.verbose_name_plural)] += bool(_rewritten(row, columns, traces, shared=shared))
    return +found


def erase(traces: Traces, *, shared: bool) -> list[Model]:
    """Rewrites every record that tells of the person; gives those records, as they are now.

    ``shared``: someone else has the same name, so the name alone does not tell whom a record means.
    """
    changed: list[Model] = []
    for kind, columns in classes():
        for row in list(_matching(kind, columns, traces)):
            values = _rewritten(row, columns, traces, shared=shared)
            if not values:
                continue
            if isinstance(row, Salted):
                values["salt"] = ids.salt()
            kind._base_manager.filter(pk=row.pk).update(**values)
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    return changed
