"""E-mail by Django's means: an SMTP server that the settings name, or files in the home while none is named."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from audit.base.outgoing import reason
from audit.notifications.places.contract import Undelivered

PERMANENT = 500


def has_server() -> bool:
    """Whether e-mails leave this machine."""
    return settings.MAIL is not None


def send(*, ident: str, to: str, subject: str, text: str) -> str:
    """Sends one e-mail under the id ``ident``, which is the same at each try; says in a sentence that it went.

    Raises:
        Undelivered: the server did not take it.
    """
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    headers = {"Message-ID": f"<{ident}@{host}>", "Auto-Submitted": "auto-generated"}
    message = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    try:
        get_connection().send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients.get(to, (0, b""))
        raise _refused(code, said) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered("The mail server does not let us sign in.", place=True) from error
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPSenderRefused) as error:
        raise Undelivered(f"{_said(error.smtp_code, error.smtp_error)}.", place=True) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(f"The mail server cannot be reached: {reason(error)}.", place=True) from error
    if not has_server():
        return f"Written to {settings.EMAIL_FILE_PATH}: no mail server is set."
    return "The mail server took it."


def _refused(code: int, said: bytes | str) -> Undelivered:
    """A refusal in the words of the server: 5xx is for good, anything else may pass (RFC 5321, section 4.2.1)."""
    return Undelivered(f"{_said(code, said)}.", final=code >= PERMANENT)


def _said(code: int, said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"The mail server answers {code}: {' '.join(words.split())[:300].rstrip('.')}"
