"""docs/summer.md says what its rows give: every estimate and every value by labels, worked out without the jobs."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from audit.monitoring.domain import estimating, signs
from tests.summer import log, writing

PAGE = Path(__file__).resolve().parents[2] / "docs" / "summer.md"


def told() -> dict[str, list[str]]:
    """The rows of the page's table by week."""
    lines = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.startswith("| 2013")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


@pytest.mark.slow
def test_the_page_holds_what_the_rows_give(tmp_path):
    rows = log.rows(tmp_path)
    decided = (rows["score"] >= log.LEVEL).astype(float)
    first = rows["week"] < log.LEARNED_UNTIL.timestamp()
    learned = [part[first] for part in (rows["score"], decided, rows["label"], rows["week"])]
    known = ~np.isnan(learned[2])
    fitted = estimating.fit(*learned)
    usual = signs.usual(fitted, *(part[known] for part in (learned[0], learned[1], learned[3])))["accuracy"]
    page = told()

    assert len(page) == 22
    for week, cells in page.items():
        start = (date.fromisoformat(week) - date(1970, 1, 1)).days * 86400
        own = rows["week"] == start
        said = estimating.estimate(fitted, rows["score"][own], decided[own])["accuracy"]
        true = estimating.realised(rows["score"][own], decided[own], rows["label"][own])["accuracy"]
        assert (cells[0], cells[3]) == (f"{said.value:.3f}", f"{true:.3f}"), week
        assert (cells[6] == "yes") == signs.is_sign(said.value, usual), week
    signed = [week for week, cells in page.items() if cells[6] == "yes"]
    assert signed[0] == "2013-06-24"
    assert page["2013-06-24"][2] < page["2013-06-24"][5], "the estimate was known before the labels"
    fell = [week for week, cells in page.items() if float(cells[3]) < fitted.bounds["accuracy"].low]
    assert fell == ["2013-06-24"]


def test_weeks_are_listed_in_words():
    weeks = [{"week": "2013-06-24"}, {"week": "2013-07-08"}, {"week": "2013-07-22"}]

    assert writing._listed([]) == "no week"
    assert writing._listed(weeks[:1]) == "the week of 24 June"
    assert writing._listed(weeks) == "the weeks of 24 June, 8 July and 22 July"
