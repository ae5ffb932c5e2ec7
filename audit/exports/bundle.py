"""A bundle is one ZIP: the part that proves itself, the part for people, and the program that checks the one.

What goes in depends on the scope, the log's size, and the records as they were known then: on no clock, no zone, no
machine and no viewer. So the same scope at the same size is the same file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.base.actors import Actor
from audit.exports import bom, card, compose, documents, evidence, page, typeset
from audit.exports.domain import regimes, zipping
from audit.exports.domain.regimes import Document
from audit.exports.domain.scope import Scope
from audit.exports.models import Export
from audit.ledger.domain import note
from audit.ledger.domain.canonical import canonical, moment
from audit.ledger.models import Key, Leaf

FORMAT = "tollgate-evidence-v1"
VERIFIER = Path(__file__).parent / "verifier" / "verify.py"
READER = Actor.service("export")
README = """Evidence from Tollgate

Open index.html in a browser, or report.pdf, to read what happened.
Run   python3 verify.py   in this folder (Python 3.8 or newer, no network, nothing to install) to check that every
entry is what was sealed, and that none is missing. verify.py says in sentences what it checked.

Do not take our word for verify.py either: it is one file, it can be read, and formats that it reads are public:
RFC 8785 (canonical JSON), RFC 6962 (Merkle tree), C2SP signed notes and checkpoints, RFC 8032 (Ed25519).
"""


@dataclass(frozen=True, slots=True)
class Built:
    """The ZIP, and how many entries it ships."""

    path: Path
    entries: int


def write(folder: Path, *, export: Export, scope: Scope, progress: Callable[[int, int, str], None]) -> Built:
    """Writes the bundle into ``folder``, which is empty.

    Raises:
        RuntimeError: an entry is not what was sealed, or one is missing.
    """
    members = folder / "members"
    members.mkdir()
    digest = compose.new_digest()
    written = evidence.write(
        members,
        scope=scope,
        size=export.size,
        first=export.first,
        last=export.last,
        told=digest.add,
        progress=lambda done, total: progress(done, total, "entries written"),
    )
    _hold_count(export, scope, len(written.shipped) + len(written.others))
    as_of = as_of_size(export.size)
    _put(members, "checkpoint.txt", export.checkpoint)
    _put(members, "keys.json", canonical(_keys(export.size)))
    _put(members, "index.json", canonical(export.index))
    _put(members, "verify.py", VERIFIER.read_bytes())
    _put(members, "README.txt", README)
    _for_people(members, export=export, scope=scope, as_of=as_of, digest=digest)
    names = sorted(path.relative_to(members).as_posix() for path in members.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "origin": note.checkpoint_of(export.checkpoint).origin,
        "size": export.size,
        "as_of": moment(as_of),
        "scope": {
            "kind": scope.kind,
            "id": str(scope.id) if scope.id else None,
            "name": scope.name,
            "chain": scope.chain,
        },
        "since": scope.since.isoformat() if scope.since else None,
        "until": scope.until.isoformat() if scope.until else None,
        "first": export.first,
        "last": export.last,
        "entries": len(written.shipped),
        "files": {name: _sum(members / name) for name in names},
    }
    _put(members, "manifest.json", canonical(manifest))
    target = folder / "bundle.zip"
    zipping.write_zip(target, {name: members / name for name in [*names, "manifest.json"]})
    return Built(target, len(written.shipped))


def as_of_size(size: int) -> datetime:
    """The moment of the log's entry ``size``: what was known then is what a bundle tells."""
    return Leaf.objects.select_related("entry").get(number=size).entry.at


def _for_people(members: Path, *, export: Export, scope: Scope, as_of: datetime, digest: Any) -> None:
    checkpoint = note.checkpoint_of(export.checkpoint)
    kept = documents.of(scope=scope, as_of=as_of)
    for document in kept:
        _put(members, f"documents/{document.name}", document.content)
    cards = card.cards(scope=scope, viewer=READER, as_of=as_of)
    for name, text in cards.items():
        _put(members, name, text)
    bill = bom.render(scope=scope, viewer=READER, as_of=as_of, origin=checkpoint.origin, size=export.size)
    _put(members, "bom.cdx.json", bill)
    signatures = note.parse(export.checkpoint)[1]
    log = compose.Log(checkpoint.origin, export.size, checkpoint.root.hex(), signatures[0].key_id.hex())
    files = [Document(f"documents/{document.name}", document.kind) for document in kept]
    files += [Document(name, "model-card") for name in cards] + [Document("bom.cdx.json", "ml-bom")]
    composed = compose.compose(scope=scope, viewer=READER, as_of=as_of, digest=digest, log=log, documents=files)
    for result in composed.results:
        _put(members, f"regimes/{result.regime.id}.json", canonical(regimes.as_json(result)))
    _put(members, "index.html", page.render(composed.report))
    _put(members, "report.pdf", typeset.render(composed.report))


def _hold_count(export: Export, scope: Scope, found: int) -> None:
    """The log itself says how many entries the scope has: a bundle that would not verify is not made."""
    stated = export.size
    if scope.chain:
        stated = next(count for key, count, _ in export.index["rows"] if key == scope.chain)
    elif export.first is not None and export.last is not None:
        stated = export.last - export.first + 1
    if found != stated:
        raise RuntimeError(f"The log states {stated:,} entries on {scope.words}; {found:,} are there. Verify the log.")


def _keys(size: int) -> list[dict[str, Any]]:
    """The keys that signed up to ``size``; what came later is not part of the bundle."""
    rows = Key.objects.filter(since_size__lte=size).order_by("at")
    return [
        {
            "vkey": row.vkey,
            "since_size": row.since_size,
            "until_size": row.until_size if row.until_size is not None and row.until_size <= size else None,
            "handover": row.handover,
            "lost": row.lost,
        }
        for row in rows
        if row.since_size < size or not row.handover
    ]


def _put(members: Path, name: str, content: str | bytes) -> None:
    target = members / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)


def _sum(path: Path) -> str:
    hasher = sha256()
    with path.open("rb") as file:
        while piece := file.read(zipping.PIECE):
            hasher.update(piece)
    return hasher.hexdigest()
