"""Acts of the control port on the venue itself: its modes, its markets, its accounts, and how trades settle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from pmm.exchange.answers import Refused
from pmm.exchange.bodies import Act, Body, count, flag, listing, side, text, tif, token, units, word
from pmm.exchange.clock import Clock
from pmm.exchange.house import House
from pmm.exchange.source import Source
from pmm.model import TICKS, money_text, parse_decimal, parse_price, parse_size, price_text, size_text
from pmm.sim.catalog import Rewards
from pmm.sim.payday import Paid
from pmm.sim.venue import COLLATERAL, Mode, Refusal, Settlement, SettlementStep, Terms, Verdict

STEPS_MAX = 20
_REWARD_KEYS = frozenset({"rewards_min_size", "rewards_max_spread", "rewards_usd_a_day"})


class VenueActs:
    """The acts.  An account is named by the address of its wallet; markets by slug or condition id."""

    def __init__(self, house: House, source: Source, clock: Clock, settle: Callable[[], None]) -> None:
        self._house = house
        self._venue = house.venue
        self._source = source
        self._clock = clock
        self._settle = settle
        self._orders = 0

    def acts(self) -> dict[str, Act]:
        acts: dict[str, Act] = {
            "/venue/mode": self._mode,
            "/venue/restart": self._restart,
            "/venue/tick": self._tick,
            "/venue/terms": self._terms,
            "/venue/pause": self._pause,
            "/venue/clear": self._clear,
            "/venue/close": self._close,
            "/venue/resolve": self._resolve,
            "/venue/settlement": self._settlement,
            "/venue/rebates": self._rebates,
            "/venue/pay-rewards": self._pay_rewards,
            "/venue/convert": self._convert,
            "/accounts": self._tell,
            "/accounts/fund": self._fund,
            "/accounts/give": self._give,
            "/accounts/allow": self._allow,
            "/accounts/restrict": self._restrict,
            "/accounts/wipe": self._wipe,
            "/accounts/order": self._order,
            "/accounts/split": self._split,
            "/accounts/merge": self._merge,
            "/accounts/redeem": self._redeem,
        }
        return {path: self._settled(act) for path, act in acts.items()}

    def _settled(self, act: Act) -> Act:
        """What is due is done before, and what the act causes is sent before it is answered."""

        async def acted(body: Body) -> object:
            self._settle()
            result = await act(body)
            self._settle()
            return result

        return acted

    # --- the venue ------------------------------------------------------------------------------------------------

    async def _mode(self, body: Body) -> object:
        self._venue.set_mode(word(body, "mode", Mode), self._clock.now())
        return {"mode": self._venue.mode.value}

    async def _restart(self, body: Body) -> object:
        wipe = flag(body, "wipe", default=False)
        self._venue.restart(count(body, "seconds", 90), self._clock.now(), wipe=wipe)
        return {"mode": self._venue.mode.value}

    async def _tick(self, body: Body) -> object:
        tick = units(body, "tick", parse_price)
        if tick not in TICKS:
            raise Refused(400, f"tick must be one of {', '.join(price_text(one) for one in TICKS)}")
        self._venue.change_tick(listing(body, self._source).market.condition_id, tick, self._clock.now())
        return {"tick": price_text(tick)}

    async def _terms(self, body: Body) -> object:
        """Another smallest order, or other terms of the rewards; what is absent stays as it is."""
        found = listing(body, self._source)
        rewards = found.rewards or Rewards()
        changed = Rewards(
            units(body, "rewards_min_size", parse_size) if "rewards_min_size" in body else rewards.min_size,
            units(body, "rewards_max_spread", parse_price) if "rewards_max_spread" in body else rewards.max_spread,
            count(body, "rewards_usd_a_day", rewards.usd_a_day),
        )
        size_min = units(body, "min_size", parse_size) if "min_size" in body else None
        self._venue.change_terms(
            found.market.condition_id,
            self._clock.now(),
            size_min=size_min,
            rewards=changed if _REWARD_KEYS & body.keys() else None,
        )
        return {"market": found.market.condition_id}

    async def _pause(self, body: Body) -> object:
        on = flag(body, "on", default=True)
        self._venue.pause(listing(body, self._source).market.condition_id, self._clock.now(), on=on)
        return {"paused": on}

    async def _clear(self, body: Body) -> object:
        """Cancel every order of a market, as the venue does when a game starts."""
        condition_id = listing(body, self._source).market.condition_id
        self._venue.clear_book(condition_id, self._clock.now())
        return {"cleared": condition_id}

    async def _rebates(self, _: Body) -> object:
        """Pay the makers their share of the fees, as the venue does at midnight."""
        return _paid(self._venue.pay_rebates(self._clock.now()))

    async def _pay_rewards(self, _: Body) -> object:
        """Pay for the samples of liquidity that were taken so far, as the venue does at midnight."""
        return _paid(self._venue.pay_rewards(self._clock.now()))

    async def _close(self, body: Body) -> object:
        condition_id = listing(body, self._source).market.condition_id
        self._venue.close(condition_id, self._clock.now())
        return {"closed": condition_id}

    async def _resolve(self, body: Body) -> object:
        """`winner` is YES or NO, or SPLIT when both outcomes pay half of a dollar."""
        condition_id = listing(body, self._source).market.condition_id
        verdict = word(body, "winner", Verdict, Verdict.YES)
        try:
            self._venue.resolve(condition_id, verdict, self._clock.now())
        except ValueError as error:
            raise Refused(409, str(error)) from None
        return {"resolved": condition_id, "winner": verdict.value}

    async def _settlement(self, body: Body) -> object:
        """The way of the next trade of an account: `steps` of `status` and `after_ms`."""
        steps = body.get("steps")
        if not isinstance(steps, list) or not 0 < len(steps) <= STEPS_MAX:
            raise Refused(400, f"steps must be a list of 1 to {STEPS_MAX}")
        if not all(isinstance(step, dict) for step in steps):
            raise Refused(400, "a step must be an object with status and after_ms")
        script = [SettlementStep(word(step, "status", Settlement), count(step, "after_ms")) for step in steps]
        self._venue.script_settlement(*script)
        return {"steps": len(script)}

    # --- accounts -------------------------------------------------------------------------------------------------

    async def _tell(self, body: Body) -> object:
        """Everything about an account: what it shows, and what it holds in truth."""
        account = _address(body)
        positions = self._venue.positions(account)
        return {
            "collateral": money_text(self._venue.balance(account, COLLATERAL)),
            "positions": {name: size_text(size) for name, size in positions.items() if size},
            "open_orders": [order.order_id for order in self._venue.orders(account)],
            "trades": len(self._venue.trades(account)),
        }

    async def _fund(self, body: Body) -> object:
        """`usd` more, or less when it is negative."""
        self._venue.fund(_address(body), units(body, "usd", _money), self._clock.now())
        return await self._tell(body)

    async def _give(self, body: Body) -> object:
        """`size` shares of a token."""
        token_id = token(body, self._source)
        self._venue.give(_address(body), token_id, units(body, "size", parse_size), self._clock.now())
        return await self._tell(body)

    async def _allow(self, body: Body) -> object:
        """What the exchange may take: `amount` of money, or of a token; null is everything."""
        asset = token(body, self._source) if "token_id" in body or "outcome" in body else COLLATERAL
        amount = None if body.get("amount") is None else units(body, "amount", _money)
        self._venue.allow(_address(body), asset, amount)
        return {"amount": None if amount is None else money_text(amount)}

    async def _restrict(self, body: Body) -> object:
        closed_only, banned = flag(body, "closed_only", default=False), flag(body, "banned", default=False)
        self._venue.restrict(_address(body), closed_only=closed_only, banned=banned)
        return {"closed_only": closed_only, "banned": banned}

    async def _wipe(self, body: Body) -> object:
        told = flag(body, "told", default=False)
        return {"wiped": list(self._venue.wipe(_address(body), self._clock.now(), told=told))}

    async def _order(self, body: Body) -> object:
        """An order of the account that its bot knows nothing about, as somebody would place it on the web site."""
        self._orders += 1
        digest = hashlib.sha256(f"web site order {self._orders}".encode()).hexdigest()
        terms = Terms(
            "0x" + digest,
            _address(body),
            text(body, "owner", "web-site"),
            token(body, self._source),
            side(body),
            units(body, "price", parse_price),
            units(body, "size", parse_size),
            None,
            tif(body),
            flag(body, "post_only", default=False),
        )
        result = self._venue.place(terms, self._clock.now())
        if isinstance(result, Refusal):
            raise Refused(result.status, result.text)
        return {"order_id": result.order_id, "status": result.status}

    async def _split(self, body: Body) -> object:
        return self._converted(body, self._venue.split)

    async def _merge(self, body: Body) -> object:
        return self._converted(body, self._venue.merge)

    def _converted(self, body: Body, convert: Callable[[str, str, int, int], Refusal | None]) -> object:
        market = listing(body, self._source).market.condition_id
        refusal = convert(_address(body), market, units(body, "size", parse_size), self._clock.now())
        if refusal is not None:
            raise Refused(refusal.status, refusal.text)
        return {"size": size_text(units(body, "size", parse_size))}

    async def _convert(self, body: Body) -> object:
        """NO shares of the outcomes that `markets` names into YES of the others of their event, and dollars."""
        names = body.get("markets")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused(400, "markets must be a list of slugs or condition ids")
        chosen = [listing({"market": name}, self._source).market.condition_id for name in names]
        size = units(body, "size", parse_size)
        refusal = self._venue.convert(_address(body), chosen, size, self._clock.now())
        if refusal is not None:
            raise Refused(refusal.status, refusal.text)
        return {"size": size_text(size), "paid": money_text(size * (len(chosen) - 1))}

    async def _redeem(self, body: Body) -> object:
        market = listing(body, self._source).market.condition_id
        return {"paid": money_text(self._venue.redeem(_address(body), market, self._clock.now()))}


def _address(body: Body) -> str:
    return text(body, "account").lower()


def _paid(payments: Iterable[Paid]) -> object:
    rows = [{"market": one.market, "account": one.account, "usd": money_text(one.money)} for one in payments]
    return {"paid": rows}


def _money(amount: str) -> int:
    return parse_decimal(amount, 6)
