"""What happens to markets: their grids, their pauses and their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmm.model import GRID, ConditionId, Nanos, Price, Size, price_text, size_text
from pmm.sim.accounts import Accounts
from pmm.sim.catalog import Rewards
from pmm.sim.chronicle import Chronicle
from pmm.sim.floor import Floor
from pmm.sim.intake import Intake
from pmm.sim.ledger import Ledger
from pmm.sim.matching import Report
from pmm.sim.notices import Notices
from pmm.sim.orders import OrderStatus, Refusal
from pmm.sim.refusals import EVENT_RESOLVED, NOT_ONE_EVENT, NOTHING_TO_CONVERT
from pmm.sim.verdict import Verdict
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
        self._verdicts: dict[ConditionId, Verdict] = {}

    def floor(self, market: ConditionId) -> Floor:
        found = self._world.floor(market)
        if found is None:
            raise ValueError(f"no such market: {market}")
        return found

    def verdict(self, market: ConditionId) -> Verdict | None:
        return self._verdicts.get(market)

    def event(self, market: ConditionId) -> list[Floor]:
        """The market and, where outcomes exclude each other, every other one of its event."""
        floor = self.floor(market)
        return self._events()[floor.listing.event_id] if floor.listing.market.neg_risk else [floor]

    def convertible(self, markets: Sequence[ConditionId]) -> list[Floor] | Refusal:
        """The floors whose NO shares are to be converted, unless the adapter does not know them as one event."""
        if not markets or len(set(markets)) < len(markets):
            return NOTHING_TO_CONVERT
        event = {floor.condition_id: floor for floor in self.event(markets[0])}
        if not event[markets[0]].listing.market.neg_risk or not event.keys() >= set(markets):
            return NOT_ONE_EVENT
        if event.keys() & self._verdicts.keys():
            return EVENT_RESOLVED
        return [event[market] for market in markets]

    def check(self, ledger: Ledger) -> None:
        """Raises Broken unless every share outstanding is backed by what it can pay."""
        for floor in self._world.floors():
            verdict, market = self.verdict(floor.condition_id), floor.listing.market
            if verdict is None:
                ledger.check_sets(floor.condition_id, (market.yes, market.no))
            else:
                ledger.check_payouts(floor.condition_id, (market.yes, market.no), verdict.payouts)
        for event, members in self._events().items():
            if not self._verdicts.keys() & {one.condition_id for one in members}:
                ledger.check_event(event, tuple(one.listing.market.no for one in members))

    def _events(self) -> dict[str, list[Floor]]:
        """The markets of every event whose outcomes exclude each other."""
        events: dict[str, list[Floor]] = {}
        for floor in self._world.floors():
            if floor.listing.market.neg_risk:
                events.setdefault(floor.listing.event_id, []).append(floor)
        return events

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

    def resolve(self, market: ConditionId, verdict: Verdict, at: Nanos) -> None:
        """Close it and tell everybody what it pays.

        Raises ValueError when it is resolved already, and where outcomes exclude each other for a second YES and for
        half a YES: the adapter takes neither.
        """
        if market in self._verdicts:
            raise ValueError(f"{market} is resolved already")
        floor = self.floor(market)
        if floor.listing.market.neg_risk and verdict is not Verdict.NO:
            others = [self._verdicts.get(one.condition_id) for one in self.event(market)]
            if verdict is Verdict.SPLIT or Verdict.YES in others:
                raise ValueError(f"{market} is one of several outcomes, of which one alone is YES")
        self.close(market, at, OrderStatus.RESOLVED)
        self._verdicts[market] = verdict
        floor.resolve(verdict, at)
        self._world.collect(floor)
        token = "" if verdict.winner is None else floor.wire.tokens[verdict.winner]
        for account in self._accounts:
            if not account.house and market in account.stakes:
                self._notices.add(account.name, 4, at, {"market": market, "winner": token})
        self._chronicle.note(at, "resolve", market=market, winner=token, verdict=verdict.value)
