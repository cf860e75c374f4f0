"""Test a strategy without a network: a market by hand, and the engine that the bot runs.

The mock feed knows the true book and sends true hashes, so the engine notices what a real socket may do to it: a change
that never came, a change that never was, and silence.
"""

from pmm.commands import Cancel, Place, Resubscribe
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.model import SHARE, Market, Side, Token, price_text
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed

TOKENS = (Token("1", "Yes"), Token("2", "No"))
MARKET = Market("0x1", "rain", "Will it rain?", TOKENS, tick=100, min_size=5 * SHARE)


def said(step: Step) -> str:
    """What the engine wants to be done, in words."""
    words = []
    for command in step.commands:
        match command:
            case Place():
                words.append(f"{command.side} {price_text(command.price)}")
            case Cancel():
                words.append(f"cancel {command.order_id}")
            case Resubscribe():
                words.append("resubscribe")
    return ", ".join(words) or "nothing"


def until_doubted(feed: MockFeed, engine: Engine) -> Step:
    """The venue goes on; the hashes of its changes are those of the true book."""
    for size in range(10, 100, 10):
        step = engine.step(feed.change(Side.BUY, "0.44", str(size)))
        if step.changes:
            return step
    raise SystemExit("nobody noticed")


feed = MockFeed(MARKET)
engine = Engine(FixedSpread())
engine.step(feed.listed())
for event in feed.connect():
    engine.step(event)
print("a book comes:", said(engine.step(feed.set_price("0.50", spread="0.02"))))

feed.miss(Side.BUY, "0.45", "70")  # the venue's book changes, and the message about it is lost
step = until_doubted(feed, engine)
print("a change was lost:", step.changes[0].new, "-", said(step))
print("why nothing is quoted:", engine.markets["0x1"].problem())
print("fresh books:", engine.step(feed.snapshot()).changes[0].new)

engine.step(feed.corrupt(Side.BUY, "0.43", "1"))  # a change that never happened
step = until_doubted(feed, engine)
print("a change was wrong:", step.changes[0].new, "-", said(step))
print("fresh books:", engine.step(feed.snapshot()).changes[0].new)

for timer in feed.freeze(60):  # the socket is open, and not a byte comes
    for change in engine.step(timer).changes:
        print(f"silence: {change.subject} {change.old} -> {change.new}")
