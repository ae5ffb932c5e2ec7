"""The front page's first sentences: what the models returned, which of them is in trouble, and what waits."""

from audit.catalogue.states import State
from audit.catalogue.words import count_of
from config.ui import format as say
from governance.portfolio.happenings import Waiting
from governance.portfolio.selectors import Overview


def returned(found: Overview) -> str:
    """What the models earned in the period against the one before, in a sentence."""
    models, now, before = count_of(len(found.lines), "model"), found.now, found.before
    if now.net is None:
        if now.cost:
            return f"What {models} returned is unknown; they cost {_money(now.cost, found)} in this period."
        return f"What {models} returned and cost in this period is unknown."
    sentence = f"{models} returned {_money(now.net, found)} net"
    if before.net is not None and found.comparable:
        moved = now.net - before.net
        side = "more" if moved >= 0 else "less"
        sentence += f", {_money(abs(moved), found)} {side} than in the same time before"
    return f"{sentence}."


def trouble(found: Overview) -> tuple[str, list[tuple[str, str]]]:
    """Which models are outside their threshold: the words around, and (name, slug) of each."""
    outside = found.outside()
    if not outside:
        known = [line for line in found.lines if line.row.standing.state is not State.UNKNOWN]
        if not known:
            return "Nobody can say yet whether they are still right.", []
        close = sum(1 for line in known if line.row.standing.state is State.WATCH)
        near = f"; {close} {'needs' if close == 1 else 'need'} watching" if close else ""
        judged = f"None of the {len(known)} that can be judged"
        return f"{judged} broke its threshold for as long as its rule allows{near}.", []
    names = [(line.row.model.name, line.row.model.slug) for line in outside]
    return ("is" if len(names) == 1 else "are") + " outside the threshold that was agreed.", names


def waits(waiting: list[Waiting], others: int) -> tuple[str, str]:
    """What waits, and where: (sentence, address)."""
    if waiting:
        first = waiting[0]
        return (
            "One decision waits for you." if len(waiting) == 1 else f"{len(waiting)} decisions wait for you.",
            first.url,
        )
    if others:
        return (f"{count_of(others, 'decision')} {'waits' if others == 1 else 'wait'} for others.", "")
    return "", ""


def _money(amount: object, found: Overview) -> str:
    return say.money(amount, found.currency, 0)
