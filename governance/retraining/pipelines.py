"""The product's own scikit-learn pipeline: the same rows, features and seed give the same model.

It knows columns, not subjects: gradient-boosted trees over numbers and categories, for a boolean label or a value.
"""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from audit.base.errors import InvalidInput, Refused

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

Kind = Literal["number", "category"]
Task = Literal["classification", "regression"]

FORMAT: Final = 1
MOST_CATEGORIES: Final = 250  # scikit-learn's histogram holds 255 bins; rarer categories are read as missing.
DEFAULTS: Final[dict[str, Any]] = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
}
LOSS: Final[dict[str, str]] = {"classification": "log_loss", "regression": "absolute_error"}
OURS: Final = frozenset({"loss", "early_stopping", "random_state", "categorical_features", "warm_start"})


class ArtefactRefused(Refused):
    """An artefact that must not be opened, or cannot be."""


@dataclass(frozen=True)
class Fitted:
    """A trained model as bytes, with what a register needs to know about it.

    `digest` is the SHA-256 of `artefact` in hex. `rows` counts the rows learnt from, `without_target` those left out
    because their target is null. `parameters` are all that were in force, defaults included. `library` names the
    release that wrote it.
    """

    artefact: bytes
    digest: str
    rows: int
    without_target: int
    features: dict[str, Kind]
    parameters: dict[str, Any]
    library: str


def fit(
    frame: pa.Table | pd.DataFrame,
    *,
    features: Mapping[str, Kind],
    target: str,
    task: Task,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
    threads: int = 1,
) -> Fitted:
    """Train on the rows of `frame` whose `target` is not null. Reads nothing but the named columns.

    Numbers may be null (the trees learn a side for missing values); categories are compared as text. A category is a
    native categorical split; the 250 most frequent are kept. For classification `target` is boolean and the loss is
    the log loss. For regression it is a number and the loss is the absolute error: the model is judged by its mean
    absolute error, whose best forecast is the median (Gneiting, "Making and Evaluating Point Forecasts", JASA 2011,
    section 1), and a few very long values do not pull it. `parameters` go to scikit-learn's
    `HistGradientBoosting*` over `DEFAULTS`. `threads` bounds OpenMP: it changes the time, not the predictions; the
    artefact's bytes name it, so keep it the same where digests are compared. Raises InvalidInput for a missing
    column, a value of the wrong kind, an unknown parameter, or labels of one class only.
    """
    import sklearn

    if task not in LOSS:
        raise InvalidInput(f"A task is classification or regression, not “{task}”.")
    features = dict(sorted(features.items()))  # the order of columns breaks ties between splits
    data = _columns(frame, [*features, target])
    labelled = data[target].notna().to_numpy()
    data = data[labelled]
    truth = _truth(data[target], target, task)
    categories = {name: _most_frequent(data[name]) for name, kind in features.items() if kind == "category"}
    settings = {**DEFAULTS, **(parameters or {})}
    estimator = _estimator(task, settings, seed, [name in categories for name in features])
    with _limited(threads):
        estimator.fit(_matrix(data, features, categories), truth)
    content = {
        "format": FORMAT,
        "task": task,
        "features": dict(features),
        "categories": categories,
        "estimator": estimator,
    }
    artefact = pickle.dumps(content, protocol=5)
    return Fitted(
        artefact=artefact,
        digest=hashlib.sha256(artefact).hexdigest(),
        rows=len(data),
        without_target=int((~labelled).sum()),
        features=dict(features),
        parameters={**settings, "loss": LOSS[task], "seed": seed},
        library=f"scikit-learn {sklearn.__version__}",
    )


def predict(artefact: bytes, frame: pa.Table | pd.DataFrame, *, digest: str, threads: int = 1) -> np.ndarray:
    """The probability of the positive class, or the value: float64, one for each row of `frame`, in its order.

    `digest` is the SHA-256 (hex) that was recorded when the version was registered, never one computed from these
    same bytes. The artefact is a pickle, and unpickling runs whatever code the bytes ask for; so nothing is unpickled
    before the bytes are proved to be those that were registered. Raises ArtefactRefused when they are not, or when
    another release of scikit-learn wrote them, and InvalidInput
    for a missing column or a non-number. A category never seen in training is read as missing.
    """
    content = _open(artefact, digest)
    features: dict[str, Kind] = content["features"]
    matrix = _matrix(_columns(frame, list(features)), features, content["categories"])
    if not len(matrix):  # scikit-learn refuses to predict nothing
        return matrix[:, 0]
    with _limited(threads):
        estimator = content["estimator"]
        classify = content["task"] == "classification"
        figures: np.ndarray = estimator.predict_proba(matrix)[:, 1] if classify else estimator.predict(matrix)
    return figures


def _open(artefact: bytes, digest: str) -> dict[str, Any]:
    found = hashlib.sha256(artefact).hexdigest()
    if found != digest.lower():
        raise ArtefactRefused(
            f"The artefact's SHA-256 is {found[:12]}…, but {digest[:12]}… was registered. It was not opened: "
            "restore the registered file, or train and register a new version."
        )
    from sklearn.exceptions import InconsistentVersionWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            content: dict[str, Any] = pickle.loads(artefact)  # noqa: S301 - the digest above proves whose bytes these are
        except InconsistentVersionWarning as difference:
            raise ArtefactRefused(
                f"The artefact was written by scikit-learn {difference.original_sklearn_version}, and "
                f"{difference.current_sklearn_version} is installed. Train a new version with it."
            ) from difference
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ArtefactRefused(f"The artefact is not a model of this pipeline, format {FORMAT}.")
    return content


def _truth(column: pd.Series, name: str, task: Task) -> np.ndarray:
    """The target without nulls: bool for classification, float64 for regression."""
    import numpy as np

    if task == "regression":
        values = _number(column, name)
        if not len(values) or not np.isfinite(values).all():
            raise InvalidInput(f"“{name}” needs at least one value, and only finite ones, to learn from.")
        return values
    classes = set(column.unique())
    if not classes <= {True, False}:
        raise InvalidInput(f"“{name}” should hold true or false; it holds {sorted(map(str, classes))[:3]}.")
    if len(classes) < 2:
        raise InvalidInput(f"“{name}” needs both true and false among the labelled rows; {len(column)} are labelled.")
    return column.astype("bool").to_numpy()


def _estimator(task: Task, settings: Mapping[str, Any], seed: int, categorical: list[bool]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task == "classification" else HistGradientBoostingRegressor
    unknown = sorted(set(settings) - (set(kind().get_params()) - OURS))
    if unknown:
        raise InvalidInput(f"The pipeline has no parameter {', '.join(unknown)} that could be set.")
    # No early stopping: it would set rows aside by chance, and the row count rather than the caller would choose it.
    return kind(
        **settings,
        loss=LOSS[task],
        early_stopping=False,
        random_state=seed,
        categorical_features=categorical,
    )


def _columns(frame: pa.Table | pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Only the named columns, as a pandas frame. Raises InvalidInput with the missing names."""
    import pandas as pd

    present = set(frame.columns if isinstance(frame, pd.DataFrame) else frame.column_names)
    missing = [name for name in names if name not in present]
    if missing:
        raise InvalidInput(f"The rows lack the column {', '.join(missing)}.")
    return frame[names] if isinstance(frame, pd.DataFrame) else frame.select(names).to_pandas()


def _matrix(data: pd.DataFrame, features: Mapping[str, Kind], categories: Mapping[str, list[str]]) -> np.ndarray:
    """Rows x features, float64: numbers as they are, categories as codes, NaN for null, rare or unknown."""
    import numpy as np
    import pandas as pd

    matrix = np.empty((len(data), len(features)), dtype="float64", order="F")
    for index, (name, kind) in enumerate(features.items()):
        if kind == "number":
            matrix[:, index] = _number(data[name], name)
        else:
            row_of, texts = _texts(data[name])
            codes = pd.Index(categories[name], dtype="object").get_indexer(pd.Index(texts, dtype="object"))
            # The last place stands for null: factorize gives it -1.
            matrix[:, index] = np.append(np.where(codes < 0, np.nan, codes), np.nan)[row_of]
    return matrix


def _number(column: pd.Series, name: str) -> np.ndarray:
    import numpy as np

    try:
        return column.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError) as problem:
        raise InvalidInput(f"The column “{name}” should hold numbers: {problem}.") from problem


def _texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Each row's place among the distinct values (null: -1), and those values as text.

    A whole number reads the same whether nulls elsewhere made the column a float one or not: 4.0 is “4”.
    """
    row_of, values = column.factorize()
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values.tolist()]
    return row_of, [str(value) for value in whole]


def _most_frequent(column: pd.Series) -> list[str]:
    """At most 250 category names, in the order of the alphabet, so that the order of rows does not matter."""
    import numpy as np

    row_of, texts = _texts(column)
    counts: Counter[str] = Counter()
    for text, count in zip(texts, np.bincount(row_of[row_of >= 0], minlength=len(texts)).tolist(), strict=True):
        counts[text] += count  # the text 7 and the number 7 are one category
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return sorted(name for name, _ in ranked[:MOST_CATEGORIES])


def _limited(threads: int) -> Any:
    """A context in which OpenMP uses at most `threads`, so that two workers on two cores do not fight."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=max(1, threads), user_api="openmp")
