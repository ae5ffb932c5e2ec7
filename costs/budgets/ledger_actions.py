"""What the ledger says about budgets."""

from audit.ledger.registry import Action, register

STATED = register(Action("budgets.stated", "stated budget {subject}", link="budgets:budget", weighty=True))
CLOSED = register(Action("budgets.closed", "closed budget {subject}", link="budgets:budget", weighty=True))
CROSSED = register(Action("budgets.crossed", "noted that a threshold was reached: {subject}"))
OVERRIDDEN = register(Action("budgets.overridden", "let a quota be passed: {subject}", weighty=True))
