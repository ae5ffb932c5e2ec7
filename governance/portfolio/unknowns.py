"""What we do not know is a list with a next step each; nothing of it is counted as zero."""

from dataclasses import dataclass

from audit.catalogue.states import State
from audit.catalogue.words import count_of
from config.ui import format as say
from governance.maturity.models import Assessment
from governance.portfolio.happenings import link
from governance.portfolio.selectors import Line, Overview


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something unknown, why, and where to change that."""

    title: str
    text: str
    step: str
    url: str


def unknowns(found: Overview, assessment: Assessment | None) -> list[Unknown]:
    """All that the page cannot say."""
    rows = [one for line in found.lines for one in _of_model(line)]
    share = found.now.labelled_share
    if share is not None and share < 1:
        missing = found.now.predictions - found.now.labelled
        rows.append(
            Unknown(
                f"The outcome of {count_of(missing, 'prediction')} of the period ({say.percent(1 - share)})",
                "Their labels have not arrived. When they do, measures and value of these weeks change.",
                "See the models",
                link("catalogue:models"),
            )
        )
    if not found.now.cost and not found.before.cost:
        rows.append(
            Unknown("What the models cost", "No bill covers this period.", "Import a bill", link("billing:bills"))
        )
    rows += [
        Unknown(
            f"What amounts in {currency} are worth in {found.currency}",
            "Amounts of two currencies are not added without a rate; this page leaves them out.",
            "See the spend",
            link("allocation:spend"),
        )
        for currency in found.other_currencies
    ]
    if assessment is None:
        rows.append(
            Unknown("The level of maturity", "Nothing was assessed yet.", "See maturity", link("maturity:page"))
        )
    elif assessment.counts.get("unknown"):
        total = sum(assessment.counts.values())
        rows.append(
            Unknown(
                f"{assessment.counts['unknown']} of {total} maturity criteria",
                str(next((step["text"] for step in assessment.steps if step["settles"]), "")),
                "See the criteria",
                f"{link('maturity:page')}?state=unknown",
            )
        )
    return rows


def _of_model(line: Line) -> list[Unknown]:
    model, standing = line.row.model, line.row.standing
    page = link("catalogue:model", model.slug)
    rows = []
    if standing.state is State.UNKNOWN:
        rows.append(Unknown(f"Whether {model} is still right", standing.why, "See the model", page))
    if line.money.predictions and line.money.value is None:
        if line.money.labelled:
            why, step, url = "Nobody has stated what its outcomes are worth.", "State values", _values(line)
        else:
            why, step, url = "Its predictions of the period have no labels yet.", "See the model", page
        rows.append(Unknown(f"The value of {model}", why, step, url))
    elif line.money.value is not None and line.money.valued < line.money.weeks:
        missing = line.money.weeks - line.money.valued
        text = f"Of {count_of(line.money.weeks, 'week')} with predictions, {missing} have no known value."
        rows.append(Unknown(f"A part of the value of {model}", text, "State values", _values(line)))
    return rows


def _values(line: Line) -> str:
    return link("returns:values", line.row.model.use_case.slug) or link("catalogue:model", line.row.model.slug)
