"""What the ledger says about maturity."""

from audit.ledger.registry import Action, register

LEVEL_CHANGED = register(
    Action("maturity.level_changed", "computed another level of maturity: {subject}", link="maturity:page")
)
