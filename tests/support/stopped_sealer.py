"""A sealer as a process of its own: ``python -m tests.support.stopped_sealer stop``, or ``go SIZE``.

``stop`` says "signing" when everything is written and the checkpoint is about to be signed, and waits there to be
killed. ``go`` seals again and again until the log has SIZE entries, and says how many of them it has sealed itself.
"""

import sys
import time

import django


def stop() -> None:
    """Seals up to the signature."""
    from audit.ledger import sealing, signing

    def wait(self: signing.Signer, text: str) -> str:
        print("signing", flush=True)
        time.sleep(600)
        raise SystemExit("nobody came")

    signing.Signer.note = wait  # type: ignore[method-assign]
    sealing.seal()


def go(size: int) -> None:
    """Seals whatever is there, in small pieces, until there are ``size`` entries or half a minute is over."""
    from audit.ledger import sealing
    from audit.ledger.models import Head

    count, until = 0, time.monotonic() + 30
    print("ready", flush=True)
    while time.monotonic() < until and Head.objects.get().size < size:
        count += sealing.seal_some(limit=7).count
    print(count, flush=True)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "stop":
        stop()
    else:
        go(int(sys.argv[2]))
