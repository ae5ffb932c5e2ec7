"""A time-stamp authority (RFC 3161): it signs that the newest checkpoint was there at a time, and keeps nothing."""

import base64
import binascii
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import httpx
from django import forms

from audit.assurance.witnesses.address import AddressField, trusted
from audit.assurance.witnesses.contract import Answer, Delivery, Held, Ours, Secrets, Settings, Unreachable
from audit.sources.contract import Check

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse, Verifier, VerifierBuilder

SECONDS = 20.0
LARGEST = 256 * 1024
TRIED = b"Tollgate tries whether this time-stamp authority answers."


def certificates(pem: str) -> "list[Certificate]":
    """The certificates in a PEM text.

    Raises:
        ValueError: there is none, or one cannot be read.
    """
    from cryptography.x509 import load_pem_x509_certificates

    return load_pem_x509_certificates(pem.encode())


def _stamps(certificate: "Certificate") -> bool:
    """Whether it is that of an authority itself (RFC 3161, section 2.3)."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except (ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage


class TimestampForm(forms.Form):
    """Where the authority is, whom it must be certified by, how often."""

    url = AddressField(label="Address")
    certificates = forms.CharField(
        label="Certificates",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="PEM: the root that certifies the authority, and those that it does not send along",
    )
    every_minutes = forms.IntegerField(label="At most every … minutes", min_value=1, max_value=7 * 24 * 60, initial=60)

    def clean_certificates(self) -> str:
        """Certificates, one of them a root."""
        text = str(self.cleaned_data["certificates"]).strip() + "\n"
        try:
            found = certificates(text)
        except ValueError:
            raise forms.ValidationError("This is not a list of certificates in PEM.") from None
        if not any(one.issuer == one.subject for one in found):
            raise forms.ValidationError("None of these certificates is a root.")
        return text


class Timestamp:
    """A time-stamp authority at ``url``."""

    kind: ClassVar[str] = "timestamp"
    title: ClassVar[str] = "Time-stamp authority"
    description: ClassVar[str] = "A signed statement that the newest checkpoint was there at a time (RFC 3161)"
    form: ClassVar[type[forms.Form]] = TimestampForm
    secret: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.url = str(settings["url"])
        self.minutes = int(settings["every_minutes"])
        self.pem = str(settings["certificates"])

    @cached_property
    def _known(self) -> "list[Certificate]":
        return certificates(self.pem)

    @cached_property
    def _own(self) -> "Certificate | None":
        """The authority's own certificate, when the settings hold it: then it need not send any."""
        return next((one for one in self._known if _stamps(one)), None)

    def pause(self) -> int:
        """Only the newest checkpoint goes, now and then."""
        return self.minutes * 60

    def deliver(self, delivery: Delivery) -> Answer:
        """A token over SHA-256 of the signed checkpoint, checked before it is kept."""
        answer = self._stamp(delivery.text.encode())
        stated = answer.tst_info.gen_time
        return Answer(
            base64.b64encode(answer.as_bytes()).decode(), stated if stated.tzinfo else stated.replace(tzinfo=UTC)
        )

    def newest(self, ours: Ours) -> Held | None:
        """The last checkpoint that got a token: the token is with us, and only the authority can make one."""
        return Held(ours.delivered) if ours.delivered else None

    def confirms(self, text: str, answer: str) -> bool:
        """Whether the token is for this checkpoint."""
        return bool(self.proves(text, answer))

    def proves(self, text: str, answer: str) -> bool | None:
        """Whether the token in ``answer`` (a whole response in base64) is for this checkpoint."""
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

        try:
            token = decode_timestamp_response(base64.b64decode(answer, validate=True))
            return self._verifier(VerifierBuilder()).verify_message(token, text.encode())
        except (VerificationError, ValueError, binascii.Error):
            return False

    def test(self) -> list[Check]:
        """Whether the authority stamps, and is certified as the settings say. The token is thrown away."""
        try:
            stated = self._stamp(TRIED).tst_info.gen_time
        except Unreachable as error:
            return [Check(False, error.sentence)]
        return [Check(True, f"{self.url} stamps; its time is {stated:%d %B %Y %H:%M:%S} UTC.")]

    def _stamp(self, content: bytes) -> "TimeStampResponse":
        from rfc3161_client import (
            HashAlgorithm,
            TimestampRequestBuilder,
            VerificationError,
            VerifierBuilder,
            decode_timestamp_response,
        )

        builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=self._own is None).build()
        raw = self._ask(request)
        try:
            answer = decode_timestamp_response(raw)
            if answer.status not in {0, 1}:
                why = "; ".join(answer.status_string) or f"status {answer.status}"
                raise Unreachable(f"{self.url} does not stamp: {why}.")
            self._verifier(VerifierBuilder.from_request(request)).verify_message(answer, content)
        except (VerificationError, ValueError) as error:
            raise Unreachable(f"The answer of {self.url} does not hold: {error}.") from error
        return answer

    def _verifier(self, found: "VerifierBuilder") -> "Verifier":
        if self._own is not None:
            found = found.tsa_certificate(self._own)
        for one in self._known:
            if one.issuer == one.subject:
                found = found.add_root_certificate(one)
            elif one is not self._own:
                found = found.add_intermediate_certificate(one)
        return found.build()

    def _ask(self, request: "TimeStampRequest") -> bytes:
        try:
            answer = httpx.post(
                self.url,
                content=request.as_bytes(),
                headers={"Content-Type": "application/timestamp-query"},
                timeout=SECONDS,
                verify=trusted(),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}.") from error
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise Unreachable(f"{self.url} answers {answer.status_code}, and no time stamp.")
        return answer.content
