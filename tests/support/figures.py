"""Every figure of a filled demo that must not depend on how many workers filled it, or on which of them died."""

import json
from collections.abc import Callable
from typing import Any

SCRIPT = """
import json
from django.db.models import Count
from audit.alerts.models import Weighing
from audit.base.actors import Actor
from audit.ledger.models import Entry
from audit.ledger.verification import compute
from audit.monitoring.models import Partition, Window
from audit.reconciliation.services import compare
from costs.allocation.models import DayCost
from costs.billing.amounts import ExactSum
from governance.approvals.models import PromotionRequest
from governance.retraining.models import Evaluation, Retraining, Review

windows = Window.objects.filter(superseded_at=None).prefetch_related("measurements").select_related("version__model")
print("FIGURES" + json.dumps({
    "windows": sorted(
        [w.version.model.slug, w.version.number, str(w.start), w.predictions, w.labelled, w.tp, w.fp, w.fn, w.tn,
         sorted([m.metric, round(m.value, 9), m.n] for m in w.measurements.all() if m.value is not None)]
        for w in windows
    ),
    "partitions": sorted(map(list, Partition.objects.values_list("model__slug", "kind", "digest"))),
    "weighed": sorted([slug, str(start)] for slug, start in Weighing.objects.values_list("model__slug", "start")),
    "retrainings": sorted(
        [r.model.slug, r.outcome, str(r.week), r.comparison["measures"]] for r in Retraining.objects.all()
    ),
    "fired": sorted([e.rule.model.slug, str(e.week)] for e in Evaluation.objects.filter(fired=True)),
    "requests": sorted([r.version.model.slug, r.version.number, r.state] for r in PromotionRequest.objects.all()),
    "reviews": sorted([r.model.slug, r.state] for r in Review.objects.all()),
    "costs": sorted(
        [row["model__slug"] or "", row["stage"], str(row["sum"])]
        for row in DayCost.objects.filter(split__superseded_at=None)
        .values("model__slug", "stage").annotate(sum=ExactSum("effective"))
    ),
    "entries": sorted(
        map(list, Entry.objects.exclude(action__startswith="people.").exclude(action__startswith="jobs.")
            # Two files of one week may be measured at once or one by one, and rules judge each measurement.
            .exclude(action__in=["monitoring.measured", "retraining.judged"])
            # A week is weighed once for each state that its figures come in, and alerts follow each time.
            .exclude(action__startswith="alerts.")
            .exclude(action__startswith="maturity.")  # assessed on a schedule, so before or after this moment
            .values_list("action").annotate(n=Count("pk")))
    ),
    "chain broken at": compute().broken_at,
    "changed past Tollgate": compare(actor=Actor.service("test")).found,
}, default=str))
"""


def figures(manage: Callable[..., str]) -> dict[str, Any]:
    """The figures of the installation whose ``manage.py`` is given."""
    said = manage("shell", "--verbosity", "0", "-c", SCRIPT)
    found: dict[str, Any] = json.loads(said[said.index("FIGURES") + len("FIGURES") :])
    return found
