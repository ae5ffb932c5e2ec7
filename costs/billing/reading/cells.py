"""SQL for the cells of a file, whatever type it gives them: text without words for "nothing", and where it stands."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from audit.lake.engine import literal, quoted
from costs.billing.amounts import DIGITS, PLACES
from costs.billing.domain import NULLS

DECIMAL: Final = f"DECIMAL({DIGITS}, {PLACES})"
EXACT_IN_DOUBLE: Final = 2**53
FLOATS: Final = ("DOUBLE", "FLOAT")


@dataclass(frozen=True, slots=True)
class Given:
    """A value of a bill: SQL over the file's columns, and the column that people know it by.

    ``typed`` is SQL for the number or time in it, null where it is none; without, the type of ``sql`` decides.
    ``size`` is SQL for the number of tags, where the file's own type says that the value is an object.
    """

    sql: str
    origin: str
    typed: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file was recognised as.

    ``format`` is for people ("FOCUS 1.2"); ``version`` is that of FOCUS, or empty; ``given`` maps columns of FOCUS to
    their values. A column that is not among them is empty in every row.
    """

    format: str
    version: str
    given: Mapping[str, Given]


class Source:
    """The columns of a file by name, each with the type that DuckDB gives it.

    ``used`` are those that were asked for, in order; ``clean`` are columns of text known to hold no word for "nothing".
    """

    def __init__(self, columns: Mapping[str, str], clean: Collection[str] = ()) -> None:
        self.columns, self.clean = columns, clean
        self.used: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def kind(self, name: str) -> str:
        """DuckDB's type of the column; empty if there is none."""
        return self.columns.get(name, "")

    def native(self, name: str) -> str:
        """SQL for the cell as it is typed; text loses blanks and words for "nothing"."""
        return self.text(name) if self.kind(name) == "VARCHAR" else self.own(name)

    def own(self, name: str) -> str:
        """SQL for the cell as it stands; from now on the column is one of those used."""
        self.used[name] = None
        return quoted(name)

    def text(self, name: str) -> str:
        """SQL for the cell as text. Whole numbers stay whole, so that an account's id never reads 1.2e+11."""
        own, kind = self.own(name), self.kind(name)
        if kind == "VARCHAR":
            return own if name in self.clean else cleaned(own)
        if kind in FLOATS:
            return (
                f"CASE WHEN {own} = trunc({own}) AND abs({own}) <= {EXACT_IN_DOUBLE}"
                f" THEN CAST(CAST({own} AS BIGINT) AS VARCHAR) ELSE CAST({own} AS VARCHAR) END"
            )
        return cleaned(f"CAST({own} AS VARCHAR)")

    def first(self, names: Iterable[str]) -> Given | None:
        """The first of the columns that a row fills, as text; None if the file has none of them."""
        here = [name for name in names if name in self]
        if not here:
            return None
        texts = [self.text(name) for name in here]
        return Given(texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})", " or ".join(here))


def cleaned(sql: str) -> str:
    """SQL that is null where the text is empty or a word for "nothing"."""
    text = f"trim({sql})"
    for word in NULLS:
        text = f"nullif({text}, {literal(word)})"
    return text


def object_of(pairs: Mapping[str, str], origin: str) -> Given:
    """The JSON object of these keys and texts, without those that are null."""
    if not pairs:
        return Given("NULL::VARCHAR", origin, size="0")
    inside = ", ".join(f"{literal(key)}, {sql}" for key, sql in pairs.items())
    return Given(f"CAST(json_object({inside}) AS VARCHAR)", origin, size=str(len(pairs)))


def object_in(source: Source, name: str) -> Given:
    """The JSON text of a column of tags: JSON, a map, a structure, or a list of keys and values."""
    own, kind = source.own(name), source.kind(name)
    if kind == "VARCHAR":
        return Given(source.text(name), name)
    if kind == "JSON":
        return Given(cleaned(f"CAST({own} AS VARCHAR)"), name)
    if kind.startswith("STRUCT") and kind.endswith("[]"):
        pair = "to_json(CAST(t.key AS VARCHAR))::VARCHAR || ':' || to_json(CAST(t.value AS VARCHAR))::VARCHAR"
        pairs = f"list_filter(list_transform({own}, lambda t: {pair}), lambda p: p IS NOT NULL)"
        return Given(f"'{{' || array_to_string({pairs}, ',') || '}}'", name, size=f"len({own})")
    text = f"CAST(to_json({own}) AS VARCHAR)"
    if kind == "MAP(VARCHAR, VARCHAR)":
        return Given(text, name, size=f"cardinality({own})")
    return Given(f"nullif(CAST(json_merge_patch('{{}}', {text}) AS VARCHAR), '{{}}')", name)
