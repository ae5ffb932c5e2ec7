"""What each column of a prediction log seems to be, from a sample: each guess with its reason and its doubt.

Pure: facts in, guesses out. Nothing is decided here; a person is shown what was understood, and states it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

LEAST_SEGMENTS: Final = 2
MOST_SEGMENTS: Final = 50
FEW_NUMBERS: Final = 10
LEAST_LIKE: Final = 3
"""Names that have fewer letters in common are not like one another."""
SCORE_PREFIX: Final = "score:"
FEATURE_PREFIX: Final = "feature:"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "prediction_id": ("prediction_id", "predictionid", "inference_id", "event_id", "request_id", "uuid", "id"),
    "at": ("at", "timestamp", "time", "predicted_at", "prediction_time", "event_time", "created_at", "datetime", "ts"),
    "version": ("version", "model_version", "modelversion", "version_number"),
    "score": ("score", "probability", "proba", "prob", "predicted_probability", "prediction_score", "y_score", "p"),
    "prediction": ("prediction", "predicted", "predicted_label", "prediction_label", "y_pred", "decision", "estimate"),
    "label": ("label", "actual", "truth", "ground_truth", "target", "outcome", "y_true", "y"),
}  # fmt: skip
"""Names that columns have in other systems' logs, the likeliest first."""
SENSITIVE: Final = (
    "sex", "gender", "race", "rac1p", "ethnicity", "ethnic", "religion", "nationality", "citizenship", "disability",
    "age", "agep", "age_group", "agegroup", "age_band", "marital_status", "orientation", "pregnancy", "skin_color",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What a column looks like in the sample. ``type`` is the file's own; counts are of its ``rows``.

    ``filled`` are not empty, ``distinct`` counts different ones of them, ``numbers`` are finite numbers (``whole``
    without decimals), ``times`` read as times (``zoned`` with a zone), ``truths`` are true or false. ``values`` are the
    most frequent ones, up to 51, and ``first`` the first three, cut short.
    """

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    numbers: int
    whole: int
    least: float | None
    most: float | None
    times: int
    zoned: int
    longest: int
    truths: int
    first: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether every value is a number."""
        return 0 < self.filled == self.numbers

    @property
    def unit(self) -> bool:
        """Whether every value is a number from 0 to 1."""
        return self.numeric and self.least is not None and self.most is not None and 0 <= self.least <= self.most <= 1

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1, or true or false."""
        return (self.unit and self.whole == self.filled) or 0 < self.filled == self.truths

    @property
    def words(self) -> str:
        """How different its values are, in words."""
        if self.filled == self.distinct:
            return f"all {self.filled:,} values are different"
        return f"{self.distinct:,} different {'value' if self.distinct == 1 else 'values'} in {self.filled:,} rows"


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column seems to be: its ``role``, why, and what speaks against it (empty: nothing does).

    ``role`` is one of the product's own columns, ``score:<class>``, ``feature:<name>`` of one that the model declares,
    ``number`` or ``category`` for one that it might declare, or empty.
    ``cut`` is "segment" where results might be cut by it, "sensitive" where its name is that of a protected attribute.
    """

    seen: Seen
    role: str
    reason: str
    doubt: str = ""
    cut: str = ""


def plain(name: str) -> str:
    """A column's name for comparing: lower case, words joined by one underscore."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def guess(columns: Sequence[Seen], *, task: str, features: Mapping[str, str], classes: Sequence[str]) -> list[Guess]:
    """A guess of each of ``columns``, in their order. ``task`` is the model's, ``features`` those that it declares."""
    declared = {plain(name): name for name in features}
    found: dict[str, Guess] = {}
    for seen in columns:
        scored = [name for name in classes if seen.unit and plain(seen.name).endswith(f"_{plain(name)}")]
        if task == "multiclass" and scored:
            doubt = f"it could be that of {' or '.join(scored[1:])} too" if scored[1:] else ""
            found[seen.name] = Guess(seen, SCORE_PREFIX + scored[0], f"its name says so, and {_span(seen)}", doubt)
        elif plain(seen.name) in declared:
            feature = declared.pop(plain(seen.name))
            found[seen.name] = _declared(seen, feature, features[feature])
    answered = False
    for role in ("prediction_id", "at", "version", "prediction", "score", "label"):
        if role == "score" and task not in {"classification", ""}:
            continue
        best = _best(role, [seen for seen in columns if seen.name not in found], task, by_name=answered)
        if best is not None:
            found[best.seen.name] = best
            answered = answered or role == "prediction"
    left = [seen for seen in columns if seen.name not in found]
    for seen in left:
        feature = _like(seen, declared, features)
        if feature:
            found[seen.name] = Guess(
                seen, FEATURE_PREFIX + declared.pop(feature), f"its name is like that of the feature {feature}",
                "only part of the name says so",
            )  # fmt: skip
    truths = [seen for seen in left if seen.name not in found and seen.binary]
    if (
        features
        and task == "classification"
        and len(truths) == 1
        and "label" not in {one.role for one in found.values()}
    ):
        found[truths[0].name] = Guess(truths[0], "label", f"0 or 1, {truths[0].words}", "only its values say so")
    return [_cut(found.get(seen.name) or _other(seen, declared=bool(features))) for seen in columns]


def _like(seen: Seen, declared: Mapping[str, str], features: Mapping[str, str]) -> str:
    """The declared feature, by its plain name, of which this column's name is a part or that is a part of it.

    Empty where none or several are, or where the values are not of its kind.
    """
    own = plain(seen.name)
    like = [
        name
        for name, feature in declared.items()
        if len(min(own, name, key=len)) >= LEAST_LIKE
        and (name.startswith(own) or own.startswith(name))
        and (features[feature] == "category" or seen.numeric)
    ]
    return like[0] if len(like) == 1 else ""


def classes_in(columns: Sequence[Seen]) -> list[str]:
    """The classes that a sample of a model with more than two shows, by the columns named as predictions and labels."""
    names = (*NAMES["prediction"], *NAMES["label"])
    values = {one for seen in columns if plain(seen.name) in names for one in seen.values}
    return sorted(values) if len(values) <= MOST_SEGMENTS else []


def _declared(seen: Seen, feature: str, kind: str) -> Guess:
    doubt = ""
    if kind == "number" and not seen.numeric and seen.filled:
        doubt = f"it is declared as a number, and {seen.filled - seen.numbers:,} values are none"
    return Guess(seen, FEATURE_PREFIX + feature, f"the model declares this feature as a {kind}", doubt)


def _best(role: str, columns: Sequence[Seen], task: str, *, by_name: bool) -> Guess | None:
    """The likeliest column for ``role``: by its name and its values; else, unless ``by_name``, by its values alone."""
    can = [(seen, FITS[role](seen, task)) for seen in columns]
    fit = {seen.name: reason for seen, reason in can if reason}
    named = {plain(seen.name): seen for seen in columns}
    candidates = [named[name] for name in NAMES[role] if name in named]
    for seen in candidates:
        if seen.name in fit:
            others = [one.name for one in candidates if one.name in fit and one.name != seen.name]
            doubt = f"{' and '.join(others)} could be it too" if others else ""
            return Guess(seen, role, f"its name says so, and {fit[seen.name]}", doubt)
    if by_name or role in {"label", "version", "prediction"}:
        return None
    likely = [seen for seen in columns if seen.name in fit]
    if not likely:
        return None
    others = [seen.name for seen in likely[1:]]
    doubt = (
        f"only its values say so; {' and '.join(others[:3])} could be it too" if others else "only its values say so"
    )
    return Guess(likely[0], role, fit[likely[0].name], doubt)


def _is_id(seen: Seen, task: str) -> str:
    short = seen.filled == seen.rows == seen.distinct and seen.longest <= 200 and not seen.times
    decimal = seen.numbers and seen.whole < seen.numbers
    return seen.words if short and not decimal else ""


def _is_time(seen: Seen, task: str) -> str:
    if not seen.filled or seen.times < seen.filled:
        return ""
    if seen.zoned == seen.filled:
        return f"all {seen.filled:,} values are times with a zone"
    return "all values are times, but some have no zone: such a file is refused"


def _is_version(seen: Seen, task: str) -> str:
    whole = seen.numeric and seen.whole == seen.filled and seen.least is not None and seen.least >= 1
    return f"whole numbers, {seen.words}" if whole and seen.filled == seen.rows else ""


def _is_score(seen: Seen, task: str) -> str:
    return _span(seen) if seen.unit and not seen.binary else ""


def _is_prediction(seen: Seen, task: str) -> str:
    if task == "multiclass":
        return seen.words if seen.filled and not seen.times and seen.distinct < max(seen.filled, 2) else ""
    if task == "regression":
        return _span(seen) if seen.numeric else ""
    return f"0 or 1, {seen.words}" if seen.binary else ""


def _is_label(seen: Seen, task: str) -> str:
    return _is_prediction(seen, task)


FITS: Final[Mapping[str, Callable[[Seen, str], str]]] = {
    "prediction_id": _is_id, "at": _is_time, "version": _is_version, "score": _is_score,
    "prediction": _is_prediction, "label": _is_label,
}  # fmt: skip


def _span(seen: Seen) -> str:
    return f"{seen.least:g} to {seen.most:g}, {seen.words}"


def _other(seen: Seen, *, declared: bool) -> Guess:
    """A column that is none of the product's own: a feature, where the model declares none yet."""
    if declared:
        return Guess(seen, "", "the model declares no such feature")
    if not seen.filled:
        return Guess(seen, "category", "it is empty in all rows", "nothing says what it holds")
    if seen.times == seen.filled:
        return Guess(seen, "", "a further time")
    if seen.numeric:
        coded = seen.whole == seen.filled and seen.distinct <= FEW_NUMBERS and seen.rows > seen.distinct
        doubt = "so few different whole numbers may be codes of categories" if coded else ""
        return Guess(seen, "number", _span(seen), doubt)
    mixed = seen.numbers > seen.filled * 0.9
    doubt = f"{seen.numbers:,} of {seen.filled:,} values are numbers" if mixed else ""
    if not mixed and seen.filled == seen.distinct and seen.rows > MOST_SEGMENTS:
        return Guess(seen, "", f"{seen.words}: text, or a further id", "it may be a feature")
    return Guess(seen, "category", seen.words, doubt)


def _cut(found: Guess) -> Guess:
    seen = found.seen
    if found.role not in {"number", "category", ""} and not found.role.startswith(FEATURE_PREFIX):
        return found
    parts = plain(seen.name)
    if parts in SENSITIVE or any(parts.endswith(f"_{name}") or parts.startswith(f"{name}_") for name in SENSITIVE):
        return replace(found, cut="sensitive")
    few = LEAST_SEGMENTS <= seen.distinct <= MOST_SEGMENTS and seen.rows > seen.distinct
    return replace(found, cut="segment") if few and not seen.numeric else found
