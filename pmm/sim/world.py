"""A whole venue in event time: markets, their traders, and the messages that follow from what they do.

`next_at` and `advance` make it a world that a driver can step; `step` gives the same messages with the tokens they
name, for whoever has several subscribers.  The clock is moved by nobody else, and orders from outside enter by
`submit` and `cancel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush

from pmm.events import Frame
from pmm.model import SECOND, Money, Nanos, OrderId, Price, Side, Size, TimeInForce, TokenId
from pmm.sim.catalog import Listing, by_token
from pmm.sim.dice import Dice, fork
from pmm.sim.floor import Clear, Floor, Hears, WorldParams
from pmm.sim.frames import MarketWire, WireFrame, array
from pmm.sim.matching import Outcome, Reason, Report, Status


class DemoWorld:
    """The pretend venue.

    `dice` seeds every market's own stream, so one seed gives one history per market whatever else is listed.
    Time begins at `start_at` (unix ns) with markets that are already busy.
    """

    def __init__(
        self,
        listings: Sequence[Listing],
        params: WorldParams,
        dice: Dice,
        start_at: Nanos,
        clear: Clear | None = None,
    ) -> None:
        self.now = start_at
        root = dice.getrandbits(64)
        opened_at = start_at - params.warm_up_s * SECOND
        self._floors = {
            listing.market.condition_id: Floor(listing, params, fork(root, listing.market.slug), opened_at, clear)
            for listing in listings
        }
        self._tokens = {
            token: (self._floors[listing.market.condition_id], Outcome(index))
            for token, (listing, index) in by_token(listings).items()
        }
        self._outbox: list[tuple[Nanos, int, WireFrame]] = []
        self._sent = 0
        self._subscribed: set[TokenId] = set()
        self._custom = False
        self._trading = True
        self._paused_at = start_at
        self._due: list[tuple[Nanos, int, Floor]] = []
        for number, floor in enumerate(self._floors.values()):
            floor.warm_up(start_at)
            if floor.next_at is not None:
                self._due.append((floor.next_at, number, floor))
        heapify(self._due)

    @property
    def listings(self) -> Sequence[Listing]:
        """The markets as they are now."""
        return [floor.listing for floor in self._floors.values()]

    @property
    def waits(self) -> bool:
        """False: this world lives whether or not anybody listens."""
        return False

    # --- time -----------------------------------------------------------------------------------------------------

    def next_at(self) -> Nanos | None:
        """When the world next does something by itself; None when every market is at rest and nothing is unsent."""
        acts = self.acts_at
        if not self._outbox:
            return acts
        sends = self._outbox[0][0]
        return sends if acts is None else min(sends, acts)

    @property
    def acts_at(self) -> Nanos | None:
        """When somebody on a floor next acts."""
        return self._due[0][0] if self._due and self._trading else None

    def act(self, until: Nanos) -> None:
        """Let everybody act whose time has come by `until`, each at its own time; what they cause waits for `step`."""
        while (at := self.acts_at) is not None and at <= until:
            self.now = max(self.now, at)
            _, number, floor = heappop(self._due)
            floor.wake_due(at)
            self._collect(floor)
            if floor.next_at is not None:
                heappush(self._due, (floor.next_at, number, floor))

    def step(self) -> list[WireFrame]:
        """Do everything due at `next_at` and return what is sent at that moment, in order."""
        at = self.next_at()
        if at is None:
            return []
        self.now = max(self.now, at)
        self.act(at)
        frames = []
        while self._outbox and self._outbox[0][0] <= at:
            frames.append(heappop(self._outbox)[2])
        return frames

    def advance(self, emit: Callable[[Frame], None]) -> None:
        """`step` for a single listener: emits the frames that name a token it has subscribed to."""
        for frame in self.step():
            if (self._custom or not frame.custom) and not self._subscribed.isdisjoint(frame.tokens):
                emit(Frame(self.now, 0, frame.data))

    def set_trading(self, *, on: bool, at: Nanos | None = None) -> None:
        """Send the synthetic traders home, or let them go on where they were; orders stay where they are."""
        now = self._moment(at)
        if on and not self._trading:
            gone = now - self._paused_at
            for _, _, floor in self._due:
                floor.postpone(gone)
            self._due = [(due + gone, number, floor) for due, number, floor in self._due]
        elif not on and self._trading:
            self._paused_at = now
        self._trading = on

    @property
    def trading(self) -> bool:
        """Whether the synthetic traders are at work."""
        return self._trading

    def subscribe(self, tokens: Iterable[TokenId], *, custom_features: bool = False) -> bytes:
        """Listen to `tokens` from now on; the answer is the frame that the venue sends at once."""
        wanted = list(tokens)
        self._subscribed.update(wanted)
        self._custom = custom_features
        return self.dump(wanted)

    def set_audience(self, hears: Hears) -> None:
        """From now on make messages about books only for tokens that somebody `hears`."""
        for floor in self._floors.values():
            floor.hears = hears

    # --- reads ----------------------------------------------------------------------------------------------------

    def dump(self, tokens: Iterable[TokenId]) -> bytes:
        """The present books of `tokens` as one array; unknown tokens are left out."""
        known = [self._tokens[token] for token in tokens if token in self._tokens]
        return array(floor.wire.dump(outcome) for floor, outcome in known)

    def wire(self, token: TokenId) -> tuple[MarketWire, Outcome] | None:
        """The wire books that hold `token`, and which of the two it is."""
        found = self._tokens.get(token)
        return None if found is None else (found[0].wire, found[1])

    def rest_book(self, token: TokenId) -> str | None:
        """The present book of `token` as the order book endpoint answers it."""
        found = self._tokens.get(token)
        return None if found is None else found[0].wire.rest_book(found[1])

    def floors(self) -> Iterable[Floor]:
        """Every trading floor, in the order of the list."""
        return self._floors.values()

    def floor(self, condition_id: str) -> Floor | None:
        """The trading floor of a market."""
        return self._floors.get(condition_id)

    def floor_of(self, token: TokenId) -> tuple[Floor, Outcome] | None:
        """The trading floor where `token` is traded, and which of the two it is there."""
        return self._tokens.get(token)

    def collect(self, floor: Floor) -> None:
        """Take over what a floor has to send after something happened there."""
        if floor.outbox:
            self._collect(floor)

    def volume(self, condition_id: str) -> Money:
        """What has traded on a market so far, in micro-USD."""
        return self._floors[condition_id].volume

    # --- orders from outside --------------------------------------------------------------------------------------

    def submit(
        self,
        order_id: OrderId,
        token: TokenId,
        side: Side,
        price: Price,
        size: Size,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        owner: str = "tester",
        at: Nanos | None = None,
    ) -> Report | None:
        """Place an order at `at` (now when absent); None for an unknown token.  Its messages wait for `step`."""
        found = self._tokens.get(token)
        if found is None:
            return None
        floor, outcome = found
        floor.now = self._moment(at)
        report = floor.book.submit(order_id, outcome, side, price, size, tif=tif, post_only=post_only, owner=owner)
        floor.publish(report)
        self._collect(floor)
        return report

    def cancel(self, order_id: OrderId, *, at: Nanos | None = None) -> Report:
        """Cancel any resting order; refused as UNKNOWN when none of that id rests."""
        now = self._moment(at)
        for floor in self._floors.values():
            if floor.book.order(order_id) is not None:
                report = floor.cancel(order_id, now)
                self._collect(floor)
                return report
        return Report(order_id, Outcome.YES, Side.BUY, Status.REJECTED, Reason.UNKNOWN, 0, (), ())

    def clear(self, token: TokenId, *, at: Nanos | None = None) -> int:
        """Cancel every order of the market of `token`, whoever owns it; how many there were."""
        found = self._tokens.get(token)
        if found is None:
            return 0
        now = self._moment(at)
        ids = [order.order_id for order in found[0].book.orders()]
        for order_id in ids:
            found[0].cancel(order_id, now)
        self._collect(found[0])
        return len(ids)

    def _moment(self, at: Nanos | None) -> Nanos:
        self.now = max(self.now, at or 0)
        return self.now

    def _collect(self, floor: Floor) -> None:
        for at, frame in floor.outbox:
            self._sent += 1
            heappush(self._outbox, (at, self._sent, frame))
        floor.outbox.clear()
