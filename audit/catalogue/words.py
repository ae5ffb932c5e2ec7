"""Metrics have one name and one number of decimals on every page."""

from typing import Final

LABELS: Final = {
    "roc_auc": "ROC AUC",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "f1": "F1",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "positive_rate": "Share flagged",
    "base_rate": "Base rate",
    "label_mean": "Mean outcome",
    "mae": "Mean error",
    "rmse": "Root mean squared error",
    "bias": "Bias",
    "pr_auc": "PR AUC",
    "calibration_error": "Calibration error",
    "r2": "R²",
    "error_q05": "Error, 5th percentile",
    "error_q50": "Error, median",
    "error_q95": "Error, 95th percentile",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
    "macro_f1": "Macro F1",
    "weighted_precision": "Weighted precision",
    "weighted_recall": "Weighted recall",
    "weighted_f1": "Weighted F1",
    "micro_precision": "Micro precision",
    "micro_recall": "Micro recall",
    "micro_f1": "Micro F1",
    "macro_roc_auc": "Macro ROC AUC",
}
IN_UNITS: Final = frozenset({"mae", "rmse", "bias", "error_q05", "error_q50", "error_q95", "label_mean"})
MAIN_METRIC: Final = {"classification": "roc_auc", "regression": "mae", "multiclass": "accuracy", "": ""}
"""The main measure of each task; a model whose task is unknown has none."""


def metric_name(metric: str) -> str:
    """The metric for people: "ROC AUC"; "No measure" for none."""
    if not metric:
        return "No measure"
    return LABELS.get(metric, metric.replace("_", " ").capitalize())


def metric_value(metric: str, value: float, unit: str = "") -> str:
    """The value with its unit: "0.66", "18.2 minutes". ``unit`` is that of the model's estimates."""
    if metric in IN_UNITS:
        return f"{value:,.1f} {unit}".strip()
    return f"{value:.3f}"


def told_apart(metric: str, value: float, bound: float, unit: str = "") -> tuple[str, str]:
    """Both as ``metric_value``, with more decimals where a difference would be rounded away."""
    first, second = metric_value(metric, value, unit), metric_value(metric, bound, unit)
    if first != second or value == bound:
        return first, second
    for places in range(2 if metric in IN_UNITS else 4, 10):
        if f"{value:.{places}f}" != f"{bound:.{places}f}":
            words = unit if metric in IN_UNITS else ""
            return f"{value:,.{places}f} {words}".strip(), f"{bound:,.{places}f} {words}".strip()
    return first, second


def metric_words(metric: str, value: float, unit: str = "") -> str:
    """Both: "ROC AUC 0.660"."""
    return f"{metric_name(metric)} {metric_value(metric, value, unit)}"


def count_of(number: int, one: str, many: str = "") -> str:
    """ "1 week", "1,204 weeks"; ``many`` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
