"""A digest of a million entries says the same as the entries, and does not grow with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.exports.domain import digest as module
from audit.exports.domain.digest import NONE, Digest, Kind, Numbers, changes_in_words, matches

CODES = ["catalogue.deployed", "catalogue.retired", "approvals.voted", "monitoring.measured", "ledger.refused"]


def entry(number, action="monitoring.measured", **fields):
    return {
        "number": number,
        "at": f"2013-07-08T09:00:{number % 60:02}.000000+00:00",
        "action": action,
        "actor_kind": "person",
        "actor_id": "ada@example.org",
        "actor_name": "Ada",
        "on_behalf_of": "",
        "subject_name": "late-arrival",
        "reason": "",
        "changes": {},
        **fields,
    }


@given(st.lists(st.sampled_from(CODES), max_size=120), st.lists(st.sampled_from([*CODES, "catalogue.*"]), max_size=3))
def test_numbers_are_those_of_the_entries(actions, patterns):
    digest = Digest()
    for number, action in enumerate(actions, 1):
        digest.add(entry(number, action))
    wanted = [at for at, action in enumerate(actions, 1) if any(matches(one, action) for one in patterns)]
    found = digest.numbers(patterns)
    assert found == Numbers(len(wanted), tuple(wanted[:20]), tuple(wanted[-20:]))
    assert digest.count == len(actions) == sum(tally.count for tally in digest.actions.values())


def test_lists_keep_the_newest_and_the_count_of_all():
    digest = Digest(newest=3)
    for number in range(1, 11):
        digest.add(entry(number, "approvals.voted"))
    assert [one.number for one in digest.listed["decisions"]] == [8, 9, 10]
    assert digest.of_kind("decisions") == 10


def test_action_is_listed_when_it_is_called_weighty_and_not_otherwise():
    digest = Digest(weighty=["new.thing"], kinds=())
    digest.add(entry(1, "new.thing"))
    digest.add(entry(2, "new.other"))
    assert [one.number for one in digest.listed["other"]] == [1]


def test_first_kind_that_fits_takes_an_action():
    digest = Digest(kinds=(Kind("a", "A", ("x.one",)), Kind("b", "B", ("x.*",))))
    for number, code in enumerate(["x.one", "x.two"], 1):
        digest.add(entry(number, code))
    assert ([one.number for one in digest.listed["a"]], [one.number for one in digest.listed["b"]]) == ([1], [2])


def test_entry_out_of_order_is_refused():
    digest = Digest()
    digest.add(entry(4))
    with pytest.raises(ValueError, match="Entry 4 came after entry 4"):
        digest.add(entry(4))


def test_actors_are_counted_by_their_last_name_and_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_ACTORS", 2)
    digest = Digest()
    for number, ident in enumerate(["a", "b", "c", "a", "d"], 1):
        digest.add(entry(number, actor_id=ident, actor_name=f"{ident} {number}"))
    assert {key: (acted.name, acted.count) for key, acted in digest.actors.items()} == {
        ("person", "a"): ("a 4", 2),
        ("person", "b"): ("b 2", 1),
        ("", ""): ("others", 2),
    }


def test_long_texts_are_cut_where_they_are_listed():
    digest = Digest()
    digest.add(entry(1, "approvals.voted", reason="x" * 10_000, subject_name="y" * 300))
    (one,) = digest.listed["decisions"]
    assert (len(one.reason), len(one.subject)) == (240, 240)
    assert one.reason.endswith("…")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": ["open", "approved"]}, "state: open, now approved"),
        (
            {"vote": [None, "approve"], "as": [None, "approver"], "about": [None, "a" * 64]},
            "as: approver; vote: approve",
        ),
        ({name: [None, "x"] for name in "abcde"}, ""),
        ({"a": ["x", "y"], **{name: [None, "x"] for name in "bcdef"}}, "a: x, now y"),
        ({"owner_id": ["1", "2"], "created_at": [None, "2013-07-08T09:00:00"], "salt": ["a", "b"]}, ""),
        ({"until": ["2013-07-08T09:00:00.000000+00:00", None]}, "until: 2013-07-08 09:00, now empty"),
        ({"settings": [{"path": "a"}, {"path": "b"}]}, "settings changed"),
        ({"b_flag": [True, False], "a": [1, 2]}, "a: 1, now 2; b flag: yes, now no"),
        ({"notes": ["short", "long " * 20]}, "notes changed"),
    ],
)
def test_changes_are_said_where_something_was_before(changes, words):
    assert changes_in_words(changes) == words


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (NONE, ""),
        (Numbers(2, (4, 1200), (4, 1200)), "4, 1,200"),
        (Numbers(30, tuple(range(1, 21)), tuple(range(11, 31))), "1, 2, 3 … 29, 30 (30 in all)"),
    ],
)
def test_numbers_say_the_ends_and_the_count(numbers, words):
    assert numbers.words == words
