"""Any model, with the best level of each side moved to where rewards, fills and what they cost together earn most.

What a quote is worth and what moving it costs is `core/reward_worth.py`.  Prices are tried tick by tick, from the
model's own reservation price outwards to the edge of what scores, both sides together and then each alone; sizes are
the model's, the least that scores, and the best of water-filling.  The model's own quote is always among what is
compared, and where it wants nothing there is nothing.  What works stays unless moving pays for itself.

Nearer than the model itself only in quiet times: in every other regime its distance is a precaution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmm.core.quote import clamp
from pmm.core.regime import Regime
from pmm.core.reward_score import Contest
from pmm.core.reward_view import contest
from pmm.core.reward_worth import ASK, BID, Leg, Legs, RewardParams, Worth
from pmm.core.view import QuoteSide, Strategy, Target, Targets, Term, View
from pmm.model import GRID, SHARE, USD, Price, Size, ceil_to_tick, floor_to_tick

# Prices that are tried on a side: where the grid has more of them, every second or third is.
PRICES_MAX = 12
# Before the name of the model inside.
REWARDED = "rewarded_"
# Turns in which each side is moved alone.
ROUNDS_MAX = 2


@dataclass(frozen=True, slots=True)
class RewardedParams:
    """`model` is the name of the model inside and `inner` its parameters."""

    model: str
    inner: object
    rewards: RewardParams


class Rewarded:
    """Where a market pays nothing, or does not say for what, the model is left alone."""

    def __init__(self, model: Strategy, rewards: RewardParams | None = None) -> None:
        self.model = model
        self.name = REWARDED + model.name
        self.params = RewardedParams(model.name, getattr(model, "params", None), rewards or RewardParams())

    def decide(self, view: View) -> Targets:
        wanted, here = self.model.decide(view), contest(view)
        if here is None or not (wanted.bids or wanted.asks):
            return wanted
        return _Choice(view, wanted, here, self.params.rewards).targets()


class _Choice:
    """One decision."""

    def __init__(self, view: View, wanted: Targets, here: Contest, params: RewardParams) -> None:
        self._view, self._wanted, self._here, self._params = view, wanted, here, params
        self._first = (wanted.bid, wanted.ask)
        either = next(target.reference2 for target in self._first if target is not None)
        reference2 = [either if target is None else target.reference2 for target in self._first]
        if wanted.reservation2 is not None:
            reference2 = [wanted.reservation2] * 2
        self._reference2 = reference2
        deeper = [tuple((target.price, target.size) for target in side[1:]) for side in (wanted.bids, wanted.asks)]
        self._worth = Worth(view, here, params, (reference2[0], reference2[1]), (deeper[0], deeper[1]))
        least = max(here.paid.size_min, view.market.min_size)
        self._least = -(-least // SHARE) * SHARE
        self._prices = (self._tried(BID), self._tried(ASK))

    def targets(self) -> Targets:
        now, best = self._working(), self._best()
        staying: Legs = (now[BID] or best[BID], now[ASK] or best[ASK])
        # While one of ours is on its way out, the book shows our own move and not the market: nothing else moves.
        leaving = any(order not in self._view.working for order in self._view.own)
        ways = () if leaving else dict.fromkeys(((best[BID], staying[ASK]), (staying[BID], best[ASK]), best))
        gains = {way: self._worth.gain(staying, way) for way in ways if way != staying} | {staying: 0.0}
        chosen = max(reversed(gains), key=lambda way: gains[way])
        bid, ask = self._clamped(chosen)
        terms = (*self._wanted.terms, *self._terms(chosen, max(gains.values()), best))
        bids, asks = self._side(BID, bid, chosen, now), self._side(ASK, ask, chosen, now)
        return Targets(bids, asks, self._wanted.reason, terms, self._wanted.reservation2)

    # --- what is possible ---------------------------------------------------------------------------------------------

    def _tried(self, side: int) -> list[Price]:
        """Prices of a side from near to far, the model's own among them; none where the model wants nothing."""
        target, tick = self._first[side], self._view.market.tick
        if target is None:
            return []
        reference2 = self._reference2[side]
        mid2 = self._here.middle2() or reference2
        reach = self._here.paid.spread_max
        book = self._view.book
        if side == BID:
            near = floor_to_tick(min((reference2 - 1) // 2, (book.best_ask or GRID) - 1), tick)
            far = max(ceil_to_tick(mid2 // 2 - reach + 1, tick), tick)
        else:
            near = ceil_to_tick(max(reference2 // 2 + 1, (book.best_bid or 0) + 1), tick)
            far = min(floor_to_tick((mid2 + 1) // 2 + reach - 1, tick), GRID - tick)
        if self._view.regime is not Regime.QUIET:
            near = min(near, target.price) if side == BID else max(near, target.price)
        step = tick * (1 + abs(near - far) // tick // PRICES_MAX)
        outwards = range(near, far - 1, -step) if side == BID else range(near, far + 1, step)
        return list(dict.fromkeys([*outwards, target.price]))

    def _cap(self, side: int) -> Size:
        """The most that may be quoted, by size and by the room that the position leaves; never less than wanted."""
        target, position = self._first[side], self._view.position
        room = self._params.position_limit + (-position if side == BID else position)
        return max(min(self._params.size_max, room), 0 if target is None else target.size)

    def _leg(self, side: int, price: Price, size: Size) -> Leg | None:
        """As large as is allowed, and not less than the model wants."""
        target = self._first[side]
        return None if target is None else Leg(price, min(max(size, target.size), self._cap(side)))

    # --- the best -----------------------------------------------------------------------------------------------------

    def _best(self) -> Legs:
        """From the best of both sides together, large and small, each side alone while the other stays."""
        own: Legs = (self._own(BID), self._own(ASK))
        together = list(self._together())
        small = [legs for legs in together if legs[BID] == self._leg(BID, _price(legs[BID]), self._least)]
        starts = {max([own, *legs], key=self._worth.value): None for legs in (together, small)}
        return max((self._turned(start) for start in starts), key=self._worth.value)

    def _turned(self, best: Legs) -> Legs:
        """Each side in turn at its best, as long as that helps."""
        for _ in range(ROUNDS_MAX):
            before = best
            for side in (ASK, BID):
                best = max([best, *self._alone(best, side)], key=self._worth.value)
            if best == before:
                break
        return best

    def _own(self, side: int) -> Leg | None:
        target = self._first[side]
        return None if target is None else Leg(target.price, target.size)

    def _together(self) -> Iterator[Legs]:
        bids, asks = self._prices
        most = min(self._cap(BID), self._cap(ASK))
        for place in range(max(len(bids), len(asks)) if bids and asks else 0):
            bid, ask = bids[min(place, len(bids) - 1)], asks[min(place, len(asks) - 1)]
            sizes = (0, self._least, self._worth.best_size(bid, ask, self._least, most)) if bid < ask else ()
            yield from dict.fromkeys((self._leg(BID, bid, size), self._leg(ASK, ask, size)) for size in sizes)

    def _alone(self, legs: Legs, side: int) -> Iterator[Legs]:
        leg, other = legs[side], legs[ASK - side]
        if leg is None:
            return
        sizes = dict.fromkeys(self._leg(side, 0, size) for size in (0, self._least, leg.size, self._cap(side)))
        for price in self._prices[side]:
            if other is None or (price < other.price if side == BID else price > other.price):
                for size in sizes:
                    moved = None if size is None else Leg(price, size.size)
                    yield (moved, other) if side == BID else (other, moved)

    # --- whether to move ----------------------------------------------------------------------------------------------

    def _working(self) -> Legs:
        """Our best working order of each side, where it may stay."""
        sides: tuple[list[Leg], list[Leg]] = ([], [])
        for order in self._view.working:
            sides[BID if order.quote is QuoteSide.BID else ASK].append(Leg(order.price, order.size))
        return self._may_stay(BID, max(sides[BID], default=None)), self._may_stay(ASK, min(sides[ASK], default=None))

    def _may_stay(self, side: int, leg: Leg | None) -> Leg | None:
        prices = self._prices[side]
        if leg is None or not prices or leg.price % self._view.market.tick or leg.size > self._cap(side):
            return None
        # Further in it passes the reservation price, further out it is where nobody wants it.  Both may move to and fro
        # by a tick: so near, what its fills would bring or lose decides.
        tick = self._view.market.tick
        nearer, further = tick if self._view.regime is Regime.QUIET else 0, tick
        above, below = (nearer, further) if side == BID else (further, nearer)
        return leg if min(prices) - below <= leg.price <= max(prices) + above else None

    # --- what is said -------------------------------------------------------------------------------------------------

    def _clamped(self, legs: Legs) -> tuple[Price | None, Price | None]:
        tick, book = self._view.market.tick, self._view.book
        bid, ask = legs
        bid2 = 2 * bid.price if bid is not None else 0
        ask2 = 2 * ask.price if ask is not None else 2 * GRID
        return clamp(bid2, ask2, tick, book.best_bid, book.best_ask)

    def _side(self, side: int, price: Price | None, chosen: Legs, now: Legs) -> tuple[Target, ...]:
        """The chosen leg, and the deeper levels of the model behind it."""
        leg, model = chosen[side], (self._wanted.bids, self._wanted.asks)[side]
        if leg is None or price is None:
            return ()
        stays = leg == now[side]
        first = Target(price, leg.size, model[0].reference2, model[0].level, not stays, 0 if stays else leg.size)
        tick = self._view.market.tick
        deeper = (_behind(one, price, number * tick, side) for number, one in enumerate(model[1:], 1))
        return (first, *(one for one in deeper if tick <= one.price <= GRID - tick))

    def _terms(self, chosen: Legs, gain: float, best: Legs) -> Iterator[Term]:
        worth, here = self._worth, self._here
        own = worth.own(chosen)
        score, per_day = here.score(own), here.paid.per_day / USD
        competing = 0 if score is None else score.stick.at_middle(score.competing)
        yield Term("reward of the pool", per_day, "USD/day")
        yield Term("competing score", competing / SHARE, "shares")
        yield Term("others by the venue's word", self._view.rivalry)
        yield Term("reward of these quotes", worth.reward(chosen), "USD/day")
        yield Term("maker rebate", worth.rebate, "USD/share")
        for side, name in enumerate(QuoteSide):
            leg = chosen[side]
            if leg is not None:
                tick = self._view.market.tick
                yield Term(f"{name} edge of a fill", worth.edge(side, leg.price), "USD/share")
                yield Term(f"{name} expected adverse move", worth.adverse[side], "USD/share")
                yield Term(f"{name} fills less capital", worth.fills(side, leg), "USD/day")
                yield Term(f"{name} reward of a tick", here.gain(own, side, 0, nearer=tick) / USD, "USD/day")
                yield Term(f"{name} reward of a share", here.gain(own, side, 0, size=SHARE) / USD, "USD/day")
        yield Term("worth of the quotes", worth.value(chosen), "USD/day")
        yield Term("worth of the best", worth.value(best), "USD/day")
        yield Term("gain of moving", gain, "USD")


def _price(leg: Leg | None) -> Price:
    return 0 if leg is None else leg.price


def _behind(target: Target, best: Price, room: Price, side: int) -> Target:
    """A deeper level, which stays behind the best one wherever that went."""
    price = min(target.price, best - room) if side == BID else max(target.price, best + room)
    return Target(price, target.size, target.reference2, target.level, target.firm, target.least)
