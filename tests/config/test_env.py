"""What the environment says is typed, and a wrong value stops the start with its name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Mail, mail


def test_mail_server_is_read_from_its_address() -> None:
    assert mail("") is None
    assert mail("smtps://me%40example.org:a%2Fb@mail.example.org") == Mail(
        "mail.example.org", 465, "me@example.org", "a/b", tls=True, starttls=False
    )
    assert mail("smtp://mail.example.org") == Mail("mail.example.org", 587, "", "", tls=False, starttls=True)
    assert mail("smtp+plain://localhost:2525") == Mail("localhost", 2525, "", "", tls=False, starttls=False)


@pytest.mark.parametrize("wrong", ["mail.example.org", "https://mail.example.org", "smtp://"])
def test_other_addresses_stop_the_start(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mail(wrong)
