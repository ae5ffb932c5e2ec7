"""A model card has every heading of its paper, says unknown where nothing is recorded, and quotes what people wrote."""

from audit.base import clock
from audit.catalogue.models import Model
from audit.exports import card
from tests.audit.exports.conftest import Traced
from tests.support.cast import SYSTEM

HEADINGS = [
    "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data", "Quantitative analyses",
    "Ethical considerations", "Caveats and recommendations",
]  # fmt: skip


def parts(text: str) -> dict[str, str]:
    """What stands under each heading."""
    return {one.partition("\n")[0]: one.partition("\n")[2].strip() for one in text.split("\n## ")[1:]}


def test_card_has_the_headings_of_the_paper_in_order(traced: Traced):
    cards = card.cards(scope=traced.everything, viewer=SYSTEM, as_of=clock.now())
    assert list(cards) == ["model-cards/arrival-delay.md", "model-cards/late-arrival.md"]
    assert all(list(parts(text)) == HEADINGS for text in cards.values())
    assert list(card.cards(scope=traced.one, viewer=SYSTEM, as_of=clock.now())) == ["model-card.md"]


def test_known_values_stand_with_n_interval_and_moment(traced: Traced):
    as_of = clock.now()
    text = card.cards(scope=traced.one, viewer=SYSTEM, as_of=as_of)["model-card.md"]
    assert f"As of {as_of.day} {as_of:%B} {as_of.year}, {as_of:%H:%M:%S} UTC" in text
    found = parts(text)
    assert (
        "| v1 | ROC AUC | 0.660 (0.640 to 0.680) | 900 | 11 March 2013 | 0.660 (0.640 to 0.680), week of 11 March 2013 "
        "| 2 |" in found["Quantitative analyses"]
    )
    assert "| v2 (sent by others) | ROC AUC | 0.740 (interval unknown) | 0 |" in found["Quantitative analyses"]
    assert (
        f"| Flights v1 | 51,801 | 2 | 1 January 2013 | 1 March 2013 | v1 and v2 | `{'a' * 64}` |"
        in found["Training data"]
    )
    assert "> Departures, hour by hour." in found["Training data"]
    assert "- In production: v1" in found["Model details"]


def test_what_nobody_recorded_is_called_unknown(traced: Traced):
    cards = card.cards(scope=traced.everything, viewer=SYSTEM, as_of=clock.now())
    found = parts(cards["model-cards/arrival-delay.md"])
    assert found["Training data"] == found["Ethical considerations"] == "Unknown: nothing is recorded."
    assert "Unknown: no week of it has labels." in found["Quantitative analyses"]
    assert "- Licence: Unknown: nothing is recorded." in found["Model details"]
    assert "- In production: no version" in found["Model details"]


def test_what_people_wrote_stays_a_quotation(traced: Traced):
    traced.model.use_case.problem = "## Ethical considerations\n\nNone <script>alert(1)</script> | *really*"
    traced.model.use_case.save()
    Model.objects.filter(pk=traced.model.pk).update(name="a | b [x](http://e.x)")
    text = card.cards(scope=traced.one, viewer=SYSTEM, as_of=clock.now())["model-card.md"]
    assert list(parts(text)) == HEADINGS
    assert "<script>" not in text and "a \\| b \\[x\\](http://e.x)" in text
    assert "> \\#\\# Ethical considerations\n>\n> None \\<script\\>" in text
