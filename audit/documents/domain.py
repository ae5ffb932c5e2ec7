"""Which documents auditors ask for, and which files can be one: what a file is follows from its content, not its name.

Pure: bytes and names in, types and names out.
"""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit.base.errors import InvalidInput

KINDS: Final[Mapping[str, str]] = {
    "model-card": "a model card",
    "ml-bom": "a bill of materials",
    "standards-list": "a list of the standards applied",
    "declaration": "a copy of the declaration of conformity",
    "instructions": "instructions for use",
    "risk-file": "a risk management file",
    "monitoring-plan": "a post-market monitoring plan",
    "impact-assessment": "an impact assessment",
    "policy": "a policy",
    "design": "a design description",
    "test-report": "a signed test report",
    "contract": "a contract or supplier's document",
    "security": "a description of security measures",
}
"""What a document is, by its key; regimes ask for documents by these keys."""
WRITTEN_HERE: Final = frozenset({"model-card", "ml-bom"})
"""Every evidence bundle has these anyway: they are written from records."""
LARGEST: Final = 25 * 1024 * 1024
LARGEST_JSON: Final = 5 * 1024 * 1024
"""To see whether JSON is JSON it is parsed, which needs many times its size in memory."""
LONGEST_NAME: Final = 200
LONGEST_ENDING: Final = 20


@dataclass(frozen=True, slots=True)
class Media:
    """A type of file that can be attached: what people call it, and the endings that its name may have."""

    type: str
    name: str
    endings: tuple[str, ...]


PDF = Media("application/pdf", "a PDF", (".pdf",))
PNG = Media("image/png", "a PNG", (".png",))
JPEG = Media("image/jpeg", "a JPEG", (".jpg", ".jpeg"))
DOCX = Media("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a DOCX", (".docx",))
ODT = Media("application/vnd.oasis.opendocument.text", "an ODT", (".odt",))
JSON = Media("application/json", "JSON", (".json",))
TEXTS: Final = (
    Media("text/plain", "plain text", (".txt", ".text")),
    Media("text/markdown", "Markdown", (".md", ".markdown")),
    Media("text/csv", "CSV", (".csv",)),
    JSON,
)
MEDIA: Final = (PDF, *TEXTS, DOCX, ODT, PNG, JPEG)
MEDIA_TYPES: Final[Mapping[str, Media]] = {one.type: one for one in MEDIA}
ENDINGS: Final = tuple(ending for one in MEDIA for ending in one.endings)
TAKEN: Final = "PDF, plain text, Markdown, CSV, JSON, DOCX, ODT, PNG or JPEG"
MAGIC: Final = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
ZIP: Final = b"PK\x03\x04"
ZIP_ENTRY: Final = b"PK\x01\x02"
WORD_MAIN: Final = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
MOST_PARTS: Final = 10_000
MOST_OF_A_PART: Final = 1024 * 1024


def kind_name(kind: str) -> str:
    """The kind as a label: "Model card"."""
    words = KINDS.get(kind, kind)
    for article in ("a ", "an "):
        words = words.removeprefix(article)
    return words[:1].upper() + words[1:]


def media_of(content: bytes, filename: str) -> Media:
    """The type of a file by its first bytes; among kinds of text, which have none, the ending of its name decides.

    Raises:
        InvalidInput: it is empty, too large, of another type, or its name's ending belongs to another type.
    """
    if not content:
        raise _wrong("The file is empty.", "Attach the file that has the document in it.")
    if len(content) > LARGEST:
        raise too_large()
    ending = ending_of(filename)
    found = next((media for magic, media in MAGIC if content.startswith(magic)), None)
    if found is None and content.startswith(ZIP):
        found = _office(content)
    if found is None:
        return _text(content, ending)
    if ending not in found.endings:
        raise _wrong(f"The content is {found.name}, and the name says otherwise.", f"Let it end in {found.endings[0]}.")
    return found


def too_large() -> InvalidInput:
    """The refusal of a file that is larger than ``LARGEST``."""
    return _wrong(f"The file is larger than {LARGEST // 1024**2} MB.", "Attach it in parts, or without its pictures.")


def _wrong(sentence: str, mend: str) -> InvalidInput:
    return InvalidInput(sentence, where="file", mend=mend)


def ending_of(filename: str) -> str:
    """The ending with its dot, in lower case; empty when there is none."""
    stem, dot, last = filename.rpartition(".")
    return f".{last.lower()}" if dot and stem and last.isalnum() else ""


def _office(content: bytes) -> Media:
    """DOCX (ISO/IEC 29500-2, a package with a main part of WordprocessingML) or ODT (OpenDocument 1.3, part 2, 3.3)."""
    if content.count(ZIP_ENTRY) > MOST_PARTS:
        raise _wrong("This archive has too many parts to be a document.", f"Attach {TAKEN}.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and _part(archive, "mimetype") == ODT.type.encode():
                return _without_macros(ODT, names, ("Basic/", "Scripts/"))
            if "[Content_Types].xml" in names and WORD_MAIN in _part(archive, "[Content_Types].xml"):
                return _without_macros(DOCX, names, ("word/vbaProject",))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise _wrong("The file is a damaged or locked archive.", "Save it again, without a password.") from error
    raise _wrong("This archive is neither a DOCX nor an ODT.", f"Attach what is in it, as {TAKEN}.")


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(MOST_OF_A_PART)


def _without_macros(media: Media, names: set[str], marks: tuple[str, ...]) -> Media:
    if any(name.startswith(marks) for name in names):
        raise _wrong("This document carries macros.", "Save it without them, or as PDF.")
    return media


def _text(content: bytes, ending: str) -> Media:
    media = next((one for one in TEXTS if ending in one.endings), None)
    if CONTROL.search(content) is not None:
        raise _wrong("This type of file cannot be attached.", f"Attach {TAKEN}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong("This text is not in UTF-8.", "Save it as UTF-8, or as PDF.") from error
    if media is None:
        raise _wrong("The content is text, and the name does not say of which kind.", "Use .txt, .md, .csv or .json.")
    if media is JSON:
        _check_json(text)
    return media


def _check_json(text: str) -> None:
    if len(text) > LARGEST_JSON:
        raise _wrong(f"This JSON is larger than {LARGEST_JSON // 1024**2} MB.", "Attach it in parts, or as text.")
    try:
        json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _wrong(f"This is not JSON: {error.msg}, {place}.", "Mend it, or attach it as .txt.") from error
    except (ValueError, RecursionError) as error:
        raise _wrong("This is not JSON that every program reads.", "Mend it, or attach it as .txt.") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def clean_name(filename: str) -> str:
    """The file's own name without folders and signs that nobody sees; at most 200 characters, with its ending."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    name = " ".join("".join(sign for sign in last if sign.isprintable()).split())
    if len(name) > LONGEST_NAME:
        ending = ending_of(name)[:LONGEST_ENDING]
        name = name[: LONGEST_NAME - len(ending)] + ending
    return name or "document"


def safe_name(filename: str) -> str:
    """A name that every file system takes: ASCII letters, figures, points, hyphens; at most 80 characters."""
    ending = ending_of(filename)
    ending = ending if ending.isascii() and len(ending) <= LONGEST_ENDING else ""
    stem = unicodedata.normalize("NFKD", filename[: len(filename) - len(ending)]).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return (stem[: 80 - len(ending)] or "document") + ending


def name_in_bundle(kind: str, digest: str, filename: str) -> str:
    """What a document is called in the folder ``documents`` of an evidence bundle; the same content has one name."""
    return f"{kind}-{digest[:12]}-{safe_name(filename)}"
