"""A quoting model of one's own: pure, from what it may see to the orders that it wants working.

To have `pmm quote --strategy patient` find it, a package says in its pyproject.toml

    [project.entry-points."pmm.strategies"]
    patient = "custom_strategy:from_settings"
"""

from pmm.core.engine import Engine
from pmm.core.ladder import Rungs, ladder, unquotable
from pmm.core.view import Targets, Term, View
from pmm.model import GRID, SHARE, Market, Token, price_text
from pmm.settings import Settings
from pmm.venues.mock import MockFeed


class Patient:
    """Quote half as wide again as everybody else, and lower by a tick for every 20 shares that are held."""

    name = "patient"

    def __init__(self, rungs: Rungs) -> None:
        self.rungs = rungs

    def decide(self, view: View) -> Targets:
        best_bid, best_ask, problem = view.best_bid, view.best_ask, unquotable(view, self.rungs.size)
        if problem or best_bid is None or best_ask is None:
            return Targets(reason=problem)
        mid, half = (best_bid + best_ask) / 2 / GRID, 1.5 * (best_ask - best_bid) / 2 / GRID
        shift = view.position / (20 * SHARE) * view.market.tick / GRID
        terms = (Term("mid", mid, "USD"), Term("half spread", half, "USD"), Term("shift", 0.0 - shift, "USD"))
        # The ladder rounds, keeps within the position limit, and never crosses or takes anything.
        return ladder(view, mid - shift - half, mid - shift + half, self.rungs, terms)


def from_settings(settings: Settings) -> Patient:
    return Patient(Rungs(settings.mm.size_micro, settings.mm.position_limit_micro))


if __name__ == "__main__":
    feed = MockFeed(Market("0x1", "rain", "Will it rain?", (Token("1", "Yes"), Token("2", "No")), 100, 5 * SHARE))
    engine = Engine(from_settings(Settings()))
    for event in (feed.listed(), *feed.connect(), feed.set_price("0.50", spread="0.04")):
        step = engine.step(event)
    for side in (step.decisions[-1].targets.bids, step.decisions[-1].targets.asks):
        print(", ".join(f"{target.size // SHARE} at {price_text(target.price)}" for target in side))
    print("made from", {term.name: term.value for term in step.decisions[-1].targets.terms})
