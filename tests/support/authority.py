"""A real time-stamp authority (RFC 3161): an HTTP server around ``openssl ts -reply``, under a root of its own."""

import datetime
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


@dataclass
class Authority:
    """Where it answers, the root that certifies it (PEM), and how many stamps it gave."""

    folder: Path
    url: str = ""
    stamps: list[int] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The root certificate in PEM."""
        return (self.folder / "root.pem").read_text()

    def reply(self, query: bytes) -> bytes:
        """What openssl answers to a query."""
        (self.folder / "query.tsq").write_bytes(query)
        argv = ["openssl", "ts", "-reply", "-queryfile", "query.tsq", "-config", "ts.cnf", "-out", "reply.tsr"]
        subprocess.run(argv, cwd=self.folder, check=True, capture_output=True)
        self.stamps.append(len(query))
        return (self.folder / "reply.tsr").read_bytes()


def _certify(folder: Path) -> None:
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    end = begin + datetime.timedelta(days=30)
    keys = {name: rsa.generate_private_key(65537, 2048) for name in ("root", "signer")}
    names = {
        name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Time of tests, {name}")])
        for name in ("root", "signer")
    }
    for name, key in keys.items():
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["root"])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=name == "root", path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key()), critical=False
            )
            .add_extension(_usage(name), critical=True)
        )
        if name == "signer":
            stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(stamping, critical=True)
        certificate = builder.sign(keys["root"], hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(private)


def _usage(name: str) -> x509.KeyUsage:
    root = name == "root"
    return x509.KeyUsage(
        digital_signature=not root,
        content_commitment=not root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=root,
        crl_sign=root,
        encipher_only=False,
        decipher_only=False,
    )


@contextmanager
def running(folder: Path) -> Iterator[Authority]:
    """Serves until the block ends."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    _certify(folder)
    (folder / "ts.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            wanted = self.headers.get("Content-Type") == "application/timestamp-query"
            answer = authority.reply(content) if wanted else b""
            self.send_response(200 if wanted else 415)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/stamp"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
