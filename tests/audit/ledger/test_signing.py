"""The installation's key signs a chain that holds, and anyone with the public key can check it."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.ledger import selectors, services, signing
from tests.support.cast import Cast


def test_key_is_made_once_and_only_its_owner_reads_it(settings, tmp_path: Path) -> None:
    settings.TOLLGATE_HOME = tmp_path
    signing.make()
    first = signing.path().read_bytes()
    signing.make()
    assert signing.path().read_bytes() == first
    assert stat.S_IMODE(signing.path().stat().st_mode) == 0o600


def test_verified_chain_is_signed_and_another_head_does_not_fit(cast: Cast) -> None:
    found = services.verify(actor=cast.actor("auditor"))
    public, signature = Ed25519PublicKey.from_public_bytes(signing.public_key()), base64.b64decode(found.signature)
    public.verify(signature, f"{found.number}\n{found.digest}\n".encode())
    assert (found.key, found.number) == (signing.key_id(), selectors.head().number - 1)
    with pytest.raises(InvalidSignature):
        public.verify(signature, signing.head_text(found.number + 1, found.digest))
