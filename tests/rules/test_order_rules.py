"""Order rules, one by one: just inside and just outside of each limit, in both modes of the guard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.guard import Guard
from pmm.core.orders import Order
from pmm.core.risk_view import AccountFacts
from pmm.core.rule import ALLOW, Clip, Mode, Refuse, Stage, Trip, Wish
from pmm.core.view import QuoteSide, Resting
from pmm.model import MILLISECOND, SECOND, USD, Side
from pmm.rules.account_exposure import AccountExposure, AccountExposureLimits
from pmm.rules.event_exposure import EventExposure, EventExposureLimits
from pmm.rules.market_exposure import MarketExposure, MarketExposureLimits
from pmm.rules.message_rate import MessageRate, MessageRateLimits
from pmm.rules.order_notional import OrderNotional, OrderNotionalLimits
from pmm.rules.order_size import OrderSize, OrderSizeLimits
from pmm.rules.position_limit import PositionLimit, PositionLimits
from pmm.rules.price_collar import PriceCollar, PriceCollarLimits
from pmm.rules.repeat_rate import RepeatRate, RepeatRateLimits
from pmm.rules.resting_size import RestingSize, RestingSizeLimits
from pmm.rules.self_cross import SelfCross
from tests.support.risk import account, one_market
from tests.support.story import CONDITION, NO, START, YES, market, shares


def wish(price=4800, size=10.0, quote=QuoteSide.BID, level=0):
    """An order at a price of YES; an ask buys NO."""
    if quote is QuoteSide.BID:
        return Wish(quote, price, YES, True, Side.BUY, price, shares(size), level)
    return Wish(quote, price, NO, False, Side.BUY, 10_000 - price, shares(size), level)


def ask(price=5200, size=10.0):
    return wish(price, size, QuoteSide.ASK)


def order(quote=QuoteSide.ASK, price=5200, size=10.0, state="LIVE", *, at=START, level=0, **more):
    side = Side.BUY
    return Order("o", CONDITION, YES, side, price, shares(size), quote, price, None, at, state, level=level, **more)


def seen(**facts):
    return one_market(**facts)


def loses(money, **more):
    """A market, or its event, where one more order may lose so many dollars."""
    return seen(with_wish=lambda _: money, event_with_wish=lambda _: money, **more)


def sent(*ages_ms):
    """An account that sent messages so many milliseconds ago."""
    return seen(account=AccountFacts(messages=[START - age * MILLISECOND for age in ages_ms]))


def placed(count, seconds_ago=1.0, **what):
    at = START - round(seconds_ago * SECOND)
    return seen(placed=[order(**{"quote": QuoteSide.BID, "price": 4800, **what}, at=at) for _ in range(count)])


SIZE = OrderSize(OrderSizeLimits(shares(5), shares(50)))
NOTIONAL = OrderNotional(OrderNotionalLimits(4_800_000))
COLLAR = PriceCollar(PriceCollarLimits(1_000, 3_000))
POSITION = PositionLimit(PositionLimits(shares(100)))
MARKET = MarketExposure(MarketExposureLimits(100 * USD))
EVENT = EventExposure(EventExposureLimits(100 * USD))
ACCOUNT = AccountExposure(AccountExposureLimits(100 * USD))
RESTING = RestingSize(RestingSizeLimits(shares(50)))
MESSAGES = MessageRate(MessageRateLimits(per_second=3, per_minute=5))
REPEATS = RepeatRate(RepeatRateLimits(3))
CROSS = SelfCross()

LARGE = replace(market(), min_size=shares(20))
RESTS = seen(orders=[order(QuoteSide.BID, 4700, 40, "UNKNOWN"), order(size=40)])
PAID = {"at_stake": 120 * USD, "event_at_stake": 120 * USD}

# rule, order, what is seen, what is allowed of it
INSIDE = {
    "size: the least": (SIZE, wish(size=5), seen()),
    "size: the most": (SIZE, wish(size=50), seen()),
    "size: the market's least": (SIZE, wish(size=20), seen(of=LARGE)),
    "notional: the most": (NOTIONAL, wish(), seen()),
    "notional: an ask buys the other token": (NOTIONAL, ask(), seen()),
    "collar: a bid as far beyond the mid as it may": (COLLAR, wish(6000), seen(bid="0.49")),
    "collar: an ask as far below the mid as it may": (COLLAR, ask(4000), seen()),
    "collar: a bid as far below the touch as it may": (COLLAR, wish(1900), seen()),
    "collar: no mid and no touch on the other side": (COLLAR, wish(5100), seen(ask=None)),
    "position: exactly the most": (POSITION, wish(), seen(long_at_most=shares(90), short_at_most=shares(100))),
    "position: the way home": (POSITION, ask(), seen(long_at_most=shares(150), short_at_most=shares(-50))),
    "market: exactly the most": (MARKET, wish(), loses(100 * USD)),
    "market: no worse than it is": (MARKET, wish(), loses(120 * USD, **PAID)),
    "event: exactly the most": (EVENT, wish(), loses(100 * USD)),
    "event: no worse than it is": (EVENT, wish(), loses(120 * USD, **PAID)),
    "account: exactly the most": (
        ACCOUNT,
        wish(),
        loses(30 * USD, event_at_stake=10 * USD, account=AccountFacts(at_stake=80 * USD)),
    ),
    "account: no worse than it is": (
        ACCOUNT,
        wish(),
        loses(120 * USD, **PAID, account=AccountFacts(at_stake=120 * USD)),
    ),
    "resting: exactly the most, the other side does not count": (RESTING, wish(size=10), RESTS),
    "messages: two in the last second": (MESSAGES, wish(), sent(999, 1)),
    "messages: the third a second ago": (MESSAGES, wish(), sent(1_000, 500, 1)),
    "messages: the fifth a minute ago": (MESSAGES, wish(), sent(60_000, 40_000, 30_000, 20_000, 10_000)),
    "repeats: the third": (REPEATS, wish(), placed(2)),
    "repeats: another price": (REPEATS, wish(), placed(9, price=4700)),
    "repeats: another level": (REPEATS, wish(), placed(9, level=1)),
    "repeats: another side": (REPEATS, wish(), placed(9, quote=QuoteSide.ASK)),
    "repeats: a minute ago": (REPEATS, wish(), placed(9, seconds_ago=60)),
    "cross: a tick below an own ask": (CROSS, wish(5100), seen(orders=[order()])),
    "cross: a tick above an own bid": (CROSS, ask(4900), seen(orders=[order(QuoteSide.BID, 4800)])),
    "cross: another bid": (CROSS, wish(5200), seen(orders=[order(QuoteSide.BID)])),
}

OUTSIDE = {
    "size: below the least": (SIZE, wish(size=4.999999), seen(), "4.999999 shares, the minimum is 5"),
    "size: below the market's least": (SIZE, wish(size=19), seen(of=LARGE), "19 shares, the minimum is 20"),
    "notional": (NOTIONAL, wish(size=10.000001), seen(), "4.800001 USD, 4.8 are allowed"),
    "notional: an ask is worth what NO costs": (NOTIONAL, ask(5100), seen(), "4.9 USD, 4.8 are allowed"),
    "collar: a bid beyond the mid": (
        COLLAR,
        wish(6100),
        seen(),
        "a bid at 0.61 is more than 0.1 USD beyond fair value 0.5",
    ),
    "collar: an ask below the mid": (
        COLLAR,
        ask(3900),
        seen(),
        "an ask at 0.39 is more than 0.1 USD beyond fair value 0.5",
    ),
    "collar: a bid far from the touch": (
        COLLAR,
        wish(1800),
        seen(),
        "a bid at 0.18 is more than 0.3 USD away from the touch 0.49",
    ),
    "collar: an ask far from the touch": (
        COLLAR,
        ask(8200),
        seen(),
        "an ask at 0.82 is more than 0.3 USD away from the touch 0.51",
    ),
    "collar: our own order is no touch": (
        COLLAR,
        wish(1800),
        seen(view=replace(one_market().market.view, own=(Resting(QuoteSide.BID, 1900, shares(5)),))),
        "a bid at 0.18 is more than 0.3 USD away from the touch 0.49",
    ),
    "position": (
        POSITION,
        wish(size=10.1),
        seen(long_at_most=shares(90)),
        "100.1 shares would be possible, 100 are allowed",
    ),
    "position: short": (
        POSITION,
        ask(size=11),
        seen(short_at_most=shares(90)),
        "101 shares would be possible, 100 are allowed",
    ),
    "market": (MARKET, wish(), loses(100 * USD + 1), "100.000001 USD could be lost in it, 100 are allowed"),
    "market: worse than it is": (
        MARKET,
        wish(),
        loses(121 * USD, **PAID),
        "121 USD could be lost in it, 100 are allowed",
    ),
    "event": (EVENT, wish(), loses(100 * USD + 1), "100.000001 USD could be lost in its event, 100 are allowed"),
    "account": (
        ACCOUNT,
        wish(),
        loses(31 * USD, event_at_stake=10 * USD, account=AccountFacts(at_stake=80 * USD)),
        "101 USD could be lost, 100 are allowed",
    ),
    "messages: within a second": (MESSAGES, wish(), sent(999, 500, 1), "3 messages within a second are allowed"),
    "messages: within a minute": (
        MESSAGES,
        wish(),
        sent(59_999, 40_000, 30_000, 20_000, 10_000),
        "5 messages within a minute are allowed",
    ),
    "repeats": (REPEATS, wish(), placed(3, seconds_ago=59.9), "0.48 was placed 3 times within a minute, 3 are allowed"),
    "cross: at an own ask": (CROSS, wish(5200), seen(orders=[order()]), "an own ask at 0.52 may still trade"),
    "cross: beyond an own ask in doubt": (
        CROSS,
        wish(6000),
        seen(orders=[order(state="UNKNOWN")]),
        "an own ask at 0.52 may still trade",
    ),
    "cross: at an own ask that is being cancelled": (
        CROSS,
        wish(5200),
        seen(orders=[order(state="CANCEL_PENDING")]),
        "an own ask at 0.52 may still trade",
    ),
    "cross: an ask at an own bid": (
        CROSS,
        ask(4800),
        seen(orders=[order(QuoteSide.BID, 4800)]),
        "an own bid at 0.48 may still trade",
    ),
}

CLIPPED = {
    "size: above the most": (SIZE, wish(size=50.5), seen(), 50, "50.5 shares, 50 are allowed"),
    "resting": (RESTING, wish(size=12), RESTS, 10, "52 shares would rest on the bid side, 50 are allowed"),
    "resting: no room at all": (
        RESTING,
        ask(),
        seen(orders=[order(size=60)]),
        0,
        "70 shares would rest on the ask side, 50 are allowed",
    ),
}


@pytest.mark.parametrize(("rule", "wanted", "view"), INSIDE.values(), ids=INSIDE)
def test_just_inside_a_limit_nothing_is_said(rule, wanted, view):
    assert rule.check(wanted, view) == ALLOW


@pytest.mark.parametrize(("rule", "wanted", "view", "reason"), OUTSIDE.values(), ids=OUTSIDE)
def test_just_outside_it_is_refused_where_the_rule_acts_and_told_where_it_only_logs(rule, wanted, view, reason):
    assert rule.check(wanted, view) == Refuse(reason)
    enforced, logged = (Guard([(rule, mode)]).check(wanted, view) for mode in (Mode.ENFORCE, Mode.LOG))
    assert (enforced.size, enforced.refusal.endswith(reason), enforced.remarks[0].enforced) == (0, True, True)
    assert (logged.size, logged.refusal, logged.remarks[0].enforced) == (wanted.size, "", False)


@pytest.mark.parametrize(("rule", "wanted", "view", "left", "reason"), CLIPPED.values(), ids=CLIPPED)
def test_what_is_too_large_is_made_smaller_where_the_rule_acts(rule, wanted, view, left, reason):
    assert rule.check(wanted, view) == Clip(shares(left), reason)
    enforced, logged = (Guard([(rule, mode)]).check(wanted, view) for mode in (Mode.ENFORCE, Mode.LOG))
    assert (enforced.size, bool(enforced.refusal)) == (shares(left), left == 0)
    assert (logged.size, logged.refusal) == (wanted.size, "")


def test_an_order_that_traded_whole_crosses_nothing():
    gone = order(state="FILLED", filled=shares(10))
    assert CROSS.check(wish(5200), seen(orders=[gone])) == ALLOW


# --- standing sides ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yes", "no", "stage"),
    [(99.999999, 0, None), (100, 0, Stage.REDUCE), (0, 100.01, Stage.REDUCE), (150, 60, None), (20, 120, Stage.REDUCE)],
)
def test_at_the_limit_a_position_only_goes_home(yes, no, stage):
    view = seen()
    view.market.position.yes_held.settled, view.market.position.no_held.settled = shares(yes), shares(no)
    said = POSITION.judge(view)
    assert (said.stage if isinstance(said, Trip) else None) is stage


def test_an_account_beyond_its_limit_only_goes_home():
    assert ACCOUNT.judge(account(at_stake=100 * USD)) == ALLOW
    beyond = ACCOUNT.judge(account(at_stake=100 * USD + 1))
    assert beyond == Trip(Stage.REDUCE, "100.000001 USD could be lost, 100 are allowed")
