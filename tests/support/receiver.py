"""A real HTTPS server that takes events, or fails in the way that a test asks for; under an authority of its own."""

import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
DROP, HANG = "drop", "hang"


@dataclass(frozen=True)
class Request:
    """What came: headers in small letters, and the body as it was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        found: list[dict[str, Any]] = json.loads(self.body)
        return found

    @property
    def numbers(self) -> list[int]:
        """The numbers of its entries."""
        return [event["metadata"]["sequence"] for event in self.events]


@dataclass
class Receiver:
    """``script`` says how the next requests are answered: a status, ``DROP`` (it takes the events, and the receipt gets
    lost), ``HANG``, or a function; then 204. ``taken`` are the requests whose events it took.
    """

    url: str = ""
    authority: str = ""
    script: list[Any] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    retry_after: str = ""
    seconds: float = 2.0

    def answer(self, request: Request) -> int | str:
        """The status; what is taken is kept."""
        self.requests.append(request)
        said = self.script.pop(0) if self.script else 204
        if callable(said):
            said = said(request)
        if said == DROP or (isinstance(said, int) and 200 <= said < 300):
            self.taken.append(request)
        return said  # type: ignore[no-any-return]

    @property
    def numbers(self) -> list[int]:
        """The numbers of all events that it took, in the order in which they came."""
        return [number for request in self.taken for number in request.numbers]

    def known(self) -> list[int]:
        """The numbers in the order in which it first saw each: what a receiver that drops repeats has."""
        return list(dict.fromkeys(self.numbers))


def certify(folder: Path) -> None:
    """A certificate for this machine (server.pem, server.key), signed by a root (root.pem)."""
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    end = begin + datetime.timedelta(days=30)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "server")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"tests, {name}")]) for name in keys}
    for name, key in keys.items():
        root = name == "root"
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["root"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key()), critical=False
            )
        )
        if not root:
            here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(here), critical=False)
        certificate = builder.sign(keys["root"], hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(private)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answer(Request(self.path, headers, body))
            if status == HANG:
                time.sleep(receiver.seconds)
            if not isinstance(status, int):
                self.close_connection = True
                return
            self.send_response(status)
            if receiver.retry_after:
                self.send_header("Retry-After", receiver.retry_after)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """Serves https on a port of its own."""
    certify(tmp_path)
    found = Receiver(authority=(tmp_path / "root.pem").read_text())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    found.url = f"https://localhost:{server.server_port}/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
