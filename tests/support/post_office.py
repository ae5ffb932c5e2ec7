"""A real SMTP server that takes e-mails, or refuses them in the way that a test asks for."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest

DROP = "drop"


@dataclass
class PostOffice:
    """``script`` says how the next letters are answered: a line such as "550 No such person" at their recipient,
    "DATA 451 Later" at their content, or ``DROP`` (it is taken, and the receipt gets lost); then all are taken.
    """

    port: int = 0
    script: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)

    def take(self, content: bytes) -> None:
        """Keeps a letter."""
        found = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)

    def texts(self) -> list[str]:
        """The texts of the letters."""
        return [str(one.get_content()) for one in self.taken]


def _handler(office: PostOffice) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 tests")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].upper()
                if word == "QUIT":
                    return self.say("221 Bye")
                if word == "DATA":
                    if self.data():
                        return None
                elif word == "RCPT" and office.script and office.script[0][:3].isdigit():
                    self.say(office.script.pop(0))
                else:
                    self.say("250 OK")
            return None

        def data(self) -> bool:
            """Whether the line is dropped."""
            self.say("354 Go on")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            said = office.script.pop(0) if office.script else "DATA 250 Taken"
            if said == DROP:
                office.take(b"".join(lines))
                return True
            if said.startswith("DATA 2"):
                office.take(b"".join(lines))
            self.say(said.removeprefix("DATA "))
            return False

    return Handler


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    """Serves on a port of its own, and e-mails go there."""
    from config.env import mail

    found = PostOffice()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    found.port = server.server_address[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAIL = mail(f"smtp+plain://127.0.0.1:{found.port}")
    settings.EMAIL_HOST, settings.EMAIL_PORT = settings.MAIL.host, settings.MAIL.port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
