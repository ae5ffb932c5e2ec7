"""``python -m bench [--only audit.ledger]``: run, print the table, write bench.json; exit 1 when a figure fails."""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

import bench
from bench.harness import heading, measure, show, write

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run what ``--only`` leaves."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only", default="", help="the start of the names to run, such as audit.ledger")
    only = parser.parse_args().only
    home = Path(os.environ.get("TOLLGATE_HOME") or ROOT / "var")
    for module in pkgutil.iter_modules(bench.__path__):
        if module.name.startswith("bench_"):
            importlib.import_module(f"bench.{module.name}")
    figures = []
    heading()
    for figure in measure(only):
        show(figure)
        figures.append(figure)
    if not figures:
        print(f"No benchmark's name starts with {only}.", file=sys.stderr)
        return 1
    write(figures, home / "bench.json")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
