"""Whether every value can be read, and which rules of FOCUS the rows keep, in as few passes as that takes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from audit.base.errors import InvalidInput
from audit.lake.engine import literal
from costs.billing import domain
from costs.billing.reading import rules
from costs.billing.reading.cells import Given, Shape
from costs.billing.reading.currencies import is_national, is_virtual
from costs.billing.reading.rules import Finding
from costs.billing.reading.views import EXACT, TEXT_COLUMNS

if TYPE_CHECKING:
    import duckdb

MEND: Final = "Correct the file and hand it in again."
MOST_TAGS: Final = 1000
"""No provider allows more than a few dozen on a resource."""
MOST_BRACKETS: Final = 500
LONG_TAGS: Final = 500
"""Characters that neither more than MOST_TAGS tags nor more than MOST_BRACKETS values in one another can do with."""
DOUBTFUL: Final = r",\s*[}\]]|[:,\[]\s*-?[iInN]|[0-9]{1000}"
"""JSON that DuckDB takes and Python does not: commas at the end, signed infinities, numbers of thousands of digits."""
KINDS: Final = (
    "BillingCurrency", "ChargeCategory", "ChargeClass", "ChargeFrequency", "ServiceCategory", "PricingCategory",
    "CommitmentDiscountCategory", "CommitmentDiscountStatus", "CapacityReservationStatus",
)  # fmt: skip
"""Columns with few different values."""
VIRTUAL: Final = "billing-currency-national"


def check(
    connection: "duckdb.DuckDBPyConnection", shape: Shape, columns: Mapping[str, str]
) -> tuple[tuple[Finding, ...], dict[str, float]]:
    """The rules that are not kept, those about missing columns first; and in what part of the rows texts are filled.

    Raises:
        InvalidInput: there are no rows, or a value cannot be used; the first such row and its column are named.
    """
    faults = _faults(shape.given)
    kinds = [name for name in KINDS if name in shape.given]
    of_kinds, of_rows = list[rules.Rule](), list[rules.Rule]()
    for rule in rules.applicable(shape):
        (of_kinds if rule.columns() <= set(kinds) else of_rows).append(rule)
    texts = [name for name in TEXT_COLUMNS.values() if name in shape.given and not shape.given[name].size]
    counted = [f"count_if({condition})" for condition in [fault[0] for fault in faults] + [one.when for one in of_rows]]
    counted += [f'count("{name}")' for name in texts]
    total, *found = _one(connection, f"SELECT count(*), {', '.join(counted)} FROM facts")
    if not total:
        raise InvalidInput("The file has a heading and no rows.", mend="Export the bill again.")
    named = ", ".join(f'"{name}"' for name in kinds)
    connection.execute(
        f"CREATE TEMP TABLE kinds AS SELECT {named}, count(*) AS n, min(nr) AS nr FROM facts GROUP BY ALL"
    )
    currencies = connection.execute('SELECT "BillingCurrency", sum(n), min(nr) FROM kinds GROUP BY 1').fetchall()
    faulty = [_first(connection, shape, fault) for fault, rows in zip(faults, found, strict=False) if rows]
    faulty += _wrong_currencies(shape, currencies)
    if not faulty:
        faulty = _doubtful_tags(connection, shape)
    if faulty:
        # Of one row, a value that is wrong says more than one that is lacking because of it.
        number, name, words = min(faulty, key=lambda fault: (fault[0], fault[2].startswith("the value"), fault[1]))
        raise InvalidInput(words, where=f"row {number}, column {name}", mend=MEND)
    broken = [(rule, rows) for rule, rows in zip(of_rows, found[len(faults) :], strict=False) if rows]
    findings = (
        *rules.missing_columns(shape, columns, total),
        *_virtual(currencies, total),
        *_broken_by_kind(connection, of_kinds, total),
        *_broken(connection, broken, total),
        *_sums(connection, shape, total),
    )
    filled = {name: rows / total for name, rows in zip(texts, found[-len(texts) :], strict=True)} if texts else {}
    return findings, filled


def _wrong_currencies(shape: Shape, currencies: list[tuple[str, int, int]]) -> list[tuple[int, str, str]]:
    origin = shape.given["BillingCurrency"].origin
    return [
        (nr, origin, f"“{text[:80]}” is not a currency of ISO 4217.")
        for text, _, nr in currencies
        if text is not None and not is_national(text) and not is_virtual(text)
    ]


def _faults(given: Mapping[str, Given]) -> list[tuple[str, str, str]]:
    """Condition, column, and what is said of it, for each way in which a value cannot be used."""
    faults = [(f'"{_shown(name)}" IS NULL', name, "is empty") for name in domain.FILLED if name in given]
    for names, words in ((EXACT, "is not a number"), (domain.TIMES, "is not a time")):
        for name in names:
            if name in given:
                faults.append((f'"{name}_given" IS NOT NULL AND "{name}" IS NULL', name, words))
    for start, end in (domain.TIMES[:2], domain.TIMES[2:]):
        if start in given and end in given:
            faults.append((f'"{end}" <= "{start}"', end, f"is not after {start}"))
    if "Tags" in given:
        faults += _tag_faults(given["Tags"])
    return faults


def _tag_faults(tags: Given) -> list[tuple[str, str, str]]:
    many = (f"has more than {MOST_TAGS:,} tags", "has too many values inside one another")
    if tags.size:
        return [(f'"Tags_size" > {MOST_TAGS}', "Tags", many[0])]
    shape = """("Tags" LIKE '{%' OR "Tags" = 'null')"""
    nested = f"""length("Tags") - length(replace(replace("Tags", '[', ''), '{{', '')) > {MOST_BRACKETS}"""
    long = f'length("Tags") > {LONG_TAGS}'
    return [
        (f'NOT (json_valid("Tags") AND {shape})', "Tags", "is not a JSON object"),
        (f'CASE WHEN {long} AND json_valid("Tags") THEN len(json_keys("Tags")) > {MOST_TAGS} END', "Tags", many[0]),
        (f"CASE WHEN {long} THEN {nested} END", "Tags", many[1]),
    ]


def _doubtful_tags(connection: "duckdb.DuckDBPyConnection", shape: Shape) -> list[tuple[int, str, str]]:
    """The first row whose tags only DuckDB takes for JSON."""
    if "Tags" not in shape.given or shape.given["Tags"].size:
        return []
    cursor = connection.execute(
        f'SELECT "Tags", min(nr) FROM facts WHERE regexp_matches("Tags", {literal(DOUBTFUL)}) GROUP BY 1 ORDER BY 2'
    )
    while rows := cursor.fetchmany(1000):
        for tags, nr in rows:
            try:
                domain.tags_of(tags)
            except ValueError:
                return [(nr, shape.given["Tags"].origin, f"“{tags[:80]}” is not a JSON object.")]
    return []


def _shown(name: str) -> str:
    """The column of the view that holds what stands in the file."""
    return f"{name}_given" if name in EXACT or name in domain.TIMES else name


def _first(connection: "duckdb.DuckDBPyConnection", shape: Shape, fault: tuple[str, str, str]) -> tuple[int, str, str]:
    """The first row that has the fault, its column, and the sentence."""
    condition, name, words = fault
    text = f'CAST("{_shown(name)}" AS VARCHAR)'
    nr, value = _one(connection, f"SELECT nr, {text} FROM facts WHERE {condition} ORDER BY nr LIMIT 1")
    said = f"“{value[:80]}” {words}." if value is not None else f"the value {words}."
    return nr, shape.given[name].origin, said


def _virtual(currencies: list[tuple[str, int, int]], total: int) -> list[Finding]:
    rule = rules.of(VIRTUAL)
    units = [(nr, rows) for text, rows, nr in currencies if not is_national(text)]
    if not units:
        return []
    return [rules.finding(rule, sum(rows for _, rows in units), total, min(nr for nr, _ in units))]


def _broken_by_kind(connection: "duckdb.DuckDBPyConnection", kept: list[rules.Rule], total: int) -> list[Finding]:
    """Rules about columns of few different values, on these."""
    if not kept:
        return []
    counted = ", ".join(f"sum(n) FILTER (WHERE {rule.when}), min(nr) FILTER (WHERE {rule.when})" for rule in kept)
    found = _one(connection, f"SELECT {counted} FROM kinds")
    return [
        rules.finding(rule, int(rows), total, nr)
        for rule, rows, nr in zip(kept, found[::2], found[1::2], strict=True)
        if rows
    ]


def _broken(connection: "duckdb.DuckDBPyConnection", broken: list[tuple[rules.Rule, int]], total: int) -> list[Finding]:
    if not broken:
        return []
    firsts = ", ".join(f"min(nr) FILTER (WHERE {rule.when})" for rule, _ in broken)
    found = _one(connection, f"SELECT {firsts} FROM facts")
    return [rules.finding(rule, rows, total, nr) for (rule, rows), nr in zip(broken, found, strict=True)]


def _sums(connection: "duckdb.DuckDBPyConnection", shape: Shape, total: int) -> list[Finding]:
    """Rules about the sums of the rows that share a value."""
    findings = []
    for rule in rules.sums(shape):
        rows, nr = _one(
            connection,
            f"SELECT coalesce(sum(n), 0), min(first) FROM (SELECT count(*) AS n, min(nr) AS first FROM facts"
            f' WHERE "{rule.each}" IS NOT NULL GROUP BY "{rule.each}" HAVING {rule.when})',
        )
        if rows:
            findings.append(rules.finding(rule, int(rows), total, nr))
    return findings


def _one(connection: "duckdb.DuckDBPyConnection", query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    assert row is not None
    return row
