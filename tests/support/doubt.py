"""A story of one bid whose fate becomes unknown."""

from pmm.core.engine import EngineConfig
from pmm.events import (
    Accepted,
    OrderMissing,
    OrderShown,
    Reading,
    Timer,
    Unanswered,
    Wake,
)
from pmm.model import SECOND, TimeInForce
from tests.support.story import Story, shares

LIFE = 300 * SECOND
GTD = EngineConfig(order_prefix="live-", tif=TimeInForce.GTD, order_life=LIFE)


class DoubtStory(Story):
    """A story of one bid: `order` is it, and time passes by wakes as the engine asks for them."""

    def __init__(self, config=GTD):
        super().__init__(config=config)
        self.open_market()
        self.order = next(order for order in self.engine.orders.open() if order.quote == "bid")
        self.ask = next(order for order in self.engine.orders.open() if order.quote == "ask")
        self.tell(Accepted(self.at, self.ask.order_id))

    def silence(self):
        return self.tell(Unanswered(self.at, self.order.order_id, "time-out"))

    def shown(self, status, matched=0.0, asked_at=None):
        asked = self.at if asked_at is None else asked_at
        return self.tell(OrderShown(self.at, asked, self.order.order_id, status, shares(matched)))

    def missing(self, reading=Reading.ORDER, asked_at=None):
        asked = self.at if asked_at is None else asked_at
        return self.tell(OrderMissing(self.at, asked, self.order.order_id, reading))

    def later(self, nanos):
        """Live so long, woken whenever the engine asked for it; every command on the way."""
        end, commands = self.at + nanos, []
        while self.step.wake_at is not None and self.step.wake_at <= end:
            self.at = max(self.at, self.step.wake_at)
            commands += self.tell(Wake(self.at)).commands
        self.at = end
        return commands + list(self.tell(Timer(end)).commands)

    def mine(self, commands, kind):
        return [command for command in commands if isinstance(command, kind)]
