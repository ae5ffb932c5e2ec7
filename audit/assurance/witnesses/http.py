"""A witness over HTTP (C2SP tlog-witness): it checks that each checkpoint continues the last one, and cosigns it."""

import base64
from datetime import UTC, datetime
from functools import cached_property
from typing import ClassVar

import httpx
from django import forms

from audit.assurance.domain import cosignature
from audit.assurance.witnesses.address import AddressField, trusted
from audit.assurance.witnesses.contract import (
    Ahead,
    Answer,
    Contradiction,
    Delivery,
    Held,
    Ours,
    Secrets,
    Settings,
    Unreachable,
)
from audit.ledger.domain import note
from audit.sources.contract import Check

SECONDS = 10.0
LARGEST = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"
SAID = {
    401: "it wants another token",
    403: "it does not trust the key that signs this log: give its operator the verifier key",
    404: "it does not know this log, or the address is wrong: give its operator the name and the verifier key",
}


class HttpForm(forms.Form):
    """Where the witness is, and by which key it is known."""

    url = AddressField(label="Submission prefix", help_text="Without “/add-checkpoint”")
    vkey = forms.CharField(
        label="Verifier key",
        max_length=300,
        required=False,
        help_text="name+id+key. Without it cosignatures are kept, but not checked",
    )
    token = forms.CharField(
        label="Bearer token", max_length=500, required=False, widget=forms.PasswordInput(render_value=False)
    )

    def clean_vkey(self) -> str:
        """A key of a witness, or nothing."""
        text = str(self.cleaned_data["vkey"]).strip()
        try:
            if text:
                cosignature.verifier(text)
        except note.NoteError as error:
            raise forms.ValidationError(str(error)) from None
        return text


class Http:
    """A witness at ``url``."""

    kind: ClassVar[str] = "http"
    title: ClassVar[str] = "Witness over HTTP"
    description: ClassVar[str] = "A program of other people that cosigns each checkpoint once it continues the last one"
    form: ClassVar[type[forms.Form]] = HttpForm
    secret: ClassVar[tuple[str, ...]] = ("token",)

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.url = f"{str(settings['url']).rstrip('/')}/add-checkpoint"
        self.verifier = cosignature.verifier(str(settings["vkey"])) if settings.get("vkey") else None
        self.headers = {"Authorization": f"Bearer {secrets['token']}"} if secrets.get("token") else {}

    @cached_property
    def client(self) -> httpx.Client:
        """One connection for all that is delivered in one go."""
        return httpx.Client(timeout=SECONDS, headers=self.headers, follow_redirects=False, verify=trusted())

    def pause(self) -> int:
        """Each checkpoint goes."""
        return 0

    def deliver(self, delivery: Delivery) -> Answer:
        """Asks for a cosignature; where the witness is at another size than we think, once more from there."""
        size, old = delivery.checkpoint.size, delivery.since
        for _ in range(3):
            answer = self._add(old, delivery.prove(old) if 0 < old < size else [], delivery.text)
            if answer.status_code == 200:
                return self._cosigned(delivery.text, answer.text)
            if answer.status_code == 422:
                raise Contradiction("It says that this checkpoint does not continue the one that it has.")
            there = _size(answer)
            if there is not None and there > size:
                raise Ahead(there)
            if answer.status_code == 409 and old == size:
                raise Contradiction(f"It has another checkpoint of size {size:,}.")
            if there is None:
                raise self._refused(answer)
            old = there
        raise Unreachable(f"{self.url} tells another size each time that it is asked.")

    def newest(self, ours: Ours) -> Held | None:
        """The size that the witness is at. It is told to whoever brings a checkpoint with the old size 0."""
        if not ours.text:
            return None
        answer = self._add(0, [], ours.text)
        if answer.status_code == 200:  # it had nothing of this log, and now it has the first that it was to get
            return Held(note.checkpoint_of(ours.text).size, ours.text)
        there = _size(answer)
        if there is None:
            raise self._refused(answer)
        return Held(there)

    def confirms(self, text: str, answer: str) -> bool:
        """Whether the witness cosigns this very checkpoint again, as it must when it is the newest that it has."""
        size = note.checkpoint_of(text).size
        found = self._add(size, [], text)
        if found.status_code == 409:
            if _size(found) not in {None, size}:
                raise Unreachable(f"{self.url} took another checkpoint just now; it is asked again.")
            return False
        if found.status_code != 200:
            raise self._refused(found)
        self._cosigned(text, found.text)
        return True

    def proves(self, text: str, answer: str) -> bool | None:
        """Whether the cosignature holds over this checkpoint; not known without the verifier key."""
        if self.verifier is None:
            return None
        try:
            found = _signatures(text, answer)
        except Unreachable:
            return False
        return cosignature.cosigned_at(note.parse(text)[0], found, self.verifier) is not None

    def test(self) -> list[Check]:
        """Whether something answers there; it learns nothing of our log."""
        try:
            answer = self._add(0, [], "")
        except Unreachable as error:
            return [Check(False, error.sentence)]
        if answer.status_code not in {400, 403, 404, 422}:
            return [Check(False, f"{self.url} answers {answer.status_code}, as no witness does to an empty one.")]
        checks = [Check(True, f"{self.url} answers. Whether it knows this log shows with the next delivery.")]
        if self.verifier is None:
            checks.append(Check(False, "Its cosignatures cannot be checked without its verifier key."))
        else:
            checks.append(Check(True, f"Cosignatures are checked against the key of {self.verifier.name}."))
        return checks

    def _add(self, old: int, proof: list[bytes], text: str) -> httpx.Response:
        lines = [f"old {old}", *(base64.b64encode(step).decode() for step in proof)]
        body = "\n".join(lines) + "\n\n" + text
        try:
            answer = self.client.post(self.url, content=body.encode())
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}.") from error
        if len(answer.content) > LARGEST:
            raise Unreachable(f"{self.url} answers with more than {LARGEST:,} bytes.")
        return answer

    def _cosigned(self, text: str, lines: str) -> Answer:
        found = _signatures(text, lines)
        if self.verifier is None:
            return Answer(lines)
        at = cosignature.cosigned_at(note.parse(text)[0], found, self.verifier)
        if at is None:
            raise Unreachable(f"The answer holds no cosignature of {self.verifier.name} that is valid.")
        return Answer(lines, _moment(at))

    def _refused(self, answer: httpx.Response) -> Unreachable:
        why = SAID.get(answer.status_code, answer.text[:200].strip() or "it says nothing more")
        return Unreachable(f"{self.url} answers {answer.status_code}: {why}.")


def _size(answer: httpx.Response) -> int | None:
    """The size in a 409 of the kind that tells it."""
    kind, text = answer.headers.get("Content-Type", "").split(";")[0].strip(), answer.text.strip()
    if answer.status_code != 409 or kind != SIZE_TYPE or not text.isdecimal() or len(text) > 18:
        return None
    return int(text)


def _signatures(text: str, lines: str) -> list[note.Signature]:
    """The signatures in the answer.

    Raises:
        Unreachable: it is not made of signature lines.
    """
    try:
        return note.parse(f"{note.parse(text)[0]}\n{lines}")[1]
    except note.NoteError as error:
        raise Unreachable(f"The answer is no cosignature: {error}") from error


def _moment(at: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError):
        return None
