"""Whole evidence bundles for tests, made by the slow log; and interpreters to run their verifier with."""

import base64
import gzip
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.exports.domain.zipping import write_zip
from tests.support import slow_log
from tests.support.slow_log import Index, Signer, canonical

VERIFIER = Path(__file__).resolve().parents[2] / "audit" / "exports" / "verifier" / "verify.py"
LATE, EARLY = "6f1c1d1e-7a3b-4c55-9d7e-0d5c3b1f2a10", "00a7b6a2-11f0-4d0a-8e57-5a4bb7d0c001"
TEAM, USE_CASE = "3d5f7c52-3e63-4d5e-9b3a-8d4b6a1e0002", "b1de5d4c-60cf-49a4-a0ef-2f8c2f4e0003"
LATE_CHAIN = f"model:{LATE}"
PEOPLE = {"Anna Sørensen": b"a" * 16, 'Bo \u2014 a "nickname"': b"b" * 16, "carl@example.org": b"c" * 16}
Files = dict[str, bytes]


def commitment(salt: bytes, value: str) -> str:
    return "personal:" + base64.urlsafe_b64encode(sha256(salt + value.encode()).digest()).decode().rstrip("=")


def body(number: int, chance: random.Random) -> dict[str, Any]:
    """What entry ``number`` says; each seventh is of the model "late-arrival", from the fourth on."""
    model = LATE if number % 7 == 4 else EARLY if chance.random() < 0.5 else None
    person = chance.choice(sorted(PEOPLE))
    tricky = 'He wrote: ",\\"chains\\":{\\"' + LATE_CHAIN + '\\":1},\\"number\\":9}\n and left \u00e9\u4e2d\U0001f600.'
    return {
        "action": "approvals.request.decided",
        "actor_id": f"01939c2e-0000-7000-8000-{number:012d}",
        "actor_kind": "person",
        "actor_name": commitment(PEOPLE[person], person),
        "address": "",
        "at": f"2013-07-08T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000+00:00",
        "changes": {
            "state": ["open", chance.choice(["approved", "refused"])],
            "note": ["", "x" * chance.randrange(300)],
        },
        "model": model,
        "on_behalf_of": "",
        "origin": f"request {number:x}",
        "reason": tricky if number % 5 == 0 else "It fits.",
        "states": {f"request:{number}": sha256(str(number).encode()).hexdigest()},
        "subject_id": f"r{number % 11}",
        "subject_name": "late-arrival",
        "subject_type": "request",
        "team": TEAM if number % 3 else None,
        "use_case": USE_CASE if number % 2 else None,
    }


class Ledger:
    """A sealed log of ``size`` entries."""

    def __init__(self, size: int, origin: str = "tollgate.example.org/ledger") -> None:
        self.origin, self.size = origin, size
        self.leaves: list[bytes] = []
        self.bodies: list[dict[str, Any]] = []
        self.chains: dict[str, list[int]] = {}
        self.positions: list[dict[str, int]] = []
        chance = random.Random(20131108)
        for number in range(1, size + 1):
            said = body(number, chance)
            keys = [f"subject:{said['subject_type']}:{said['subject_id']}"]
            keys += [f"{kind}:{said[kind]}" for kind in ("model", "use_case", "team") if said[kind]]
            for key in keys:
                self.chains.setdefault(key, []).append(number)
            self.positions.append({key: len(self.chains[key]) for key in keys})
            self.bodies.append(said)
            self.leaves.append(canonical({"body": said, "chains": self.positions[-1], "number": number}))
        self.hashes = [slow_log.leaf_hash(leaf) for leaf in self.leaves]
        self.index = Index({key: (len(numbers), self.head(key)) for key, numbers in self.chains.items()})

    def head(self, key: str) -> bytes:
        return slow_log.chain_head([self.hashes[number - 1] for number in self.chains[key]])

    def text(self) -> str:
        """The checkpoint's text."""
        return slow_log.checkpoint_text(self.origin, self.size, slow_log.root(self.leaves), self.index.root)


@cache
def ledger(size: int = 217) -> Ledger:
    """The ledger of that size: of 217 entries, 31 are of late-arrival."""
    return Ledger(size)


def cover(log: Ledger, shipped: set[int], alone: set[int]) -> list[tuple[int, int, bytes]]:
    """The cover by walking down the tree: a perfect subtree without what is shipped, or alone, is one hash."""
    parts: list[tuple[int, int, bytes]] = []

    def walk(start: int, end: int) -> None:
        inside = set(range(start + 1, end + 1))
        width = end - start
        if inside <= shipped:
            return
        perfect = width & (width - 1) == 0
        if perfect and not inside & shipped and (width == 1 or not inside & alone):
            parts.append((start, width.bit_length() - 1, slow_log.root(log.leaves[start:end])))
            return
        middle = start + slow_log.split(width)
        walk(start, middle)
        walk(middle, end)

    if log.size:
        walk(0, log.size)
    return parts


@dataclass
class Asked:
    """What a bundle is asked for; ``first`` and ``last`` are numbers, ``pruned`` numbers, ``erased`` names."""

    kind: str = "model"
    id: str | None = LATE
    name: str = "late-arrival"
    first: int | None = None
    last: int | None = None
    pruned: set[int] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    @property
    def chain(self) -> str | None:
        return None if self.kind == "all" else f"{self.kind}:{self.id}"


ALL = Asked(kind="all", id=None, name="")


def packed(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0)


def unpacked(data: bytes) -> list[bytes]:
    return gzip.decompress(data).split(b"\n")[:-1]


def keys_of(
    *signers: Signer, sizes: tuple[int, ...] = (), lost: bool = False, origin: str = ""
) -> list[dict[str, Any]]:
    """keys.json of keys that followed one another at these sizes; each hand-over is signed by both."""
    rows = []
    for at, signer in enumerate(signers):
        since = sizes[at - 1] if at else 0
        handover = ""
        if at:
            text = f"tollgate-handover-v1\n{origin or signer.name}\n{since}\n{signer.vkey}\n"
            handover = text + "\n" + ("" if lost else signers[at - 1].line(text)) + signer.line(text)
        until = sizes[at] if at < len(sizes) else None
        row = {"vkey": signer.vkey, "since_size": since, "until_size": until, "handover": handover}
        rows.append({**row, "lost": bool(at and lost)})
    return rows


def bundle(log: Ledger, asked: Asked, signer: Signer | None = None, keys: list[dict[str, Any]] | None = None) -> Files:
    """The files of a bundle, with their manifest."""
    signer = signer or Signer()
    mine = list(range(1, log.size + 1)) if asked.chain is None else log.chains.get(asked.chain, [])
    inside = {n for n in mine if (asked.first or 1) <= n <= (asked.last or log.size)}
    shipped = sorted(inside - asked.pruned)
    others = [n for n in mine if n not in shipped and (asked.chain is not None or n in asked.pruned)]
    files: Files = {
        "checkpoint.txt": signer.note(log.text()).encode(),
        "keys.json": canonical(keys or keys_of(signer)),
        "entries.ndjson.gz": packed([log.leaves[n - 1] for n in shipped]),
        "leaves.bin": b"".join(log.hashes[n - 1] for n in shipped),
        "index.json": canonical(log.index.proof(asked.chain) if asked.chain else {}),
        "report.pdf": b"%PDF-1.7 not for this test",
        "documents/model card.md": "# late-arrival \u2014 card\n".encode(),
        "verify.py": VERIFIER.read_bytes(),
    }
    parts = cover(log, set(shipped), set(others))
    files["proof.txt.gz"] = packed([f"{start} {level} {hashed.hex()}".encode() for start, level, hashed in parts])
    rows = []
    for n in others:
        place = log.positions[n - 1][asked.chain] if asked.chain else 0
        rows.append(f"{n} {place} {log.hashes[n - 1].hex()} {'pruned' if n in inside else 'period'}".encode())
    files["others.txt.gz"] = packed(rows)
    known = {commitment(PEOPLE[name], name): name for name in sorted(PEOPLE) if name not in asked.erased}
    used = {sign for sign in known if any(sign.encode() in log.leaves[n - 1] for n in shipped)}
    openings = [{"commitment": s, "salt": PEOPLE[known[s]].hex(), "value": known[s]} for s in sorted(used)]
    files["personal.ndjson.gz"] = packed([canonical(row) for row in openings])
    period = asked.first is not None or asked.last is not None
    said = {
        "format": "tollgate-evidence-v1",
        "origin": log.origin,
        "size": log.size,
        "as_of": log.bodies[-1]["at"] if log.size else "",
        "scope": {"kind": asked.kind, "id": asked.id, "name": asked.name, "chain": asked.chain},
        "first": min(inside, default=None) if period else None,
        "last": max(inside, default=None) if period else None,
        "since": "2013-07-08" if period else None,
        "until": "2013-07-08" if period else None,
        "entries": len(shipped),
    }
    return with_manifest(files, said)


def manifest(files: Files) -> dict[str, Any]:
    return json.loads(files["manifest.json"])


def with_manifest(files: Files, said: dict[str, Any] | None = None, **changes: Any) -> Files:
    """The files with a manifest that fits them: what somebody with the bundle, but without the key, can write."""
    files = dict(files)
    said = {**(said or manifest(files)), **changes}
    files.pop("manifest.json", None)
    said["files"] = {name: sha256(data).hexdigest() for name, data in sorted(files.items())}
    return {"manifest.json": canonical(said), **files}


def unpack(files: Files, folder: Path) -> Path:
    """The files in a folder."""
    for name, data in files.items():
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_bytes(data)
    return folder


def pack(files: Files, folder: Path) -> Path:
    """The files as the ZIP that Tollgate writes, beside ``folder``."""
    target = folder.with_suffix(".zip")
    unpack(files, folder)
    write_zip(target, {name: folder / name for name in files})
    return target


@cache
def interpreters() -> dict[str, str]:
    """Version ("3.8") to path of every Python that is found and can run the verifier; the running one at least."""
    names = [f"python3.{minor}" for minor in range(8, 16)]
    found = [path for name in names if (path := shutil.which(name))]
    found += [str(path) for path in sorted(Path("~/.pyenv/versions").expanduser().glob("*/bin/python3"))]
    usable = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for path in found:
        asked = subprocess.run(
            [path, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and version.startswith("3.") and int(version[2:]) >= 8:
            usable.setdefault(version, path)
    return dict(sorted(usable.items(), key=lambda item: int(item[0][2:])))


def verify_everywhere(*arguments: object, program: Path = VERIFIER, pythons: Iterable[str] = ()) -> tuple[int, str]:
    """Exit code and what was printed under every interpreter, which must all say the same and print no traceback."""
    runs = []
    for python in pythons or interpreters().values():
        line = [python, "-I", "-X", "utf8", str(program), *map(str, arguments)]
        runs.append(subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"))
    said = []
    for run in runs:
        out, errors = run.communicate(timeout=120)
        assert errors == "", errors
        said.append((run.returncode, out))
    assert len(set(said)) == 1, said
    return said[0]


def verify(*arguments: object, program: Path = VERIFIER) -> tuple[int, str]:
    """The same under the running interpreter alone."""
    return verify_everywhere(*arguments, program=program, pythons=[sys.executable])
