"""Simulated orders: nothing reaches the venue, and they live and fill as real ones would."""

from __future__ import annotations

import random
from fractions import Fraction
from signal import SIGTERM

import pytest

from tests.behaviours.conftest import Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Quoter, Record

CREDENTIALS = {
    "POLY_PRIVATE_KEY": "0x" + "11" * 32,
    "POLY_API_KEY": "marker-key",
    "POLY_API_SECRET": "bWFya2VyLXNlY3JldA==",
    "POLY_PASSPHRASE": "marker-phrase",
}


@pytest.mark.parametrize("credentials", [{}, CREDENTIALS], ids=["without_credentials", "with_credentials"])
def test_b047_a_dry_run_makes_no_authenticated_request(
    exchange: Exchange, quote: Quote, credentials: dict[str, str]
) -> None:
    session = quote(exchange, **credentials)
    session.moved("order", "LIVE")
    end = session.stop()
    assert end.status == 0
    requests = exchange.requests()
    assert {request["path"] for request in requests} >= {"/ws/market"}
    assert {request["method"] for request in requests} == {"GET"}
    assert not any(request["authenticated"] or "order" in request["path"] for request in requests)
    assert not any(secret in end.stdout + end.stderr for secret in credentials.values())


NO_LIMIT = {"MM_POSITION_LIMIT": "100000", "RISK_MAX_POSITION": "100000", "RISK_MAX_ERRORS_PER_MINUTE": "10000"}


def life(session: Quoter, order_id: str) -> list[str]:
    return [change["new"] for change in session.events("change") if change["subject"] == order_id]


def test_b048_orders_are_created_cancelled_and_all_cancelled_as_the_session_goes(pit: Pit, quote: Quote) -> None:
    pit.open("0.49", "0.51")
    session = quote(pit.exchange)
    session.settled("0.48", "0.52")
    before = session.events("place")
    pit.move("0.51", "0.53")
    session.settled("0.5", "0.54")
    summary = session.stop(SIGTERM).documents[-1]["data"]
    placed = [place["order_id"] for place in session.events("place")]
    assert len(placed) == len(set(placed)) == summary["orders"]["placed"] >= len(before) + 2
    assert sorted(cancel["order_id"] for cancel in session.events("cancel")) == sorted(placed)
    for order_id in placed:
        states = life(session, order_id)
        assert states == [state for state in ("SENT", "LIVE", "CANCEL_PENDING", "CANCELED") if state in states]
        assert states[-1] == "CANCELED"
    assert summary["orders"] == {"placed": len(placed), "cancels": len(placed), "rejected": 0, "cancel_rejected": 0}
    assert (summary["open_orders"], summary["fills"]) == (0, 0)


def test_b049_a_trade_through_our_price_fills_us_at_our_price(pit: Pit, quote: Quote) -> None:
    session = ready(pit, quote)
    pit.sweep("SELL", "0.47", "10")
    fill = session.until(lambda data: data["event"] == "fill")
    assert (fill["outcome"], fill["side"], fill["price"], fill["size"]) == ("Yes", "BUY", "0.48", "10")
    assert fill["paid"].lstrip("-") == "4.8"
    summary = session.stop().documents[-1]["data"]
    assert (summary["fills"], summary["volume"], summary["pnl"]["residual"]) == (1, "10", "0")


def test_b049_a_trade_at_a_better_price_than_ours_leaves_us_alone(pit: Pit, quote: Quote) -> None:
    session = ready(pit, quote)
    pit.order("SELL", "0.49", "40", tif="FAK")
    pit.touch("BUY", "0.49", "60")
    session.decided("0.48", "0.52", after=session.mark())
    assert session.stop().documents[-1]["data"]["fills"] == 0


def test_b049_who_was_at_our_price_before_us_is_served_before_us(pit: Pit, quote: Quote) -> None:
    pit.open("0.49", "0.51")
    session = quote(pit.exchange)
    session.settled("0.48", "0.52")
    pit.move("0.51", "0.53")
    session.settled("0.5", "0.54")
    pit.order("BUY", "0.48", "30")
    pit.order("BUY", "0.47", "100")  # the side is never empty
    pit.move("0.49", "0.51")
    session.settled("0.48", "0.52")
    place = session.mark()
    pit.order("SELL", "0.48", "130", tif="FAK")  # 100 at the touch and the 30 ahead of us
    pit.taken("BUY")
    pit.touch("BUY", "0.49")
    session.until(lambda data: data.get("best_bid") == "0.49", after=place)
    assert session.events("fill") == []
    pit.order("BUY", "0.48", "6")
    pit.order("SELL", "0.48", "106", tif="FAK")  # 6 more than were ahead
    fill = session.until(lambda data: data["event"] == "fill", after=place)
    assert (fill["price"], fill["size"]) == ("0.48", "6")


def ready(pit: Pit, quote: Quote) -> Quoter:
    """A session whose orders rest at 0.48 and 0.52."""
    pit.open("0.49", "0.51")
    session = quote(pit.exchange)
    session.settled("0.48", "0.52")
    return session


@pytest.mark.parametrize("spread", ["0.01", "0.03", "0.0501", "0.1999", "0.77"])
def test_b051_b062_rounding_never_worsens_a_price_and_quotes_stay_inside_and_apart(
    pit: Pit, quote: Quote, spread: str
) -> None:
    dice = random.Random(spread)
    # Touches that jump through our orders fill or refuse them; no limit may end that here.
    pit.open("0.49", "0.51")
    session = quote(pit.exchange, "--spread", spread, MM_REQUOTE_THRESHOLD="0", **NO_LIMIT)
    session.moved("feed", "RUNNING")
    touches = [sorted(dice.sample(range(1, 100), 2)) for _ in range(8)]
    for low, high in [*touches, [1, 2], [98, 99], [1, 99]]:
        bid, ask = f"{low / 100:.2f}".rstrip("0"), f"{high / 100:.2f}".rstrip("0")
        place = session.mark()
        pit.move(bid, ask)
        decision = session.until(
            lambda data, touch=(bid, ask): (data.get("best_bid"), data.get("best_ask")) == touch, after=place
        )
        check_prices(decision, Fraction(low + high, 200), Fraction(spread))


def check_prices(decision: Record, mid: Fraction, spread: Fraction) -> None:
    """Each side is the nearest tick outwards of mid and half the spread, held inside the range and off the touch."""
    tick, inside = Fraction(1, 100), (Fraction(1, 100), Fraction(99, 100))
    prices = {side: decision[side] and Fraction(decision[side]["price"]) for side in ("bid", "ask")}
    wanted = {"bid": mid - spread / 2, "ask": mid + spread / 2}
    for side, price in prices.items():
        if price is None:
            assert wanted[side] < inside[0] or wanted[side] > inside[1]
            continue
        assert price % tick == 0
        assert inside[0] <= price <= inside[1]
        worse = price - wanted[side] if side == "bid" else wanted[side] - price
        assert worse <= 0 or wanted[side] > inside[1] or wanted[side] < inside[0], (side, decision)
        assert -worse < tick or price in {Fraction(decision["best_bid"]) + tick, Fraction(decision["best_ask"]) - tick}
    if None not in prices.values():
        assert prices["bid"] < prices["ask"]
