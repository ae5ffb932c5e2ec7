"""What the documents say of the code is what the code says."""

import re
from pathlib import Path

from config.ui.management.commands.slices import table

ROOT = Path(__file__).resolve().parents[2]


def test_architecture_holds_the_table_that_the_command_prints() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    held = text.split("<!-- slices -->\n")[1].split("<!-- end of slices -->")[0].strip()
    assert held == table(), "run: python manage.py slices, and put the table into docs/architecture.md"


def test_links_between_documents_lead_somewhere() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text())
        if not target.startswith("http") and not (document.parent / target).exists()
    ]
    assert broken == []
