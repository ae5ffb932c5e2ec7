"""What it costs an auditor to check a bundle: ``verify.py`` in a bare interpreter, on a million entries of a model."""

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from bench.harness import Figure, bench

ROOT = Path(__file__).resolve().parent.parent
VERIFIER = ROOT / "audit" / "exports" / "verifier" / "verify.py"
ENTRIES, FEW, AT_ONCE, ROUNDS = 1_000_000, 50_000, 4096, 3
MODEL = "6f1c1d1e-7a3b-4c55-9d7e-0d5c3b1f2a10"
CHAIN, ORIGIN, ANNA, SALT = f"model:{MODEL}", "tollgate.example.org/bench", "Anna", b"s" * 16
SIGN = "personal:" + base64.urlsafe_b64encode(sha256(SALT + ANNA.encode()).digest()).decode().rstrip("=")
PEAK = "VmHWM:"  # Linux: the most memory of the program itself; getrusage also counts the process that started it
RUN = f"""
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(next(line for line in open("/proc/self/status") if line.startswith("{PEAK}")), file=sys.stderr)
"""


def line(number: int) -> bytes:
    """Entry ``number``: a decided request of the model; about 700 bytes."""
    return (
        f'{{"body":{{"action":"approvals.request.decided","actor_id":"01939c2e-7a3b-7c55-9d7e-{number % 40:012d}",'
        f'"actor_kind":"person","actor_name":"{SIGN}","address":"","at":"2013-07-08T09:{number // 60 % 60:02d}:'
        f'{number % 60:02d}.{number % 999_983:06d}+00:00","changes":{{"state":["open","approved"]}},"model":"{MODEL}",'
        f'"on_behalf_of":"","origin":"request {number:x}","reason":"It fits.","states":{{"request:{number}":'
        f'"{sha256(number.to_bytes(8, "big")).hexdigest()}"}},"subject_id":"{number}","subject_name":"late-arrival",'
        f'"subject_type":"request","team":null,"use_case":null}},"chains":{{"{CHAIN}":{number},'
        f'"subject:request:{number}":1}},"number":{number}}}'
    ).encode()


def bundle(folder: Path, count: int) -> Path:
    """An honest bundle of one model with ``count`` entries, as an unpacked folder without its files for people."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit.exports.domain.zipping import Gzip, gzip_lines
    from audit.exports.verifier.verify import Tree
    from audit.ledger.domain import index, merkle, note
    from audit.ledger.domain.canonical import canonical

    folder.mkdir()
    tree, head = Tree(), index.START
    with Gzip(folder / "entries.ndjson.gz") as entries, (folder / "leaves.bin").open("wb") as leaves:
        for first in range(1, count + 1, AT_ONCE):
            rows = [line(number) for number in range(first, min(first + AT_ONCE, count + 1))]
            hashes = [merkle.leaf_hash(row) for row in rows]
            for hashed in hashes:
                head = index.next_head(head, hashed)
            tree.leaves(hashes)
            leaves.write(b"".join(hashes))
            entries.write(b"\n".join([*rows, b""]))
    bucket, hashed, path = index.bucket_of(CHAIN), index.bucket_hash([(CHAIN, count, head.hex())]), []
    for level, empty in enumerate(index.EMPTY_LEVELS[: index.LEVELS]):
        path.append(empty.hex())
        hashed = merkle.node_hash(empty, hashed) if bucket >> level & 1 else merkle.node_hash(hashed, empty)
    key = Ed25519PrivateKey.generate()
    public, text = key.public_key().public_bytes_raw(), note.Checkpoint(ORIGIN, count, tree.root(), hashed).text()
    signed = text + "\n" + note.signature_line(ORIGIN, note.key_id(ORIGIN, public), key.sign(text.encode()))
    (folder / "checkpoint.txt").write_text(signed)
    known = {"vkey": note.vkey(ORIGIN, public), "since_size": 0, "until_size": None, "handover": "", "lost": False}
    (folder / "keys.json").write_bytes(canonical([known]))
    row = [CHAIN, count, head.hex()]
    (folder / "index.json").write_bytes(canonical({"bucket": bucket, "rows": [row], "path": path}))
    gzip_lines(folder / "proof.txt.gz", [])
    gzip_lines(folder / "others.txt.gz", [])
    opening = canonical({"commitment": SIGN, "salt": SALT.hex(), "value": ANNA})
    gzip_lines(folder / "personal.ndjson.gz", [opening + b"\n"])
    manifest = {
        "format": "tollgate-evidence-v1",
        "origin": ORIGIN,
        "size": count,
        "as_of": json.loads(line(count))["body"]["at"],
        "scope": {"kind": "model", "id": MODEL, "name": "late-arrival", "chain": CHAIN},
        "entries": count,
        "files": {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()},
    }
    (folder / "manifest.json").write_bytes(canonical(manifest))
    return folder


def verified(folder: Path) -> tuple[float, float]:
    """Seconds, and megabytes at the most, of one whole run of the verifier, which must find that all holds."""
    start = time.perf_counter()
    command = [sys.executable, "-I", "-c", RUN, str(VERIFIER), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    peak = next(row for row in done.stderr.splitlines() if row.startswith(PEAK))
    return seconds, int(peak.split()[1]) / 1000


def hashed_bare(folder: Path) -> float:
    """Lines a second of nothing but SHA-256 over the same lines, already unpacked."""
    from audit.exports.verifier.verify import ENTRIES, Folder, blocks

    seconds, count = 0.0, 0
    for block in blocks(Folder(folder), ENTRIES):
        rows = block.split(b"\n")[:-1]
        start = time.perf_counter()
        for row in rows:
            sha256(row).digest()
        seconds += time.perf_counter() - start
        count += len(rows)
    return count / seconds


@bench("audit.exports.verify")
def verifier() -> Iterator[Figure]:
    """Entries a second of the best of some runs; memory for twenty times as many entries."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as home:
        few, whole = bundle(Path(home) / "few", FEW), bundle(Path(home) / "whole", ENTRIES)
        runs = [verified(whole) for _ in range(ROUNDS)]
        rate = ENTRIES / min(seconds for seconds, _ in runs)
        yield Figure("audit.exports.verify", rate, "1/s", "the least", 150_000, ">= 1")
        bare = hashed_bare(whole)
        yield Figure("audit.exports.verify.hashing", rate, "1/s", "bare SHA-256 of the same lines", bare, ">= 0.1")
        less, more = verified(few)[1], max(memory for _, memory in runs)
        yield Figure("audit.exports.verify.memory", more, "MB", f"memory for {FEW:,} entries", less, "<= 1.2")
