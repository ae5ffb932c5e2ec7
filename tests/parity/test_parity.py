"""Ours beside the peers', on a small cut: `make parity` does it with all rows."""

import math

import pytest

from tests.parity import compare, cuts
from tests.parity.compare import Row
from tests.support.peers import Unavailable


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flights", "corners"])
def test_our_figures_equal_those_of_evidently_nannyml_and_fairlearn(name, tmp_path):
    made = {
        "flights": lambda: cuts.flights(tmp_path, rows=6_000),
        "corners": lambda: cuts.corners(tmp_path),
    }
    try:
        rows = compare.rows(made[name]())
    except Unavailable as reason:
        pytest.skip(str(reason))

    assert {row.peer for row in rows} == {"evidently 0.7.23", "nannyml 0.13.1", "fairlearn 0.15.0"}
    assert {"psi/evidently", "js/evidently", "js/nannyml", "ks", "ks p", "wasserstein", "wasserstein/evidently",
            "chi2/evidently p", "chi2/contingency", "l_infinity", "cbpe roc_auc", "cbpe f1", "cbpe accuracy",
            "demographic parity difference", "equalised odds difference"} <= {row.variant for row in rows}  # fmt: skip
    assert [row for row in rows if row.said and not row.holds] == []
    assert [(row.variant, row.column) for row in rows if not row.said] == (
        [("chi2/evidently p", "one")] if name == "corners" else []
    )


def test_a_difference_is_relative_for_a_p_and_for_what_is_larger_than_one():
    def row(variant, theirs, ours):
        return Row(variant, "a peer", "rows", "", "all", theirs, ours)

    assert row("ks", 0.25, 0.25 + 5e-10).holds
    assert not row("ks", 0.25, 0.25 + 5e-9).holds
    assert row("wasserstein", 1e6, 1e6 + 5e-4).holds
    assert not row("ks p", 1e-30, 1.1e-30).holds
    assert row("ks p", 0.0, 0.0).holds
    assert not row("ks p", 0.0, 1e-30).holds
    assert row("ks", 0.25, None).difference == math.inf


def test_the_table_has_a_line_for_each_variant_and_shows_where_the_two_are_furthest_apart():
    rows = [
        Row("ks", "a peer 1.0", "rows", "age", "all", 0.5, 0.5),
        Row("ks", "a peer 1.0", "rows", "height", "all", 0.25, 0.5),
        Row("chi2/evidently p", "a peer 1.0", "rows", "one", "all", math.nan, 1.0),
    ]

    shown = compare.table(row for row in rows if row.said).splitlines()

    assert shown[2:] == ["| ks | a peer 1.0 | rows | 2 | height | 0.25 | 0.5 | 2.5e-01 | **no** |"]
    assert compare.unsaid(rows) == (
        "- a peer 1.0 gives no number for chi2/evidently p of the column “one” (rows); ours is 1.\n"
    )
