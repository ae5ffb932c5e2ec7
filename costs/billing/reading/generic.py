"""Any other table as a bill: which of its columns says what is stated by a mapping, and nothing is guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.base.errors import InvalidInput
from audit.lake.engine import literal
from costs.billing.reading.cells import DECIMAL, Given, Shape, Source, object_of
from costs.billing.reading.currencies import is_national, is_virtual
from costs.billing.reading.focus import BASE

FORMAT: Final = "CSV with a mapping"
PARTS: Final = ("columns", "constants", "tags", "currency", "dates", "decimal", "delimiter")
NEEDED: Final = (
    "BilledCost",
    "ChargePeriodStart",
    "BillingAccountId",
    "BillingCurrency",
    "ProviderName",
    "ServiceName",
)
FROM_FILE: Final = ("BilledCost", "ChargePeriodStart")
USAGE: Final = "x_UsageType"
OURS: Final = (*(name for name in BASE if name != "Tags"), USAGE)
NUMBERS: Final = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity")
TIMES: Final = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
DELIMITERS: Final = (",", ";", "\t", "|")
DIRECTIVES: Final = re.compile(r"%(.)")
NUMBER: Final = {
    ".": r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?",
    ",": r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?",
}


@dataclass(frozen=True)
class Layout:
    """A mapping that was checked.

    ``columns`` maps columns of FOCUS to those of the file, ``constants`` to what stands in every row, ``tags`` tag keys
    to columns of the file. ``dates`` is a format of strptime, in UTC; empty for ISO 8601. ``decimal`` is the sign
    before decimals, the other of "." and "," then parts thousands; empty for plain numbers.
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    dates: str = ""
    decimal: str = ""
    delimiter: str = ","

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Layout":
        """The layout that a mapping with the parts PARTS states; ``currency`` is short for that constant.

        Raises:
            InvalidInput: it names a part or column that does not exist, or leaves out what every bill needs.
        """
        if not isinstance(data, Mapping):
            raise _wrong("mapping", "It is not an object.")
        unknown = [str(key) for key in data if key not in PARTS]
        if unknown:
            raise _wrong(unknown[0], f"There is no such part; the parts are {', '.join(PARTS)}.")
        columns, constants, tags = (_texts(data, part) for part in ("columns", "constants", "tags"))
        if data.get("currency"):
            if "BillingCurrency" in {**columns, **constants}:
                raise _wrong("currency", "BillingCurrency is stated twice.")
            constants["BillingCurrency"] = str(data["currency"])
        for part, names in (("columns", columns), ("constants", constants)):
            for name in names:
                if name not in OURS:
                    raise _wrong(f"{part}.{name}", "This is no column of FOCUS that a mapping can fill.")
        for name in constants:
            if name in columns:
                raise _wrong(f"constants.{name}", "It is also among the columns.")
            if name in NUMBERS or name in TIMES:
                raise _wrong(f"constants.{name}", "Amounts and times come from the file.")
        for name in NEEDED:
            if name not in columns and (name in FROM_FILE or name not in constants):
                raise _wrong("columns", f"Nothing says {name}.")
        currency = constants.get("BillingCurrency")
        if currency is not None and not (is_national(currency) or is_virtual(currency)):
            raise _wrong("currency", f"“{currency}” is not a currency of ISO 4217.")
        dates, decimal, delimiter = (str(data.get(part) or "") for part in ("dates", "decimal", "delimiter"))
        _check_dates(dates)
        if decimal and decimal not in NUMBER:
            raise _wrong("decimal", "It is neither a point nor a comma.")
        if delimiter and delimiter not in DELIMITERS:
            raise _wrong("delimiter", "It is neither comma, semicolon, tab nor bar.")
        return cls(columns, constants, tags, dates, decimal, delimiter or ",")


def shape(source: Source, layout: Layout) -> Shape:
    """The file's columns as those of FOCUS. Without its own column, effective cost is billed cost, the billing period
    the month, and every row Usage.

    Raises:
        InvalidInput: the file lacks a column that the mapping names.
    """
    lacking = [name for name in (*layout.columns.values(), *layout.tags.values()) if name not in source]
    if lacking:
        names = ", ".join(dict.fromkeys(lacking))
        mend = "Correct the mapping, or export the file again."
        raise InvalidInput(f"The file has no column {names}, which the mapping names.", where="heading", mend=mend)
    given = {"ChargeCategory": Given("'Usage'", "ChargeCategory")}
    given |= {ours: Given(literal(text), ours) for ours, text in layout.constants.items()}
    for ours, theirs in layout.columns.items():
        if ours in NUMBERS:
            given[ours] = _number(source, theirs, layout.decimal)
        elif ours in TIMES:
            given[ours] = _time(source, theirs, layout.dates)
        else:
            given[ours] = Given(source.text(theirs), theirs)
    given.setdefault("EffectiveCost", given["BilledCost"])
    given["provider"] = given["ProviderName"]
    if USAGE in given or "ChargeDescription" in given:
        given["usage"] = given.pop(USAGE) if USAGE in given else given["ChargeDescription"]
    if layout.tags:
        texts = {key: source.text(theirs) for key, theirs in layout.tags.items()}
        given["Tags"] = object_of(texts, ", ".join(layout.tags.values()))
    return Shape(FORMAT, "", given)


def _number(source: Source, name: str, decimal: str) -> Given:
    """A number in the stated notation, or a plain one if none is stated."""
    if source.kind(name) != "VARCHAR" or not decimal:
        return Given(source.native(name), name)
    text, thousands = source.text(name), "," if decimal == "." else "."
    plain = f"replace(replace({text}, '{thousands}', ''), '{decimal}', '.')"
    fits = f"regexp_full_match({text}, {literal(NUMBER[decimal])})"
    return Given(text, name, f"CASE WHEN {fits} THEN TRY_CAST({plain} AS {DECIMAL}) END")


def _time(source: Source, name: str, dates: str) -> Given:
    if source.kind(name) != "VARCHAR" or not dates:
        return Given(source.native(name), name)
    text = source.text(name)
    return Given(text, name, f"CAST(try_strptime({text}, {literal(dates)}) AS TIMESTAMP)")


def _texts(data: Mapping[str, Any], part: str) -> dict[str, str]:
    own = {} if data.get(part) is None else data[part]
    if not isinstance(own, Mapping):
        raise _wrong(part, "It is not an object.")
    for key, text in own.items():
        if not isinstance(key, str) or not isinstance(text, str) or not key.strip() or not text.strip():
            raise _wrong(f"{part}.{key}", "Its name or value is empty, or not text.")
    return dict(own)


def _check_dates(dates: str) -> None:
    if not dates:
        return
    found = DIRECTIVES.findall(dates)
    strange = next((one for one in found if one not in "YymbBdHMSfzp%I"), None)
    if strange is not None:
        raise _wrong("dates", f"“%{strange}” is not known; %Y, %m, %d, %H, %M and %S are.")
    if not {"Y", "y"} & set(found) or not {"m", "b", "B"} & set(found) or "d" not in found:
        raise _wrong("dates", "It does not say year, month and day, like %d.%m.%Y.")


def _wrong(where: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, where=f"mapping, {where}", mend="Correct the mapping.")
