"""Clocks run by the calendar; traces of a person are found wherever they stand, and other people's words are left."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.base.errors import InvalidInput
from audit.retention.domain.clocks import Keep, parse
from audit.retention.domain.ranges import ranges_of
from audit.retention.domain.traces import Traces

ACTIONS = ("people.signed_in", "people.signed_out", "people.sign_in_failed", "catalogue.deployed", "jobs.failed")
KINDS = ("upload", "bill")
GIVEN = Path(__file__).parents[3] / "audit" / "retention" / "policies" / "default.yaml"
INES = Traces("ines@example.org", ("Ines Duarte",), "erased-1@erased.invalid", "Erased person 3fa9c1")
ONE = Traces("cher@example.org", ("Cher",), "erased-2@erased.invalid", "Erased person 000002")


def read(text: str):
    return parse(text, where="retention.yaml", actions=ACTIONS, kinds=KINDS)


@pytest.mark.parametrize(
    ("keep", "at", "before"),
    [
        (Keep(13, "month"), datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2025, 10, 21, 8, tzinfo=UTC)),
        (Keep(1, "month"), datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (Keep(12, "month"), datetime(2024, 2, 29, tzinfo=UTC), datetime(2023, 2, 28, tzinfo=UTC)),
        (Keep(10, "year"), datetime(2026, 11, 21, tzinfo=UTC), datetime(2016, 11, 21, tzinfo=UTC)),
        (Keep(30, "day"), datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC)),
        (Keep(9999, "year"), datetime(2026, 1, 1, tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_keep_counts_back_by_the_calendar(keep: Keep, at: datetime, before: datetime) -> None:
    assert keep.before(at) == before


def test_policy_that_is_given_keeps_ten_years_and_sign_ins_thirteen_months() -> None:
    policy = read(GIVEN.read_text(encoding="utf-8"))
    assert str(policy.of_action("catalogue.deployed").keep) == "10 years"
    assert str(policy.of_action("people.signed_in").keep) == "13 months"
    assert str(policy.of_kind("upload").keep) == "10 years"


def test_policy_longer_beginning_counts_and_stops_at_a_dot() -> None:
    policy = read(
        "title: t\nlog:\n  keep: 10 years\n  why: w\n  rules:\n"
        "    - {actions: [people], keep: 3 years, why: w}\n"
        "    - {actions: [people.signed_in], keep: 1 year, why: w}\n"
        "documents: {keep: 1 year, why: w}\n"
    )
    assert str(policy.of_action("people.signed_in").keep) == "1 year"
    assert str(policy.of_action("people.signed_out").keep) == "3 years"
    assert str(policy.of_action("peopleless.x").keep) == "10 years"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title: t\nlog: {keep: 5 months, why: w}\ndocuments: {keep: 1 year, why: w}\n",
         "retention.yaml, line 2, column 13: Entries cannot be kept for 5 months only: the least is 6 months"),
        ("title: t\nlog: {keep: 183 days, why: w}\ndocuments: {keep: 1 year, why: w}\n", "183 days only"),
        ("title: t\nlog: {keep: ten years, why: w}\ndocuments: {keep: 1 year, why: w}\n",
         "line 2, column 13: “ten years” is no length of time; write it like 13 months."),
        (("title: t\nlog:\n  keep: 1 year\n  why: w\n  rules:\n  - {actions: [people.singed], keep: 1 year, why: w}\n"
         "documents: {keep: 1 year, why: w}\n"), "line 6, column 16: No action begins with “people.singed”."),
        (("title: t\nlog: {keep: 1 year, why: w}\ndocuments:\n  keep: 1 year\n  why: w\n"
         "  rules: [{kinds: [letters], keep: 1 year, why: w}]\n"), "There is no kind of documents called “letters”."),
        ("title: t\nlog: {keep: 1 year, why: w, who: m}\ndocuments: {}\n", "column 29: The key who is unknown."),
        ("title: t\nlog: {keep: 1 year}\ndocuments: {}\n", "line 2, column 6: The key why is missing."),
        ("title: t\nlog: {keep: 1 year, why: w}\n", "line 1, column 1: The key documents is missing."),
        ("title: [\n", "line 2, column 1: This is not YAML"),
        ("- a\n", "line 1, column 1: Keys with values belong here"),
        ("", "retention.yaml: The file is empty."),
        (("title: t\nlog:\n  keep: 1 year\n  why: w\n  rules:\n  - {actions: [jobs, jobs], keep: 1 year, why: w}\n"
         "documents: {keep: 1 year, why: w}\n"), "line 6, column 22: jobs has two rules."),
    ],
)  # fmt: skip
def test_policy_that_cannot_be_used_is_refused_with_line_and_column(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert sentence in refused.value.sentence


@given(st.sets(st.integers(1, 300)))
def test_ranges_name_exactly_the_numbers(numbers: set[int]) -> None:
    ranges = ranges_of(sorted(numbers))
    assert [number for first, last in ranges for number in range(first, last + 1)] == sorted(numbers)
    assert all(ranges[at][1] + 1 < ranges[at + 1][0] for at in range(len(ranges) - 1))


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Ask INES@example.org.", "Ask erased-1@erased.invalid."),
        ("marines@example.org and ines@example.org.uk", "marines@example.org and ines@example.org.uk"),
        ("deploy (Ines Duarte)", "deploy (Erased person 3fa9c1)"),
        ("ines  duarte left; Inesa Duarteson stays", "Erased person 3fa9c1 left; Inesa Duarteson stays"),
    ],
)
def test_traces_go_and_other_words_stay(text: str, without: str) -> None:
    assert INES.without(text) == without
    assert INES.found(text) == (text != without)


def test_traces_in_json_go_from_keys_and_values() -> None:
    value = {"ines@example.org": ["by Ines Duarte", 3, None], "n": {"who": "Ines Duarte"}}
    called, mail = INES.new_name, INES.new_email
    assert INES.without(value) == {mail: [f"by {called}", 3, None], "n": {"who": called}}
    assert INES.without(value, name_too=False) == {mail: ["by Ines Duarte", 3, None], "n": {"who": "Ines Duarte"}}


def test_name_of_one_word_goes_only_where_names_stand() -> None:
    for text in ("Cher", "deploy (Cher)", "Cher: Approver, Catering"):
        assert ONE.without(text, of_names=True) == text.replace("Cher", "Erased person 000002")
        assert ONE.without(text) == text
    assert ONE.without("cher ami, Cher wrote", of_names=True) == "cher ami, Cher wrote"
    assert ONE.needles(of_names=False) == ["cher@example.org"]


def test_needles_find_names_that_databases_fold_or_escape() -> None:
    needles = Traces("j@x.org", ("José Núñez",), "e", "n").needles(of_names=False)
    assert {"José Núñez", "josé núñez", "JOSÉ NÚÑEZ", "Jos\\u00e9 N\\u00fa\\u00f1ez"} <= {*needles} | {
        "Jos\\u00e9 N\\u00fa\\u00f1ez"
    }
    assert "Jos\\u00e9 N\\u00fa\\u00f1ez".lower() in {needle.lower() for needle in needles}
