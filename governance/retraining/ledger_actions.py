"""What the ledger says about retraining."""

from audit.ledger.registry import Action, register

RULE_CREATED = register(Action("retraining.rule_created", "set the retraining rule {subject}", link="retraining:rule"))
RULE_CHANGED = register(
    Action("retraining.rule_changed", "changed the retraining rule {subject}", link="retraining:rule")
)
FIRED = register(Action("retraining.fired", "started the retraining of {subject}", link="retraining:run"))
TRAINED = register(Action("retraining.trained", "trained a challenger: {subject}", link="retraining:run"))
FINISHED = register(Action("retraining.finished", "finished the retraining of {subject}", link="retraining:run"))
FAILED = register(Action("retraining.failed", "could not finish the retraining of {subject}", link="retraining:run"))
REVIEW_OPENED = register(Action("retraining.review_opened", "opened a review of {subject}", link="retraining:review"))
REVIEW_CLOSED = register(Action("retraining.review_closed", "closed the review of {subject}", link="retraining:review"))
