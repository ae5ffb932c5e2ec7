"""What the ledger says about alerts."""

from audit.ledger.registry import Action, register

ALERT = "alerts:alert"
POLICY_SET = register(Action("alerts.policy_set", "set {subject}", weighty=True))
WEIGHED = register(Action("alerts.weighed", "weighed {subject}"))
OPENED = register(Action("alerts.opened", "opened the alert {subject}", link=ALERT, weighty=True))
GREW = register(Action("alerts.grew", "found further signs of the alert {subject}", link=ALERT))
ACKNOWLEDGED = register(Action("alerts.acknowledged", "took on the alert {subject}", link=ALERT))
EXPLAINED = register(Action("alerts.explained", "explained the alert {subject}", link=ALERT, weighty=True))
CLOSED = register(Action("alerts.closed", "closed the alert {subject}", link=ALERT, weighty=True))
FOLLOWED = register(Action("alerts.followed", "chose to be told: {subject}"))
UNFOLLOWED = register(Action("alerts.unfollowed", "chose not to be told any more: {subject}"))
