"""What is sent: the words of an e-mail, the text of a chat message, and the content of a webhook."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """One message, whole: ``kind`` is its code and ``kind_title`` what people call it; ``link`` is an address or ""."""

    id: str
    at: datetime
    kind: str
    kind_title: str
    title: str
    text: str
    link: str
    team: str
    urgent: bool


def one_line(text: str) -> str:
    """The text without line breaks or other control characters, which must not stand in a header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def subject(note: Note) -> str:
    """The subject of an e-mail."""
    return f"{'Urgent: ' if note.urgent else ''}{note.title}"


def letter(note: Note, settings_url: str) -> str:
    """The text of an e-mail about one message."""
    return "\n\n".join([*_parts(note), _foot(settings_url)]) + "\n"


def digest_subject(count: int, day: str) -> str:
    """The subject of a digest."""
    return f"{count} {'message' if count == 1 else 'messages'} from Tollgate, {day}"


def digest(notes: Sequence[Note], settings_url: str) -> str:
    """The text of a digest: each message with its kind, in the order in which they came."""
    parts = [
        "\n".join([f"{number}. {note.kind_title}: {note.title}", *_lines(note)]) for number, note in _from_1(notes)
    ]
    return "\n\n".join([*parts, _foot(settings_url)]) + "\n"


def _from_1(notes: Sequence[Note]) -> "enumerate[Note]":
    return enumerate(notes, 1)


def _lines(note: Note) -> list[str]:
    return [f"   {line}" for line in (*note.text.splitlines(), note.link) if line]


def _parts(note: Note) -> list[str]:
    return [part for part in (note.title, note.text, note.link) if part]


def _foot(settings_url: str) -> str:
    return f"-- \nYou choose what Tollgate tells you, and when: {settings_url}"


def chat(note: Note) -> bytes:
    """``{"text": …}``, as Slack takes it and what is compatible with it; &, < and > are written as it wants them.

    Source: https://api.slack.com/messaging/webhooks, and "Escaping text" of its formatting reference.
    """
    text = "\n".join(_parts(note))
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, written)
    return json.dumps({"text": text}, ensure_ascii=False).encode()


def webhook(note: Note) -> bytes:
    """``type``, ``timestamp`` and ``data``, as Standard Webhooks advises; the same bytes at each try."""
    data: dict[str, Any] = {
        "id": note.id,
        "title": note.title,
        "text": note.text,
        "link": note.link or None,
        "team": note.team or None,
        "urgent": note.urgent,
    }
    content = {"type": note.kind, "timestamp": note.at.isoformat(), "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
