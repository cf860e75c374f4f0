"""The control endpoint, on a port of its own: what a test does to the exchange, and what it wants to know about it.

Every act is a POST with a JSON object, and a scenario file performs the same acts by the venue's clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Protocol

from aiohttp import web

from pmm.exchange.answers import NO_BOOK, Refused, answer, json_text, token_id
from pmm.exchange.bodies import Act, Body, count, flag, handler, number, side, text, tif, token, units
from pmm.exchange.clock import Clock
from pmm.exchange.control_faults import FaultActs
from pmm.exchange.control_venue import VenueActs
from pmm.exchange.house import House
from pmm.exchange.log import RequestLog
from pmm.exchange.moves import in_the_way, moves
from pmm.exchange.request_faults import RequestFaults
from pmm.exchange.scenario import Step
from pmm.exchange.source import Source
from pmm.exchange.stream import Hub
from pmm.model import SECOND, Nanos, Size, parse_price, parse_size, size_text
from pmm.sim.matching import Report
from pmm.sim.venue import Venue
from pmm.sim.world import DemoWorld

SPEED_MAX = 1_000.0


class Exchange(Protocol):
    """What the control endpoint reaches of the exchange as a whole."""

    def counts(self) -> dict[str, object]:
        """Numbers about it."""

    def settle(self) -> None:
        """Send what is due: before a test acts, and again so that it can see what it did."""

    def wake(self) -> None:
        """Look at the clock again."""

    def plan(self, steps: Iterable[Step]) -> None:
        """Do acts later, at their times after the opening."""

    def since_opening(self, at: Nanos) -> Nanos:
        """What steps say for a moment."""

    async def advance(self, seconds: float) -> None:
        """Let a stepped clock pass so many seconds, and do everything that is due on the way."""


class Control:
    """The handlers; `acts` are those that change something, by path."""

    def __init__(
        self,
        exchange: Exchange,
        source: Source,
        clock: Clock,
        hub: Hub,
        log: RequestLog,
        faults: RequestFaults,
        house: House | None,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._clock = clock
        self._hub = hub
        self._log = log
        self._orders = 0
        self.acts: dict[str, Act] = {
            "/orders": self._place,
            "/orders/move": self._move,
            "/traders": self._traders,
            "/clock/advance": self._advance,
            "/clock/speed": self._speed,
            "/clock/shift": self._shift,
            **FaultActs(hub, faults, house).acts(),
            **(VenueActs(house, source, clock, exchange.settle).acts() if house is not None else {}),
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/requests", self._requests),
            web.get("/stats", self._stats),
            web.get("/book", self._book),
            web.delete("/orders/{order_id}", self._cancel),
            web.delete("/orders", self._clear),
            *(web.post(path, handler(act)) for path, act in self.acts.items()),
        ]

    # --- reads ----------------------------------------------------------------------------------------------------

    async def _requests(self, _: web.Request) -> web.Response:
        rows = self._log.rows()
        return answer({"requests": rows, "authenticated": sum(bool(row["authenticated"]) for row in rows)})

    async def _stats(self, _: web.Request) -> web.Response:
        channel = self._hub.channel
        return answer({**self._exchange.counts(), **asdict(channel.stats), "clients": len(channel.clients)})

    async def _book(self, request: web.Request) -> web.Response:
        body = self._source.rest_book(token_id(request.query.get("token_id")))
        if body is None:
            raise Refused(404, NO_BOOK)
        return json_text(body)

    # --- the market -----------------------------------------------------------------------------------------------

    async def _place(self, body: Body) -> object:
        world = self._world()
        self._orders += 1
        report = world.submit(
            text(body, "order_id", f"foreign-{self._orders}"),
            token(body, self._source),
            side(body),
            units(body, "price", parse_price),
            self._size(body),
            tif=tif(body),
            post_only=flag(body, "post_only", default=False),
            owner=text(body, "owner", "foreign"),
            at=self._clock.now(),
        )
        if report is None:
            raise Refused(404, NO_BOOK)
        self._exchange.settle()
        return _report(report)

    async def _move(self, body: Body) -> object:
        """Trade a market away from where it is, a tick at a time; the rest happens by the venue's clock."""
        self._world()
        now, name = self._clock.now(), token(body, self._source)
        found = self._source.wire(name)
        if found is None:
            raise Refused(404, NO_BOOK)
        steps = moves(found, side(body), count(body, "ticks", 20), units(body, "size", parse_size))
        pause = round(number(body, "seconds", 0.05, high=1e6) * SECOND) // len(steps)
        begin = self._exchange.since_opening(now)
        self._exchange.plan(
            Step(begin + order * pause, "/orders", {**step, "token_id": name}) for order, step in enumerate(steps, 1)
        )
        return {"from": steps[0]["price"], "to": steps[-1]["price"], "steps": len(steps)}

    async def _cancel(self, request: web.Request) -> web.Response:
        report = self._world().cancel(request.match_info["order_id"], at=self._clock.now())
        self._exchange.settle()
        return answer(_report(report), status=200 if not report.reason else 404)

    async def _clear(self, request: web.Request) -> web.Response:
        gone = self._world().clear(token_id(request.query.get("token_id")), at=self._clock.now())
        self._exchange.settle()
        return answer({"canceled": gone})

    async def _traders(self, body: Body) -> object:
        on = flag(body, "on")
        self._world().set_trading(on=on, at=self._clock.now())
        self._exchange.settle()
        return {"on": on}

    def _size(self, body: Body) -> Size:
        """With `sweep`, what rests in the way of the order comes on top, so that `size` is what is left of it."""
        size = units(body, "size", parse_size)
        found = self._source.wire(token(body, self._source)) if flag(body, "sweep", default=False) else None
        return size if found is None else size + in_the_way(found, side(body), units(body, "price", parse_price))

    def _world(self) -> DemoWorld:
        world = self._source.world if isinstance(self._source, Venue) else self._source
        if not isinstance(world, DemoWorld):
            raise Refused(409, "a recording is served: nobody can trade in it")
        self._exchange.settle()
        return world

    # --- time -----------------------------------------------------------------------------------------------------

    async def _advance(self, body: Body) -> object:
        await self._exchange.advance(number(body, "seconds", high=1e6))
        return {"now_ns": self._clock.now()}

    async def _speed(self, body: Body) -> object:
        """Zero lets time stand still until somebody advances it."""
        self._exchange.settle()
        self._clock.run_at(number(body, "speed", high=SPEED_MAX))
        self._exchange.settle()
        self._exchange.wake()
        return {"speed": self._clock.speed, "now_ns": self._clock.now()}

    async def _shift(self, body: Body) -> object:
        self._clock.shift = round(number(body, "seconds", low=-1e6, high=1e6) * 1e9)
        return {"shown_ns": self._clock.shown()}


def _report(report: Report) -> dict[str, object]:
    return {
        "order_id": report.order_id,
        "status": report.status.value,
        "reason": report.reason.value,
        "left": size_text(report.left),
        "filled": size_text(sum(fill.size for fill in report.fills)),
    }
