"""The PDF says what the report says, is tagged and archivable, and is the same to the byte wherever it is made."""

import hashlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

from audit.exports import typeset
from audit.exports.report import Section, code, plain, table
from tests.audit.exports.support import report, texts

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return typeset.render(report())


def words(content: bytes) -> str:
    """The text of all pages, spaces and line ends left out: lines break where they must."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def test_pdf_says_every_text_of_the_report(pdf):
    said = words(pdf)
    missing = [text for text in texts(plain(report())) if "".join(text.split()) not in said]
    assert missing == []


def test_pdf_is_tagged_titled_and_declares_what_it_holds(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Evidence on the model late-arrival"
    assert f"{reader.metadata.creation_date:%Y-%m-%d %H:%M:%S %z}" == "2013-07-08 09:00:00 +0000"
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part>" in metadata and "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    chapters = [one["/Title"] for one in reader.outline if not isinstance(one, list)]
    assert [one.split() for one in chapters] == [["1", *["What", "it", "is", "for"]], ["2", "What", "happened"]]


def test_letters_are_inside_and_are_typsts_own(pdf):
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts and all(one.startswith(("LibertinusSerif", "DejaVuSansMono", "NewCM")) for one in fonts), fonts


SCRIPT = "import hashlib;from audit.exports import typeset;from tests.audit.exports.support import report;\
print(hashlib.sha256(typeset.render(report())).hexdigest())"


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_pdf_is_the_same_in_another_process_and_zone(pdf, zone, tmp_path):
    place = {**os.environ, "TZ": zone, "LANG": "de_DE.UTF-8", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    place |= {"TYPST_FONT_PATHS": "/usr/share/fonts", "SOURCE_DATE_EPOCH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=place, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(pdf).hexdigest()


def test_another_moment_gives_another_file(pdf):
    assert typeset.render(report(as_of=report().as_of.replace(year=2014))) != pdf


def with_text(text: str):
    section = Section(
        key="x", title=text, order=1, sentences=(text,), tables=(table(text, [text], [[text]], note=text),)
    )
    return report(title=text, scope=text, lede=(text,), sections=(section,), summary=())


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x") #import "a" $x$ *b* _i_ `c` @ref <label> \\ #{1+1} [x] // c /* d */',
        "= Heading\n- list\n+ item\n#set page(fill: red)",
        "\u0000\u0007\ud7ff\ufffe",
        "a" * 3000,
        " ",
    ],
)
def test_text_is_never_read_as_markup(text):
    said = words(typeset.render(with_text(text)))
    shown = "".join(letter for letter in "".join(text.split()) if letter.isprintable())
    assert shown in said


def test_letters_that_cannot_be_shown_are_written_by_their_numbers():
    said = words(typeset.render(with_text("Ωmega Ж é 山田")))
    assert "ΩmegaЖé[U+5C71][U+7530]" in said
    assert "couldnotshow2lettersastheyare" in said
    assert "couldnotshow" not in words(typeset.render(with_text("Ωmega Ж é")))


def test_wide_tables_give_each_column_its_longest_word():
    columns = typeset.widths(table("T", ["Short", "E-mail"], [["a b c " * 40, "somebody@department.example.org"]] * 3))
    assert columns[1] >= len("somebody@department.example.org")
    assert columns[0] > columns[1]


def test_digest_breaks_where_words_need_the_place():
    roomy = table("T", ["Of", code("SHA-256")], [["late-arrival v1", "a" * 64]])
    tight = table("T", [*(f"Column {at}" for at in range(8)), code("SHA-256")], [[*["something"] * 8, "a" * 64]])
    assert typeset.widths(roomy)[1] == 0
    assert typeset.widths(tight)[8] == 35
    section = Section(key="x", title="T", order=1, sentences=(), tables=(roomy, tight))
    assert words(typeset.render(report(sections=(section,)))).count("a" * 64) == 2


def test_thousands_of_rows_stay_in_bounds():
    rows = [[f"{at}", "Ada Lovelace", "did a thing " * 5] for at in range(500)]
    many = table("Many", ["When", "Who", "What"], rows)
    section = Section(key="m", title="Many", order=1, sentences=(), tables=(many,) * 6)
    made = typeset.render(replace(report(), sections=(section,)))
    assert len(made) < 5_000_000
