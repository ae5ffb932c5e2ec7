"""What the ledger says about lineage."""

from audit.ledger.registry import Action, register

PAGE = "lineage:recall"
RECEIVED = register(Action("lineage.received", "sent {subject}"))
IMPORTED = register(Action("lineage.imported", "imported the lineage of {subject}"))
WITHDRAWN = register(Action("lineage.withdrawn", "withdrew the data {subject}", link=PAGE, weighty=True))
TASK_OPENED = register(Action("lineage.task_opened", "asked what becomes of {subject}", weighty=True))
TASK_DONE = register(Action("lineage.task_done", "settled what becomes of {subject}", weighty=True))
LIFTED = register(Action("lineage.recall_lifted", "lifted the recall of the data {subject}", link=PAGE, weighty=True))
