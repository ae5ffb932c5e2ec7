"""What each metric means, in words, and which way is better."""

from __future__ import annotations

from typing import Final

HIGHER_IS_BETTER: Final[dict[str, bool | None]] = {
    "roc_auc": True,
    "accuracy": True,
    "precision": True,
    "recall": True,
    "specificity": True,
    "f1": True,
    "brier": False,
    "log_loss": False,
    "positive_rate": None,
    "mae": False,
    "rmse": False,
    "bias": None,
}
EXPLAINED: Final = {
    "roc_auc": "How often a positive case gets a higher score than a negative one: 0.5 is chance, 1 is perfect.",
    "accuracy": "The share of all predictions that were right.",
    "precision": "Of the cases that were flagged, the share that were truly positive.",
    "recall": "Of the truly positive cases, the share that were flagged.",
    "specificity": "Of the truly negative cases, the share that were left alone.",
    "f1": "Precision and recall in one figure (their harmonic mean): 1 is perfect.",
    "brier": "How far probabilities were from the truth, squared: 0 is perfect, 0.25 is what 50% for all would give.",
    "log_loss": "How surprised probabilities were by the truth, in nats: 0 is perfect, 0.69 is 50% for all.",
    "positive_rate": "The share of all predictions that were flagged, labelled or not.",
    "mae": "How far the estimates were from the truth, on average, in the model's unit.",
    "rmse": "As the mean error, but large errors weigh more.",
    "bias": "Whether the estimates were too high (above 0) or too low (below 0), on average, in the model's unit.",
}
METRICS: Final = {
    "classification": (
        "roc_auc", "accuracy", "precision", "recall", "specificity", "f1", "brier", "log_loss", "positive_rate",
    ),
    "regression": ("mae", "rmse", "bias"),
}  # fmt: skip


def explain(metric: str) -> str:
    """What ``metric`` means, in a plain sentence; empty for a metric of someone else's."""
    return EXPLAINED.get(metric, "")
