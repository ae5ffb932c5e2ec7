"""A small witness (C2SP tlog-witness): it checks consistency itself, remembers what it saw on disk, and cosigns."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.assurance.domain import cosignature
from audit.ledger import signing
from audit.ledger.domain import merkle, note


@dataclass
class Witness:
    """What it trusts (origin -> verifier keys) and what it has seen (a file: origin -> [size, root in hex])."""

    folder: Path
    trusted: dict[str, list[str]]
    name: str = "witness.example/test"
    token: str = ""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    asked: list[int] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def vkey(self) -> str:
        """Its verifier key."""
        return cosignature.vkey(self.name, self.key.public_key().public_bytes_raw())

    def seen(self) -> dict[str, tuple[int, str]]:
        """Origin to size and root, as they lie on disk."""
        path = self.folder / "seen.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def add(self, body: str) -> tuple[int, str, str]:
        """Status, content type and body of the answer to a request with this body."""
        head, _, text = body.partition("\n\n")
        lines = head.split("\n")
        try:
            old = int(lines[0].removeprefix("old "))
            proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
            found = note.checkpoint_of(text)
        except (ValueError, note.NoteError):
            return 400, "text/plain", "This is not a request to add a checkpoint.\n"
        if found.origin not in self.trusted:
            return 404, "text/plain", "unknown log\n"
        try:
            signing.check(text, self.trusted[found.origin])
        except note.NoteError:
            return 403, "text/plain", "no trusted signature\n"
        if old > found.size:
            return 400, "text/plain", "old is larger\n"
        with self._lock:
            return self._add(old, proof, found, note.parse(text)[0])

    def _add(self, old: int, proof: list[bytes], found: note.Checkpoint, text: str) -> tuple[int, str, str]:
        everything = self.seen()
        size, root = everything.get(found.origin, (0, ""))
        if old != size:
            return 409, "text/x.tlog.size", f"{size}\n"
        if old == found.size and root != found.root.hex():
            return 409, "text/x.tlog.size", f"{size}\n"
        if 0 < old < found.size:
            try:
                merkle.check_consistency(old, found.size, proof, bytes.fromhex(root), found.root)
            except merkle.ProofError as error:
                return 422, "text/plain", f"{error}\n"
        everything[found.origin] = (found.size, found.root.hex())
        (self.folder / "seen.json").write_text(json.dumps(everything))
        self.asked.append(found.size)
        public = self.key.public_key().public_bytes_raw()
        return 200, "text/plain", cosignature.line(self.name, public, self.key.sign, text, int(time.time()))


@contextmanager
def running(witness: Witness, port: int = 0) -> Iterator[Witness]:
    """Serves until the block ends; ``witness.url`` is its submission prefix."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            if self.path != "/add-checkpoint":
                status, kind, text = 404, "text/plain", "no such address\n"
            elif witness.token and self.headers.get("Authorization") != f"Bearer {witness.token}":
                status, kind, text = 401, "text/plain", "who are you?\n"
            else:
                status, kind, text = witness.add(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    witness.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
