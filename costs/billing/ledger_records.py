"""Which records of bills the ledger answers for."""

from audit.ledger.audited import audited, every, not_audited
from costs.billing.models import BillFile, Charge, Statement

audited(BillFile, fields=every(BillFile), personal=("received_from",))
audited(Statement, fields=every(Statement))
not_audited(Charge, why="Rows of a bill's file added up; the file's SHA-256, rows and totals are audited.")
