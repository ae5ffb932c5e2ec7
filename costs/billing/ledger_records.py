"""Which records of bills the ledger answers for."""

from audit.ledger.audited import audited, every, not_audited
from costs.billing.models import BillFile, BillPart, Statement

audited(BillFile, fields=every(BillFile), personal=("received_from",))
audited(Statement, fields=every(Statement))
not_audited(BillPart, why="A file of a bill, whose audited digest is made of those of its files; written once with it.")
