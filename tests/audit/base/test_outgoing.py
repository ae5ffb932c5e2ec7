"""Whoever may not look into the own network cannot make us do it for them."""

from datetime import timedelta

import pytest

from audit.base import outgoing
from audit.base.outgoing import Inside, Unreachable, checked, is_public, post, retry_after
from tests.support.receiver import HANG, Receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_addresses_of_the_own_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700:4700::1111", "::ffff:93.184.216.34"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f000001", "2130706433"])
def test_however_it_is_written_this_machine_is_inside(host: str) -> None:
    with pytest.raises(Inside, match="leads into the own network"):
        checked(host, 443)


def test_name_that_nobody_has_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        checked("no-such-host.invalid", 443)
    assert not isinstance(caught.value, Inside)


def test_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def public(host: str, port: int) -> str:
        asked.append(host)
        return "127.0.0.1"

    monkeypatch.setattr(outgoing, "checked", public)
    answer = post(receiver.url, body=b"{}", headers={"X-One": "1"}, inside=False, authority=receiver.authority)
    assert (answer.status, asked) == (204, ["localhost"]), "the certificate held for the name"
    assert receiver.requests[0].headers["host"] == receiver.url.split("/")[2]
    assert receiver.requests[0].headers["x-one"] == "1"


def test_receiver_inside_gets_nothing_from_who_may_not_reach_it(receiver: Receiver) -> None:
    with pytest.raises(Inside):
        post(receiver.url, body=b"{}", headers={}, inside=False, authority=receiver.authority)
    assert receiver.requests == []


def test_slow_or_untrusted_receiver_is_told_in_words(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    receiver.script = [HANG]
    with pytest.raises(Unreachable, match=r"does not answer within 0\.3 seconds"):
        post(receiver.url, body=b"{}", headers={}, inside=True, authority=receiver.authority)
    with pytest.raises(Unreachable, match="certificate verify failed"):
        post(receiver.url, body=b"{}", headers={}, inside=True)


def test_retry_after_is_read_in_seconds_and_bounded() -> None:
    assert retry_after("120") == timedelta(seconds=120)
    assert retry_after("99999999999") == timedelta(minutes=15)
    assert retry_after("Wed, 21 Oct 2026 07:28:00 GMT") is None
    assert retry_after("٣") is None
