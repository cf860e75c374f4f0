"""What happens to markets: their grids, their pauses and their ends."""

from __future__ import annotations

from dataclasses import replace

from pmm.model import GRID, ConditionId, Nanos, Price, Size, price_text, size_text
from pmm.sim.accounts import Accounts
from pmm.sim.catalog import Rewards
from pmm.sim.chronicle import Chronicle
from pmm.sim.floor import Floor
from pmm.sim.intake import Intake
from pmm.sim.matching import Outcome, Report
from pmm.sim.notices import Notices
from pmm.sim.orders import OrderStatus
from pmm.sim.world import DemoWorld

# Outside these prices the usual tick becomes finer (protocol reference, section 4.2).
COARSE: Price = 100
FINE: Price = 10
FINE_BELOW: Price = 400


class MarketLife:
    """Changes markets and tells whoever has to know.  Raises ValueError for a market that is not listed."""

    def __init__(
        self, world: DemoWorld, intake: Intake, accounts: Accounts, notices: Notices, chronicle: Chronicle
    ) -> None:
        self._world = world
        self._intake = intake
        self._accounts = accounts
        self._notices = notices
        self._chronicle = chronicle
        self._winners: dict[ConditionId, Outcome] = {}

    def floor(self, market: ConditionId) -> Floor:
        found = self._world.floor(market)
        if found is None:
            raise ValueError(f"no such market: {market}")
        return found

    def winner(self, market: ConditionId) -> Outcome | None:
        return self._winners.get(market)

    def refine(self, floor: Floor, report: Report) -> None:
        """A trade near either end makes the usual tick finer.  The way back is not documented, and does not happen."""
        if not FINE_BELOW <= report.fills[-1].price_yes <= GRID - FINE_BELOW and floor.book.tick == COARSE:
            self.change_tick(floor.listing.market.condition_id, FINE, floor.now)

    def change_tick(self, market: ConditionId, tick: Price, at: Nanos) -> None:
        """Another grid; orders that do not lie on it are cancelled, untold."""
        floor = self.floor(market)
        floor.change_tick(tick, at)
        self._world.collect(floor)
        self._chronicle.note(at, "tick", market=market, tick=price_text(tick))

    def change_terms(self, market: ConditionId, at: Nanos, size_min: Size | None, rewards: Rewards | None) -> None:
        """Another smallest order, or other terms of the rewards; what rests stays."""
        floor = self.floor(market)
        if size_min is not None:
            floor.book.size_min = size_min
            floor.amend(min_size=size_min)
            self._chronicle.note(at, "size", market=market, size_min=size_text(size_min))
        if rewards is not None:
            floor.listing = replace(floor.listing, rewards=rewards)
            self._chronicle.note(at, "rewards", market=market, size_min=size_text(rewards.min_size))

    def pause(self, market: ConditionId, at: Nanos, *, on: bool) -> None:
        self.floor(market).amend(accepting_orders=not on)
        self._chronicle.note(at, "pause", market=market, on=str(on).lower())

    def clear(self, market: ConditionId, at: Nanos) -> None:
        self._intake.clear(self.floor(market), OrderStatus.CANCELED, at)
        self._chronicle.note(at, "clear", market=market)

    def close(self, market: ConditionId, at: Nanos, status: OrderStatus = OrderStatus.CANCELED) -> None:
        floor = self.floor(market)
        floor.amend(closed=True, accepting_orders=False)
        self._intake.clear(floor, status, at)
        self._chronicle.note(at, "close", market=market)

    def resolve(self, market: ConditionId, winner: Outcome, at: Nanos) -> None:
        """Close it, tell everybody and let `winner` pay.  Raises ValueError when it is resolved already."""
        if market in self._winners:
            raise ValueError(f"{market} is resolved already")
        floor = self.floor(market)
        self.close(market, at, OrderStatus.RESOLVED)
        self._winners[market] = winner
        floor.resolve(winner, at)
        self._world.collect(floor)
        token = floor.wire.tokens[winner]
        for account in self._accounts:
            if not account.house and market in account.stakes:
                self._notices.add(account.name, 4, at, {"market": market, "winner": token})
        self._chronicle.note(at, "resolve", market=market, winner=token)
