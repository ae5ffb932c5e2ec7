"""What the ledger says about retraining."""

from audit.ledger.registry import Action, register

RULE, RUN, REVIEW = "retraining:rule", "retraining:run", "retraining:review"
RULE_CREATED = register(Action("retraining.rule_created", "set the retraining rule {subject}", link=RULE, weighty=True))
RULE_CHANGED = register(
    Action("retraining.rule_changed", "changed the retraining rule {subject}", link=RULE, weighty=True)
)
JUDGED = register(Action("retraining.judged", "judged the retraining rule {subject}"))
FIRED = register(Action("retraining.fired", "started the retraining of {subject}", link=RUN, weighty=True))
BEGAN = register(Action("retraining.began", "began to train for {subject}", link=RUN))
TRAINED = register(Action("retraining.trained", "trained a challenger: {subject}", link=RUN))
COMPARED_AGAIN = register(Action("retraining.compared_again", "took up the comparison for {subject} again", link=RUN))
FINISHED = register(Action("retraining.finished", "finished the retraining of {subject}", link=RUN, weighty=True))
FAILED = register(Action("retraining.failed", "could not finish the retraining of {subject}", link=RUN, weighty=True))
REVIEW_OPENED = register(Action("retraining.review_opened", "opened a review of {subject}", link=REVIEW, weighty=True))
REVIEW_CLOSED = register(
    Action("retraining.review_closed", "closed the review of {subject}", link=REVIEW, weighty=True)
)
