"""A compared week of inputs, as the pages that show one need it."""

from datetime import UTC, datetime, timedelta

from audit.catalogue.models import ModelVersion
from audit.ledger.audited import created
from audit.ledger.services import record
from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.domain.drift import of_columns
from audit.monitoring.domain.shapes import shape
from audit.monitoring.input_models import ColumnWeek, InputWeek
from audit.monitoring.inputs import referencing
from audit.monitoring.ledger_actions import COMPARED
from tests.support.cast import SYSTEM

START = datetime(2013, 1, 7, tzinfo=UTC)


def compared(version: ModelVersion, column: str = "hour") -> InputWeek:
    """A week of one column against a profile that was sent: 300 values, the same as those of the reference."""
    values = Numbers.of([float(number % 24) for number in range(300)])
    other = Categories.of(["UA"] * 300)
    reference = referencing.send_reference(actor=SYSTEM, version=version, columns={column: values, "carrier": other})
    week = InputWeek.objects.create(
        reference=reference, version=version, start=START, end=START + timedelta(weeks=1), rows=300, columns=1,
        watch=0, bad=0, evidence="e" * 64, digest="d" * 64,
    )  # fmt: skip
    found = of_columns(values, values)
    ColumnWeek.objects.create(
        week=week, column=column, role="feature", kind="number", n=300, nulls=0, infinite=0, n_reference=300,
        variant="psi/credit", value=0.0, error=0.0, state="ok", shape=shape(values, values),
        statistics={key: {"value": one.value, "p": one.p, "n": 300, "error": one.error} for key, one in found.items()},
    )  # fmt: skip
    record(actor=SYSTEM, action=COMPARED, subject=week, team=version.model.use_case.team_id, changes=created(week))
    return week
