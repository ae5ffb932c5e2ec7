"""Sets a report as a PDF for archives and for readers: tagged (PDF/UA-1), self-contained (PDF/A-2a), and reproducible.

Only the letters that typst carries are used and no clock is read, so the same report gives the same bytes anywhere.
Texts reach the typesetter as data, never as markup.
"""

import json
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from audit.exports.drawing import PAPER, SHEET, svg
from audit.exports.report import BASIS, CODE, Cell, Mark, Report, Table, plain
from audit.exports.words import full

TEMPLATE: Final = Path(__file__).with_name("report.typ")
STANDARDS: Final[list["typst.PDFStandard"]] = ["a-2a", "ua-1"]
SURE: Final = (
    frozenset(range(0x20, 0x7F))
    | frozenset(range(0xA0, 0x17F))
    | frozenset(map(ord, "–—‘’“”…•−×→←≤≥≈\u00a0\u2009\u202f"))
)
"""Code points that the letters are known to have; others are tried."""


def render(report: Report) -> bytes:
    """The report as PDF.

    Letters that typst's own fonts lack are written as their numbers, and a last sentence says so: the page has them.
    """
    data = plain(report)
    for section, given in zip(report.sections, data["sections"], strict=True):
        for figure, drawn in zip(section.figures, given["figures"], strict=True):
            drawn.clear()
            drawn |= {"title": figure.title, "sub": figure.sub, "svg": svg(figure, PAPER, SHEET)}
        for table, set_ in zip(section.tables, given["tables"], strict=True):
            set_["widths"] = widths(table)
        given["basis_words"] = BASIS[section.basis]
    for table, set_ in zip(report.summary, data["summary"], strict=True):
        set_["widths"] = widths(table)
    data["as_of_words"] = full(report.as_of)
    lacking: set[str] = set()
    data = _covered(data, lacking)
    data["lacking"] = (
        f"This document could not show {len(lacking)} letters as they are; they are written by their numbers, like "
        "[U+5C71]. index.html has them."
        if lacking
        else ""
    )
    compiler = typst.Compiler(input=TEMPLATE.read_bytes(), ignore_system_fonts=True)
    made = compiler.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        pdf_standards=STANDARDS,
        timestamp=report.as_of.astimezone(UTC).replace(microsecond=0),
    )
    if not isinstance(made, bytes):
        raise TypeError("The typesetter gave several files where one was asked for.")
    return made


LINE: Final = 116
"""How many letters of a table stand beside each other on a page."""
DIGEST: Final = 66
HALF_DIGEST: Final = 35
"""What a digest takes on one line, and on each of two."""


def widths(table: Table) -> list[float]:
    """How wide each column is beside the others, in letters; 0 for one that takes what its longest cell needs.

    Identifiers take that, unless words would not fit beside them: then they break. A column of words
    gets what its longest word needs, and of what is left the more, the more text it holds.
    """
    least, wanted = [], []
    for at, heading in enumerate(table.headings):
        if heading.kind == CODE:
            least.append(0.0)
            wanted.append(0.0)
            continue
        texts = [heading.text, *(_words(row[at]) for row in table.rows)]
        word = 2.5 + max((len(word) for text in texts for word in text.split(" ")), default=0)
        longest, usual = max(map(len, texts)), 1.5 * sum(map(len, texts)) / len(texts)
        least.append(float(min(word, 40)))
        wanted.append(max(min(longest + 2, max(usual, min(longest + 2, 14))) - least[-1], 1.0))
    codes = [at for at, heading in enumerate(table.headings) if heading.kind == CODE]
    if codes and sum(least) > LINE - DIGEST:
        for at in codes:
            least[at] = float(HALF_DIGEST)
        left = LINE - sum(least)
    else:
        left = LINE - sum(least) - (DIGEST if codes else 0)
    share = max(left, 0.0) / (sum(wanted) or 1.0)
    return [round(small + share * more, 2) for small, more in zip(least, wanted, strict=True)]


def _words(cell: Cell) -> str:
    # The space is one that does not break: shape and word stay together.
    return f"xx{cell.word}" if isinstance(cell, Mark) else cell


def _covered(value: Any, lacking: set[str]) -> Any:
    """``value`` with letters that cannot be shown replaced by their numbers; adds those letters to ``lacking``."""
    if isinstance(value, str):
        strange = {letter for letter in value if ord(letter) not in SURE and letter not in "\n\t"}
        for letter in strange:
            if not _shows(letter):
                lacking.add(letter)
                value = value.replace(letter, f"[U+{ord(letter):04X}]")
        return value
    if isinstance(value, dict):
        return {key: _covered(item, lacking) for key, item in value.items()}
    if isinstance(value, list):
        return [_covered(item, lacking) for item in value]
    return value


PROBE: Final = b"""
#set document(title: "probe")
#set text(lang: "en", font: ("Libertinus Serif", "New Computer Modern", "DejaVu Sans Mono"))
#sys.inputs.letter
#text(weight: "bold", sys.inputs.letter)
#text(font: "DejaVu Sans Mono", sys.inputs.letter)
"""


@cache
def _shows(letter: str) -> bool:
    """Whether the letter can be set: asked of the typesetter, which refuses what its letters lack."""
    if not letter.isprintable() and letter != "\u200b":
        return False
    compiler = typst.Compiler(input=PROBE, ignore_system_fonts=True)
    try:
        compiler.compile(format="pdf", sys_inputs={"letter": letter}, pdf_standards=STANDARDS)
    except typst.TypstError:
        return False
    return True
