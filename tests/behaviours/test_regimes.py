"""B097: quotes follow what the market does, what we hold and what the calendar says.

From outside where settings can bring it about, and on a clock of the test's own where it takes hours.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.engine import Engine
from pmm.events import FeedNews, FeedSignal, MarketListed
from pmm.model import GRID, SECOND, Side, utc_text
from pmm.strategies.log_odds import LogOdds
from tests.behaviours.conftest import Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Quoter, Record
from tests.support.story import Story, book_frame, market, trade_frame

# Markets of the pretend venue end in 2099: a century before that is now.
CENTURY = "3155760000"
MODEL = ("--strategy", "log_odds")
HOUR = 3_600


# --- from outside -------------------------------------------------------------------------------------------------


def quoted(session: Quoter) -> Record:
    """The first decision that wants both sides."""
    return session.until(lambda data: data["event"] == "decision" and data["bid"] and data["ask"])


def width_of(decision: Record) -> float:
    return float(decision["ask"]["price"]) - float(decision["bid"]["price"])


def test_b097_nearer_the_end_quotes_are_wider_and_at_last_nothing_is_quoted(pit: Pit, quote: Quote) -> None:
    pit.open("0.49", "0.51")
    pit.exchange.post("/venue/tick", market="demo", tick="0.001")
    far = quote(pit.exchange, *MODEL)
    near = quote(pit.exchange, *MODEL, PMM_REGIME__WIDEN_BEFORE=CENTURY)
    last = quote(pit.exchange, *MODEL, PMM_REGIME__CUTOFF_BEFORE=CENTURY)
    assert near.moved("regime", "NEAR_RESOLUTION")["cause"] == "the end is near: a single piece of news may decide"
    assert width_of(quoted(near)) > width_of(quoted(far))
    last.moved("regime", "REDUCE_ONLY")
    last.decided(None, None, reason="the market's end is near: reducing only")
    assert not last.events("place")


# --- on a clock of our own ----------------------------------------------------------------------------------------


class Maker(Story):
    """The richest model in a market with fine price steps, which ends in so many hours."""

    def __init__(self, hours: float = 1_000.0) -> None:
        super().__init__()
        self.engine = Engine(LogOdds())
        ends = utc_text(self.at + round(hours * HOUR * SECOND))
        self.tell(MarketListed(self.at, replace(market("0.001"), end_date=ends)))
        self.tell(FeedSignal(self.at, 0, FeedNews.CONNECTING))
        self.tell(FeedSignal(self.at, 0, FeedNews.OPENED))
        self.book()

    def book(self, bid: float = 0.49, ask: float = 0.51, bids: float = 100, asks: float = 100) -> None:
        """The book a second later."""
        self.at += SECOND
        levels = [(f"{bid:.3f}", bids)], [(f"{ask:.3f}", asks)]
        self.tell(book_frame(*levels, at=self.at, tick="0.001"))
        self.accept()

    def wanted(self) -> tuple[int, int] | None:
        """Bid and ask as they are sent; None where nothing is wanted."""
        targets = self.wait(0).decisions[-1].targets
        return None if targets.bid is None or targets.ask is None else (targets.bid.price, targets.ask.price)

    def prices(self) -> tuple[float, float]:
        """Bid and ask as the model has them, before they are rounded and small changes let go."""
        (quoted,) = self.engine.markets.values()
        prices = LogOdds().prices(self.engine.quoting.view(quoted, self.at))
        return prices.bid, prices.ask

    def width(self) -> float:
        bid, ask = self.prices()
        return ask - bid


def still(seconds: int = 90) -> Maker:
    maker = Maker()
    for _ in range(seconds):
        maker.book()
    return maker


def test_b097_a_price_that_moves_is_quoted_wider() -> None:
    lively = Maker()
    for second in range(90):
        lively.book(*(0.48, 0.50) if second // 15 % 2 else (0.49, 0.51))
    lively.book()
    assert lively.width() > still().width()


def pushed(maker: Maker, before: tuple[float, float]) -> tuple[float, float]:
    """By how much bid and ask have moved."""
    return maker.prices()[0] - before[0], maker.prices()[1] - before[1]


@pytest.mark.parametrize(("bids", "asks", "sign"), [(900, 100, 1), (100, 900, -1)])
def test_b097_the_heavier_side_of_the_book_pushes_both_quotes(bids: float, asks: float, sign: int) -> None:
    maker = still()
    before = maker.prices()
    maker.book(bids=bids, asks=asks)
    assert min(sign * push for push in pushed(maker, before)) > 0.001


@pytest.mark.parametrize(("taker", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_b097_takers_push_both_quotes_a_little(taker: Side, sign: int) -> None:
    maker = still()
    before = maker.prices()
    maker.tell(trade_frame(taker, "0.5", 2_000, at=maker.at))
    assert all(0 < sign * push < 0.005 for push in pushed(maker, before))


@pytest.mark.parametrize(("side", "sign"), [("bid", -1), ("ask", 1)])
def test_b097_what_we_hold_pushes_both_quotes_away_from_more(side: str, sign: int) -> None:
    maker = still()
    before = maker.prices()
    maker.fill(side, 10)
    assert min(sign * push for push in pushed(maker, before)) > 0.0001


def test_b097_costly_fills_widen_the_side_that_they_came_to() -> None:
    maker, calm = still(), still()
    for number in range(6):
        maker.fill("bid", 1, f"t{number}")
        maker.book(0.48, 0.50)
        calm.book(0.48, 0.50)
        for one in (maker, calm):
            for _ in range(40):
                one.book(0.48, 0.50)
            one.book()
            for _ in range(20):
                one.book()
    learnt = maker.engine.quoting.view(next(iter(maker.engine.markets.values())), maker.at).signals
    assert learnt.bid_markout > 0 == learnt.ask_markout
    assert maker.width() > calm.width()


def test_b097_on_its_last_day_a_market_is_quoted_wider_and_in_its_last_hour_not_at_all() -> None:
    maker = Maker(hours=24 + 1 / 60)
    before = maker.width()
    for _ in range(60):
        maker.book()
    assert maker.machine("regime") == ["NEAR_RESOLUTION"]
    assert maker.width() > before
    last = Maker(hours=1 + 1 / 60)
    assert last.wanted() is not None
    for _ in range(60):
        last.book()
    assert last.machine("regime") == ["NEAR_RESOLUTION", "REDUCE_ONLY"]
    assert last.wanted() is None


def test_b097_whatever_the_signals_say_quotes_stay_inside_the_market() -> None:
    maker = Maker()
    for second in range(60):
        maker.book(*(0.001, 0.9) if second // 7 % 2 else (0.1, 0.999), bids=10_000, asks=1)
        wanted = maker.wanted()
        assert wanted is None or 0 < wanted[0] < wanted[1] < GRID
