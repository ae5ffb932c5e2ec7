"""Real files of each type that can be attached, as small as they can be."""

import io
import struct
import zipfile
import zlib

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TYPES = f"""<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml" ContentType="{WORD}"/></Types>"""
BODY = """<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body/></w:document>"""


def pdf(words: str = "Risks") -> bytes:
    """A PDF of one empty page; ``words`` make one differ from another."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n%" + words.encode()
    )


def png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    )


def jpeg() -> bytes:
    """The first and last bytes of every JPEG (JFIF)."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"


def zipped(members: dict[str, str | bytes]) -> bytes:
    """A ZIP of these members, in their order."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return kept.getvalue()


def docx(**more: str | bytes) -> bytes:
    """A word-processing document with nothing in it; ``more`` are further parts of the folder ``word``."""
    parts = {f"word/{name.replace('_', '.')}": content for name, content in more.items()}
    return zipped({"[Content_Types].xml": TYPES, "word/document.xml": BODY, **parts})


def odt(**more: str | bytes) -> bytes:
    """An OpenDocument text with nothing in it; ``more`` are further folders, each with one part."""
    parts = {f"{name}/one.xml": content for name, content in more.items()}
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>", **parts})
