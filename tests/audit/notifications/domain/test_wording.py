"""What is sent says all of it, and nothing in it can become something else on the way."""

import json
from datetime import UTC, datetime

from audit.notifications.domain import wording
from audit.notifications.domain.wording import Note

NOTE = Note(
    id="1",
    at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
    kind="alert",
    kind_title="Alerts",
    title="AUC < 0.6 & falling",
    text="late-arrival fell.\nSee <why>.",
    link="https://tollgate.example/alerts/1/",
    team="Flight operations",
    urgent=True,
)


def test_line_breaks_and_control_characters_leave_the_title() -> None:
    assert wording.one_line("a\r\nBcc: x@example.org\x00\u2028 b") == "a Bcc: x@example.org b"


def test_letter_has_title_text_link_and_the_way_to_choose() -> None:
    assert wording.subject(NOTE) == "Urgent: AUC < 0.6 & falling"
    assert wording.letter(NOTE, "https://tollgate.example/s/") == (
        "AUC < 0.6 & falling\n\nlate-arrival fell.\nSee <why>.\n\nhttps://tollgate.example/alerts/1/\n\n"
        "-- \nYou choose what Tollgate tells you, and when: https://tollgate.example/s/\n"
    )


def test_digest_numbers_its_messages() -> None:
    assert wording.digest_subject(1, "4 March 2026") == "1 message from Tollgate, 4 March 2026"
    assert wording.digest([NOTE, NOTE], "https://tollgate.example/s/").splitlines()[:6] == [
        "1. Alerts: AUC < 0.6 & falling",
        "   late-arrival fell.",
        "   See <why>.",
        "   https://tollgate.example/alerts/1/",
        "",
        "2. Alerts: AUC < 0.6 & falling",
    ]


def test_chat_cannot_be_made_to_call_anyone() -> None:
    text = json.loads(wording.chat(NOTE))
    assert text == {
        "text": "AUC &lt; 0.6 &amp; falling\nlate-arrival fell.\nSee &lt;why&gt;.\nhttps://tollgate.example/alerts/1/"
    }


def test_webhook_says_type_time_and_data() -> None:
    assert json.loads(wording.webhook(NOTE)) == {
        "type": "alert",
        "timestamp": "2026-03-04T05:06:00+00:00",
        "data": {
            "id": "1",
            "title": "AUC < 0.6 & falling",
            "text": "late-arrival fell.\nSee <why>.",
            "link": "https://tollgate.example/alerts/1/",
            "team": "Flight operations",
            "urgent": True,
        },
    }
