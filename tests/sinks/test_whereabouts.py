"""An order is found by our id or the venue's, in whatever account and run it was."""

from __future__ import annotations

from pmm.commands import Place
from pmm.core.step import Change, Step
from pmm.events import MarketListed, Timer
from pmm.model import SECOND, SHARE, Side
from pmm.sim.catalog import default_listings
from pmm.sinks.history import History
from pmm.sinks.store import Intents, Store
from pmm.sinks.whereabouts import find_order, market_names, recent_orders
from tests.sinks.conftest import START, intent

DEMO = default_listings()[0].market


def run(store: Store, wallet: str, order_id: str, at: int, *, simulated: bool) -> None:
    """One run that places one order and sees it live."""
    history = History(store, store.account(wallet, "venue"), simulated=simulated, latch_halts=False, clock=lambda: at)
    place = Place(order_id, DEMO.condition_id, DEMO.yes, Side.BUY, 4_800, 10 * SHARE)
    live = Change(at, "order", order_id, "SENT", "LIVE", "ack", "")
    for step in (Step(MarketListed(at, DEMO)), Step(Timer(at), commands=(place,), changes=(live,))):
        history.on_step(step, 0)


def test_the_newest_of_several_runs_is_meant(store: Store) -> None:
    for number in range(3):
        run(store, "shadow", "dry-1", START + number * SECOND, simulated=True)
    found = find_order(store, "dry-1")
    assert found is not None
    assert (found.epoch, found.created_at, found.state) == (3, START + 2 * SECOND, "LIVE")


def test_the_venues_id_is_as_good_as_ours_and_its_letters_may_be_capitals(store: Store) -> None:
    one = intent(0xABC, order_id="live-1-1")
    Intents(store, store.account("0xa", "venue")).intend([one])
    run(store, "0xa", "live-1-1", START, simulated=False)
    by_ours, by_theirs = find_order(store, "live-1-1"), find_order(store, one.venue_id.upper().replace("0X", "0x"))
    assert by_ours is not None
    assert by_ours == by_theirs
    assert (by_ours.venue_id, by_ours.epoch) == (one.venue_id, 0)


def test_nothing_is_found_where_nothing_is(store: Store) -> None:
    assert find_order(store, "dry-1") is None
    assert market_names(store, DEMO.condition_id) == ("", "")
    run(store, "shadow", "dry-1", START, simulated=True)
    run(store, "shadow", "dry-2", START + SECOND, simulated=True)
    assert market_names(store, DEMO.condition_id) == (DEMO.slug, DEMO.question)
    assert list(recent_orders(store, 1)) == ["dry-2"]
    assert find_order(store, "") is None
