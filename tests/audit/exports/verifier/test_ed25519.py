"""Signatures that hold under RFC 8032 hold, all others do not: vectors of section 7.1, a peer's library, edge cases."""

from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.exports.verifier.verify import BASE, NEUTRAL, L, P, ed25519_holds, point_add, point_decode, point_encode

RFC_8032 = {  # public key, message, signature of section 7.1
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
}


@pytest.mark.parametrize("case", RFC_8032)
def test_vectors_of_the_rfc_hold(case: str) -> None:
    public, message, signature = (bytes.fromhex(text) for text in RFC_8032[case])
    assert ed25519_holds(public, message, signature)
    assert not ed25519_holds(public, message + b"\x00", signature)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_library_s_signature_holds_and_with_one_bit_changed_does_not(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert ed25519_holds(public, message, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not ed25519_holds(public, message, bytes(changed))


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_any_key_and_signature_are_judged_as_the_library_judges_them(public: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"message")
        theirs = True
    except (InvalidSignature, ValueError):
        theirs = False
    assert ed25519_holds(public, b"message", signature) is theirs


def test_signature_with_s_plus_the_order_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"m")
    s = int.from_bytes(signature[32:], "little")
    assert ed25519_holds(public, b"m", signature)
    assert not ed25519_holds(public, b"m", signature[:32] + (s + L).to_bytes(32, "little"))


def test_lengths_are_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"m")
    for wrong_key, wrong in (
        (public[:-1], signature),
        (public, signature[:-1]),
        (public, signature + b"\x00"),
        (b"", b""),
    ):
        assert not ed25519_holds(wrong_key, b"m", wrong)


def test_points_that_are_not_encoded_in_the_one_right_way_are_refused() -> None:
    one = (1).to_bytes(32, "little")
    assert point_decode(one) == NEUTRAL
    assert point_decode((P + 1).to_bytes(32, "little")) is None, "y is not below p"
    assert point_decode((1 | 1 << 255).to_bytes(32, "little")) is None, "x = 0 has no negative"
    assert point_decode((2).to_bytes(32, "little")) is None, "not on the curve"


def test_base_point_is_the_one_of_the_rfc() -> None:
    x = 15112221349535400772501151409588531511454012693041857206046113283949847762202
    y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
    assert BASE[:2] == (x, y)
    total = NEUTRAL
    for bit in bin(L)[2:]:
        total = point_add(total, total)
        total = point_add(total, BASE) if bit == "1" else total
    assert point_encode(total) == point_encode(NEUTRAL)


def test_key_of_small_order_is_refused() -> None:
    """Under the neutral point as a key, S = 0 and R = neutral would hold for each message."""
    neutral = point_encode(NEUTRAL)
    assert not ed25519_holds(neutral, b"anything", neutral + bytes(32))
    order_two = (P - 1).to_bytes(32, "little")
    for message in (b"a", b"b", b"c", b"d"):
        k = int.from_bytes(sha512(neutral + order_two + message).digest(), "little") % L
        assert not ed25519_holds(order_two, message, (neutral if k % 2 == 0 else order_two) + bytes(32))
