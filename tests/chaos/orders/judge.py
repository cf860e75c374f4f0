"""The end of a session: what the state file, the engine and the venue say must be the same, to the micro-unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pmm.model import TokenId
from pmm.sim.venue import Settlement
from tests.chaos.orders.bot import Bot
from tests.chaos.orders.truth import Part, Truth, booked

FINAL = frozenset({Settlement.CONFIRMED, Settlement.FAILED})
_TRADES = "SELECT trade_id, order_id, side, token, price, size, status, paid FROM trades WHERE account = ?"


def venue_ids(bot: Bot) -> dict[str, str]:
    """Our id of every order that was ever written down, by the venue's."""
    rows = bot.store.rows("SELECT venue_id, order_id FROM intents WHERE account = ?", (bot.account,))
    return {str(venue_id): str(order_id) for venue_id, order_id in rows}


def converged(bot: Bot, truth: Truth) -> str:
    """What is still different between engine and venue; "" once nothing is."""
    engine = bot.engine
    open_here = {order.order_id: order for order in engine.orders.open()}
    resting = {bot.orders.order_id(order.order_id) for order in truth.resting()}
    for order_id, order in open_here.items():
        if order_id not in resting and not lost(bot, truth, order_id):
            return f"{order_id} is {order.state} and does not rest"
    for name in resting:
        if name not in open_here or open_here[name].state not in ("LIVE", "PARTIAL"):
            return f"{name} rests and is not known to"
    if any(part.status not in FINAL for part in truth.parts()):
        return "trades at the venue are not final"
    if any(engine.desk.settlements.pending()):
        return "trades in the engine are not final"
    return next(wrong_trades(bot, truth), "") or next(wrong_position(bot, truth), "")


def wrong_position(bot: Bot, truth: Truth) -> Iterator[str]:
    """What the engine believes to hold, also after a restart; trades of others on the account are not its business."""
    if truth.foreign:
        return
    _, shares = booked(truth.parts())
    for quoted in bot.engine.markets.values():
        for token in (quoted.market.yes, quoted.market.no):
            held = quoted.position.held(is_yes=token == quoted.market.yes).matched
            if held != shares[token]:
                yield f"the engine holds {held} of {token[:6]}, the venue's trades left {shares[token]}"


def lost(bot: Bot, truth: Truth, order_id: str) -> bool:
    """Whether an order without an end never came to the venue: nothing can ever prove that."""
    order, known = bot.engine.orders.get(order_id), bot.orders.get(order_id)
    assert order is not None
    return (
        order.state == "UNKNOWN"
        and order.expires_at is None
        and known is not None
        and truth.order(known.intent.venue_id) is None
    )


def wrong_trades(bot: Bot, truth: Truth) -> Iterator[str]:
    """Every difference between the trades of the state file and those of the venue."""
    names = venue_ids(bot)
    there = {(part.trade_id, names.get(part.venue_id, part.venue_id)): part for part in truth.parts()}
    here = {(str(row[0]), str(row[1])): row for row in bot.store.rows(_TRADES, (bot.account,))}
    for key, part in there.items():
        row = here.pop(key, None)
        if row is None:
            yield f"trade {key} was never booked"
        elif row[2:7] != _told(part):
            yield f"trade {key} is {row[2:7]} here and {_told(part)} at the venue"
    for key in here:
        yield f"trade {key} was booked and is not at the venue"


def wrong_books(bot: Bot, truth: Truth, began: tuple[int, dict[TokenId, int]], foreign: int) -> Iterator[str]:
    """Cash and shares, three times: by the venue's trades, by our file, and in the venue's balances."""
    cash, shares = booked(truth.parts())
    rows = bot.store.rows(_TRADES, (bot.account,))
    kept = [row for row in rows if row[6] != "FAILED"]
    if -sum(_int(row[7]) for row in kept) != cash:
        yield f"cash moved by {-sum(_int(row[7]) for row in kept)} here and by {cash} at the venue"
    held: Counter[str] = Counter()
    for row in kept:
        held[str(row[3])] += _int(row[5]) * (1 if row[2] == "BUY" else -1)
    if +held != +shares or -held != -shares:
        yield f"shares moved by {held} here and by {shares} at the venue"
    if not foreign:
        now_cash, now_shares = truth.holdings()
        if now_cash != began[0] + cash:
            yield f"the venue's cash moved by {now_cash - began[0]}, its trades by {cash}"
        for token, size in now_shares.items():
            if size != began[1][token] + shares[token]:
                yield f"the venue's shares moved by {size - began[1][token]}, its trades by {shares[token]}"


def wrong_ledger(bot: Bot, truth: Truth) -> Iterator[str]:
    """The engine's own books, of a run that saw everything from the beginning."""
    ledger = bot.engine.desk.ledger
    cash, shares = booked(truth.parts())
    if ledger.held() != cash:
        yield f"the ledger holds {ledger.held()}, the venue's trades moved {cash}"
    for token, size in shares.items():
        if ledger.held(token) != size:
            yield f"the ledger holds {ledger.held(token)} shares, the venue's trades moved {size}"
    if any(ledger.sums().values()):
        yield "the ledger does not sum to zero"


def wrong_orders(bot: Bot, truth: Truth, seen: set[str]) -> Iterator[str]:
    """Orders of ours at the venue: `seen` are all that ever were, none may be left, each was written down before."""
    names = venue_ids(bot)
    for venue_id in seen - names.keys():
        yield f"{venue_id[:10]} came to the venue and was never written down"
    doubled = [name for name, count in Counter(names[one] for one in seen if one in names).items() if count > 1]
    for name in doubled:
        yield f"{name} came to the venue under two ids"
    for order in truth.resting():
        yield f"{names.get(order.order_id, order.order_id[:10])} rests after the stop"


def _told(part: Part) -> tuple[object, ...]:
    return str(part.side), part.token, part.price, part.size, str(part.status)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
