"""Orders of ours in a pretend venue of the same process: they rest, trade and go, and everything is told late."""

from random import Random

from pmm.account import OrderStatus
from pmm.commands import Cancel, CancelAll, Place, QueryOrder
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine, Outcome
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import Accepted, Canceled, CancelRejected, Filled, MarketListed, OrderMissing, OrderShown, Rejected
from pmm.metrics.summary import Summary
from pmm.model import MILLISECOND, SECOND, Side
from pmm.sim.catalog import demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.simulated import OWNER, SimulatedGateway
from tests.support.story import START, page_of, shares

LATENCY = 20 * MILLISECOND
LISTING = demo_listing()
MARKET = LISTING.market


class Pit:
    """The venue without its traders, and a gateway whose answers are collected."""

    def __init__(self):
        self.gateway = SimulatedGateway(LATENCY)
        self.world = DemoWorld([LISTING], WorldParams(), Random(1), START, self.gateway.told)
        self.gateway.attach(self.world)
        self.world.set_trading(on=False)
        self.world.clear(MARKET.yes)
        self.told = []

    def rest(self, side, price, size=50, token=MARKET.yes):
        report = self.world.submit(f"they-{side}-{price}", token, side, price, shares(size), owner="they")
        assert report is not None

    def place(self, order_id, side, price, size=10, token=MARKET.yes):
        place = Place(order_id, MARKET.condition_id, token, side, price, shares(size))
        return self.submit(place)

    def submit(self, *commands):
        self.gateway.submit(commands, self.world.now, self.told.append)
        return self.hear()

    def hear(self):
        """Everything that the gateway owes, in the order of its times."""
        before = len(self.told)
        while self.gateway.next_at() is not None:
            self.gateway.advance(self.told.append)
        return self.told[before:]


def test_an_order_rests_in_the_book_and_is_acknowledged_two_ways_later():
    pit, began = Pit(), START
    (answer,) = pit.place("o1", Side.BUY, 4_800)
    assert answer == Accepted(began + 2 * LATENCY, "o1")
    resting = pit.world.floor(MARKET.condition_id).book.order("o1")
    assert (resting.owner, resting.left) == (OWNER, shares(10))


def test_what_crosses_is_refused_in_the_words_of_the_book():
    pit = Pit()
    pit.rest(Side.SELL, 4_800)
    (answer,) = pit.place("o1", Side.BUY, 4_800)
    assert isinstance(answer, Rejected)
    assert "crosses" in answer.reason
    assert isinstance(pit.submit(QueryOrder("o1"))[0], OrderMissing)


def test_a_trade_is_told_in_the_terms_of_our_token_and_settles():
    pit = Pit()
    pit.place("o1", Side.BUY, 4_800, token=MARKET.no)  # asks 0.52 for YES
    pit.world.submit("taker", MARKET.yes, Side.BUY, 5_300, shares(6), owner="they")
    filled, settled = pit.hear()
    assert isinstance(filled, Filled)
    assert (filled.price, filled.size, filled.trade_id) == (4_800, shares(6), settled.trade_id)
    (shown,) = pit.submit(QueryOrder("o1"))
    assert isinstance(shown, OrderShown)
    assert (shown.status, shown.matched) == (OrderStatus.LIVE, shares(6))


def test_an_order_that_traded_whole_cannot_be_cancelled():
    pit = Pit()
    pit.place("o1", Side.BUY, 4_800)
    pit.world.submit("taker", MARKET.yes, Side.SELL, 4_800, shares(10), owner="they")
    pit.hear()
    assert isinstance(pit.submit(Cancel("o1"))[0], CancelRejected)
    (shown,) = pit.submit(QueryOrder("o1"))
    assert (shown.status, shown.matched) == (OrderStatus.MATCHED, shares(10))


def test_everything_goes_at_once():
    pit = Pit()
    pit.place("o1", Side.BUY, 4_800)
    pit.place("o2", Side.SELL, 5_200)
    assert [type(answer) for answer in pit.submit(CancelAll("kill"))] == [Canceled, Canceled]


def test_the_engine_trades_against_the_traders_of_the_venue_and_its_accounts_close():
    gateway, summary = SimulatedGateway(LATENCY), Summary()
    world = DemoWorld([LISTING], WorldParams(), Random(3), START, gateway.told)
    gateway.attach(world)
    tokens = [token.token_id for token in MARKET.tokens]
    world.subscribe(tokens)
    engine = Engine(FixedSpread(), EngineConfig(in_book=True))
    driver = EventTime(engine, world, gateway, [summary])
    wire = Wire(tokens, world.dump, page_of(world))
    assert driver.run(START, 60 * SECOND, [MarketListed(START, MARKET)], wire) is Outcome.STOPPED
    assert summary.counts.fills >= 1
    assert summary.pnl.residual == 0
    assert not [order for order in world.floor(MARKET.condition_id).book.orders() if order.owner == OWNER]
