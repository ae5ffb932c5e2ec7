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
    "base_rate": None,
    "label_mean": None,
    "mae": False,
    "rmse": False,
    "bias": None,
    "pr_auc": True,
    "calibration_error": False,
    "r2": True,
    "error_q05": None,
    "error_q50": None,
    "error_q95": None,
    "macro_precision": True,
    "macro_recall": True,
    "macro_f1": True,
    "weighted_precision": True,
    "weighted_recall": True,
    "weighted_f1": True,
    "micro_precision": True,
    "micro_recall": True,
    "micro_f1": True,
    "macro_roc_auc": True,
    "demographic_parity_difference": False,
    "demographic_parity_ratio": True,
    "equalised_odds_difference": False,
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
    "base_rate": "Of the labelled cases, the share in which the outcome came: when it moves, labels drift.",
    "label_mean": "What truly came, on average, in the model's unit: when it moves, labels drift.",
    "mae": "How far the estimates were from the truth, on average, in the model's unit.",
    "rmse": "As the mean error, but large errors weigh more.",
    "bias": "Whether the estimates were too high (above 0) or too low (below 0), on average, in the model's unit.",
    "pr_auc": "Precision averaged over all recalls: 1 is perfect, and the share of positive cases is chance.",
    "calibration_error": "How far said probabilities are from how often it came true, on average: 0 is perfect.",
    "r2": "How much of what varies in the truth the estimates explain: 1 is perfect, 0 is no better than its mean.",
    "error_q05": "One error in twenty (estimate minus truth) is at or below this, in the model's unit.",
    "error_q50": "Half of the errors (estimate minus truth) are at or below this, in the model's unit.",
    "error_q95": "Nineteen errors in twenty (estimate minus truth) are at or below this, in the model's unit.",
    "macro_precision": "Precision of each class, every class counting the same.",
    "macro_recall": "Recall of each class, every class counting the same.",
    "macro_f1": "F1 of each class, every class counting the same.",
    "weighted_precision": "Precision of each class, frequent classes counting more.",
    "weighted_recall": "Recall of each class, frequent classes counting more: this is the accuracy.",
    "weighted_f1": "F1 of each class, frequent classes counting more.",
    "micro_precision": "Precision over all rows at once: with one class a row, this is the accuracy.",
    "micro_recall": "Recall over all rows at once: with one class a row, this is the accuracy.",
    "micro_f1": "F1 over all rows at once: with one class a row, this is the accuracy.",
    "macro_roc_auc": "How well each class's probability tells it from all others, every class counting the same.",
    "demographic_parity_difference": "The gap between the groups flagged most and least often: 0 is alike.",
    "demographic_parity_ratio": "How often the least flagged group is flagged, over the most flagged one: 1 is alike.",
    "equalised_odds_difference": "The larger gap between groups in rightly and in wrongly flagged cases: 0 is alike.",
}
_SHARE, _MEAN = "share/wilson", "mean/normal"
_AVERAGED = "scikit-learn/delta"
VARIANTS: Final = {
    "roc_auc": "mann-whitney/delong",
    "pr_auc": "average-precision/logit",
    **dict.fromkeys(("accuracy", "precision", "recall", "specificity", "f1", "positive_rate", "base_rate"), _SHARE),
    **dict.fromkeys(("brier", "log_loss", "mae", "rmse", "bias", "label_mean"), _MEAN),
    "calibration_error": "ten-equal-bins",
    "r2": "least-squares/delta",
    **dict.fromkeys(("error_q05", "error_q50", "error_q95"), "inverted-cdf/order-statistics"),
    **{f"{average}_{name}": _AVERAGED for average in ("macro", "weighted") for name in ("precision", "recall", "f1")},
    **{f"micro_{name}": _SHARE for name in ("precision", "recall", "f1")},
    "macro_roc_auc": "one-vs-rest/comonotone",
    "demographic_parity_difference": "fairlearn/newcombe-dunn",
    "demographic_parity_ratio": "fairlearn",
    "equalised_odds_difference": "fairlearn-worst/newcombe-dunn",
}
"""How each metric is worked out, and its interval after the slash."""
METRICS: Final = {
    "classification": (
        "roc_auc", "pr_auc", "accuracy", "precision", "recall", "specificity", "f1", "brier", "log_loss",
        "calibration_error", "positive_rate", "base_rate",
    ),
    "regression": ("mae", "rmse", "bias", "r2", "error_q05", "error_q50", "error_q95", "label_mean"),
    "multiclass": (
        "accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_precision", "weighted_recall",
        "weighted_f1", "micro_precision", "micro_recall", "micro_f1", "macro_roc_auc", "log_loss",
    ),
}  # fmt: skip


def explain(metric: str) -> str:
    """What ``metric`` means, in a plain sentence; empty for a metric of someone else's."""
    return EXPLAINED.get(metric, "")
