"""What a file is follows from its content; whatever is not meant to be attached is refused with a sentence."""

import zipfile

import pytest

from audit.base.errors import InvalidInput
from audit.documents import domain
from tests.audit.documents import files

GOOD = [
    ("a.pdf", files.pdf(), "application/pdf"),
    ("A.PDF", files.pdf(), "application/pdf"),
    ("a.png", files.png(), "image/png"),
    ("a.jpeg", files.jpeg(), "image/jpeg"),
    ("a.jpg", files.jpeg(), "image/jpeg"),
    ("a.docx", files.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("a.odt", files.odt(), "application/vnd.oasis.opendocument.text"),
    ("a.txt", "Größe".encode(), "text/plain"),
    ("a.md", b"\xef\xbb\xbf# Risks\r\n\tone\f", "text/markdown"),
    ("a.csv", b"a,b\n1,2\n", "text/csv"),
    ("a.json", b'{"a": [1, 2.5, null]}', "application/json"),
    ("a.b.json", b"[]", "application/json"),
]
BAD = [
    ("a.pdf", b"", "The file is empty"),
    ("a.txt", b"%PDF-1.4 and so on", "content is a PDF.*Let it end in .pdf"),
    ("a.exe", files.pdf(), "content is a PDF"),
    ("pdf", files.pdf(), "content is a PDF"),
    ("a.png", files.jpeg(), "content is a JPEG"),
    ("a.odt", files.docx(), "content is a DOCX"),
    ("a.pdf", b"\x7fELF\x02\x01\x01\x00", "This type of file cannot be attached.*Attach PDF, plain text"),
    ("a.exe", b"MZ\x90\x00\x03", "This type of file cannot be attached"),
    ("a.gif", b"GIF89a\x01\x00\x01\x00", "This type of file cannot be attached"),
    ("a.txt", b"one\x00two", "This type of file cannot be attached"),
    ("a.txt", b"\x1b]0;title\x07", "This type of file cannot be attached"),
    ("a.txt", "Größe".encode("latin-1"), "not in UTF-8"),
    ("a.html", b"<script>alert(1)</script>", "does not say of which kind"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "does not say of which kind"),
    ("notes", b"plain", "does not say of which kind"),
    (".txt", b"plain", "does not say of which kind"),
    ("a.json", b'{"a": 1,}', "This is not JSON: .*line 1, column 9"),
    ("a.json", b"[NaN]", "not JSON that every program reads"),
    ("a.json", b"[" * 100_000, "not JSON that every program reads"),
    ("a.json", b"9" * 5000, "not JSON that every program reads"),
    ("a.json", b"[" + b" " * domain.LARGEST_JSON + b"]", "JSON is larger than 5 MB"),
    ("a.zip", files.zipped({"a.txt": "one"}), "neither a DOCX nor an ODT"),
    ("a.docx", files.zipped({"[Content_Types].xml": "<Types/>"}), "neither a DOCX nor an ODT"),
    ("a.docx", files.docx(vbaProject_bin=b"\x00"), "carries macros"),
    ("a.odt", files.odt(Basic="<a/>"), "carries macros"),
    ("a.docx", files.docx()[:-30], "damaged or locked"),
    ("a.docx", b"PK\x03\x04 and nothing else", "damaged or locked"),
]


@pytest.mark.parametrize(("name", "content", "expected"), GOOD, ids=[f"{name} {kind}" for name, _, kind in GOOD])
def test_media_of_good_file_is_its_type(name: str, content: bytes, expected: str) -> None:
    assert domain.media_of(content, name).type == expected


@pytest.mark.parametrize(("name", "content", "sentence"), BAD, ids=[f"{name} {why}" for name, _, why in BAD])
def test_media_of_other_file_is_refused_with_a_sentence(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        domain.media_of(content, name)
    assert caught.value.where == "file"


def test_media_of_file_beyond_25_megabytes_is_refused_and_of_25_is_not() -> None:
    assert domain.media_of(b"a" * 25 * 1024 * 1024, "a.txt").type == "text/plain"
    with pytest.raises(InvalidInput, match="larger than 25 MB"):
        domain.media_of(b"a" * (25 * 1024 * 1024 + 1), "a.txt")


def test_media_of_archive_with_a_password_is_refused() -> None:
    content = bytearray(files.docx())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + at] |= 1  # the bit that says "encrypted"
            start = content.find(mark, start + 1)
    with pytest.raises(InvalidInput, match="damaged or locked"):
        domain.media_of(bytes(content), "a.docx")


def test_media_of_archive_with_too_many_parts_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(zipfile, "ZipFile", never)
    with pytest.raises(InvalidInput, match="too many parts"):
        domain.media_of(b"PK\x03\x04" + b"PK\x01\x02" * (domain.MOST_PARTS + 1), "a.docx")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("risks.pdf", "risks.pdf"),
        ("C:\\Users\\ines\\Risks v2.pdf", "Risks v2.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("two\nlines.txt", "twolines.txt"),
        ("", "document"),
        ("/", "document"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_clean_name_keeps_the_files_own_name(said: str, kept: str) -> None:
    assert domain.clean_name(said) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Risks v2.pdf", "Risks-v2.pdf"),
        ("Prüfbericht März.PDF", "Prufbericht-Marz.pdf"),
        ("報告.pdf", "document.pdf"),
        ("..", "document"),
        (".bashrc", "bashrc"),
        ("a" * 100 + ".json", "a" * 75 + ".json"),
        ("no ending", "no-ending"),
    ],
)
def test_safe_name_is_one_that_every_file_system_takes(said: str, kept: str) -> None:
    assert domain.safe_name(said) == kept


def test_name_in_bundle_says_kind_and_content() -> None:
    assert domain.name_in_bundle("policy", "ab" * 32, "AI policy.pdf") == "policy-abababababab-AI-policy.pdf"


def test_kinds_read_as_labels() -> None:
    assert [domain.kind_name(kind) for kind in domain.KINDS] == [
        "Model card", "Bill of materials", "List of the standards applied", "Copy of the declaration of conformity",
        "Instructions for use", "Risk management file", "Post-market monitoring plan", "Impact assessment", "Policy",
        "Design description", "Signed test report", "Contract or supplier's document",
        "Description of security measures",
    ]  # fmt: skip
