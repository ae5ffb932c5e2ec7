"""Which records of alerts the ledger answers for, and in whose life each stands."""

from audit.alerts.models import Alert, AlertPolicy, AlertSign, Following, Weighing
from audit.catalogue.ledger_records import of_model
from audit.ledger.audited import audited, every, not_audited

audited(AlertPolicy, fields=every(AlertPolicy), within=lambda row: of_model(row.model))
audited(Weighing, fields=every(Weighing), within=lambda row: of_model(row.model))
audited(Alert, fields=every(Alert), within=lambda row: of_model(row.model), personal=("closed_by",))
not_audited(AlertSign, why="A part of a weighed week, whose digest over all of its signs is audited.")
audited(Following, fields=every(Following), within=lambda row: of_model(row.model), person=lambda row: row.user_id)
