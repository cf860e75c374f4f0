"""Outcomes that exclude each other, quoted together in a dry run."""

from __future__ import annotations

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Quoter, Record

QUIMBY = "quimby-wins-the-springfield-mayoral-election"
BOB = "terwilliger-wins-the-springfield-mayoral-election"
TICK, TWO_TICKS = 0.01, 0.02
# A maker who fears for every share what others fear for a hundred.
MODEL = {"PMM_MM__STRATEGY": "log_odds", "PMM_LOG_ODDS__GAMMA": "0.2"}


def bid(session: Quoter, market: str, position: str, *, after: int = 0, above: float = 0, below: float = 1) -> float:
    """Wait for a decision on a market, with a bid between these prices; returns it."""

    def fits(data: Record) -> bool:
        if data["event"] != "decision" or (data["market"], data["position"]) != (market, position):
            return False
        return data["bid"] is not None and above < float(data["bid"]["price"]) < below

    return float(session.until(fits, after=after)["bid"]["price"])


def test_buying_one_outcome_lowers_its_quotes_and_raises_those_of_the_other(
    exchange: Exchange, quote: Quote, pmm: Pmm
) -> None:
    quimby, bob = Pit(exchange, QUIMBY), Pit(exchange, BOB)
    quimby.open("0.44", "0.46")
    bob.open("0.31", "0.37")
    session = quote(exchange, "--market", BOB, market=QUIMBY, **MODEL)
    bids = {market: bid(session, market, "0") for market in (QUIMBY, BOB)}
    place = session.mark()
    quimby.sweep("SELL", "0.30", "10")
    fill = session.until(lambda data: data["event"] == "fill")
    bid(session, QUIMBY, "10", after=place, below=bids[QUIMBY] - TWO_TICKS)
    bid(session, BOB, "0", after=place, above=bids[BOB] + TICK)
    assert (fill["market"], session.stop().status) == (QUIMBY, 0)
    (held,) = pmm("positions", "--json", **exchange.env).document["data"]["positions"]
    assert (held["event"], held["worst_case"], held["mergeable"]) == ("springfield-mayor", fill["paid"], "0")
